import abtem
import numpy as np
import pytest
import yaml
from ase import Atoms

from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.vibrations import (
    CoordinationVibrations,
    EinsteinVibrations,
    NoVibrations,
)
from temnet.errors import InputError
from temnet.structures.columns import make_structure
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field
from temnet.structures.vibrations.displacements import (
    debye_sigma,
    displaced,
    find_table,
    nearest_row,
)


@pytest.fixture
def rods():
    """2000 columns of two atoms each, gold and carbon."""
    x, y = np.mgrid[:50, :40].reshape(2, -1) * 3.0
    positions = np.concatenate([np.column_stack([x, y, np.full(2000, z)]) for z in (0.0, 2.0)])
    atoms = Atoms(["Au"] * 2000 + ["C"] * 2000, positions)
    column = np.tile(np.arange(2000), 2)
    return make_structure(atoms, column, lambda c: "rod", ("rod",), {})


def test_sigma_is_per_axis_and_element(rods):
    settings = EinsteinVibrations(sigma={"Au": 0.09, "default": 0.05}, scale=2.0)
    (moved,) = displaced(rods, settings, np.random.default_rng(0))
    shift = moved.atoms.positions - rods.atoms.positions
    np.testing.assert_allclose(shift[:2000].std(axis=0), 0.18, rtol=0.06)
    np.testing.assert_allclose(shift[2000:].std(axis=0), 0.10, rtol=0.06)


def test_columns_follow_the_mean_of_their_atoms(rods):
    settings = EinsteinVibrations(sigma={"default": 0.1})
    (moved,) = displaced(rods, settings, np.random.default_rng(0))
    pairs = moved.atoms.positions.reshape(2, 2000, 3).mean(axis=0)
    np.testing.assert_allclose(moved.columns.positions, pairs[:, [1, 0]], atol=1e-9)
    assert np.abs(moved.columns.positions - rods.columns.positions).max() > 0.1


def test_none_leaves_atoms_at_rest(rods):
    assert displaced(rods, NoVibrations(), np.random.default_rng(0)) == [rods]


def test_an_element_without_a_value_is_an_error(rods):
    with pytest.raises(InputError, match="C"):
        displaced(rods, EinsteinVibrations(sigma={"Au": 0.1}), np.random.default_rng(0))


def test_debye_model_of_gold():
    """Gold at 300 K with theta 165 to 170 K: 0.088 to 0.091 Å; all zero-point motion at 0 K."""
    assert debye_sigma(170, 300, 196.97) == pytest.approx(0.088, abs=5e-4)
    assert debye_sigma(165, 300, 196.97) == pytest.approx(0.091, abs=5e-4)
    # hbar, k and u in Å, K: sigma^2 = 3 hbar^2 / (4 m k theta)
    expected = 3 * (1.054571817e-34) ** 2 / (4 * 196.97 * 1.66053907e-27 * 1.380649e-23 * 165)
    assert debye_sigma(165, 0, 196.97) == pytest.approx(np.sqrt(expected) * 1e10, rel=1e-4)
    # High temperature: the classical 3 hbar^2 T / (m k theta^2).
    assert debye_sigma(165, 3000, 196.97) == pytest.approx(
        np.sqrt(4 * expected * 3000 / 165) * 1e10, rel=1e-3
    )


def test_b_factor_and_debye_temperature_stand_for_sigma(rods):
    settings = EinsteinVibrations(debye_temperature={"Au": 165}, b_factor={"C": 0.5})
    (moved,) = displaced(rods, settings, np.random.default_rng(0))
    shift = (moved.atoms.positions - rods.atoms.positions).reshape(2, -1)
    np.testing.assert_allclose(shift.std(axis=1), [0.0911, 0.0796], rtol=0.03)
    with pytest.raises(ValueError, match="more than one"):
        EinsteinVibrations(sigma={"Au": 0.1}, b_factor={"Au": 0.5})


ROWS = [
    {"element": "Au", "coordination": 0, "atoms": 9, "in_plane": 0.2, "along_beam": 0.4},
    {
        "element": "Au", "coordination": 2, "atoms": 9, "in_plane": 0.05,
        "in_plane_quantum": 1.2, "along_beam": 0.1,
    },
]  # fmt: skip


@pytest.fixture
def table(tmp_path):
    values = {
        "material": "Au", "temperature": 300, "cutoffs": {"Au-Au": 3.1}, "rows": ROWS,
        "provenance": {},
    }  # fmt: skip
    path = tmp_path / "gold.yaml"
    path.write_text(yaml.safe_dump(values))
    return str(path)


def chain():
    """A row of 1,000 gold atoms, 3 Å apart, 1,000 lone ones, and 500 of cerium."""
    along = 3.0 * np.arange(1000)
    positions = np.zeros((2500, 3))
    positions[:1000, 0] = along
    positions[1000:2000, 0] = 2 * along
    positions[1000:2000, 1] = 50
    positions[2000:, 0] = 2 * along[:500]
    positions[2000:, 1] = 100
    atoms = Atoms(["Au"] * 2000 + ["Ce"] * 500, positions)
    return make_structure(atoms, np.arange(2500), lambda c: "x", ("x",), {})


def test_sigma_follows_the_coordination_and_the_direction(table):
    settings = CoordinationVibrations(table=table, sigma={"Ce": 0.07}, quantum=True)
    structure = chain()
    (moved,) = displaced(structure, settings, np.random.default_rng(0))
    shift = moved.atoms.positions - structure.atoms.positions
    np.testing.assert_allclose(shift[1:999].std(axis=0), [0.06, 0.06, 0.1], rtol=0.1)
    np.testing.assert_allclose(shift[1000:2000].std(axis=0), [0.2, 0.2, 0.4], rtol=0.1)
    np.testing.assert_allclose(shift[2000:].std(axis=0), 0.07, rtol=0.1)
    classical = settings.model_copy(update={"quantum": False})
    (moved,) = displaced(structure, classical, np.random.default_rng(0))
    shift = moved.atoms.positions - structure.atoms.positions
    np.testing.assert_allclose(shift[1:999].std(axis=0), [0.05, 0.05, 0.1], rtol=0.1)


def test_a_missing_coordination_takes_the_nearest_with_one_warning(table, caplog):
    """The two atoms at the chain's ends have one neighbour: neither 0 nor 2."""
    settings = CoordinationVibrations(table=table, sigma={"default": 0.1})
    for _ in range(2):
        displaced(chain(), settings, np.random.default_rng(0))
    messages = [record.getMessage() for record in caplog.records if "neighbours" in record.message]
    assert len(messages) == 1 and "no Au with 1 neighbours; the row for 0" in messages[0]
    assert nearest_row(find_table(table), "Au", 7).coordination == 2


def test_substitutes_count_as_neighbours():
    """A complete sheet of MoS2 has no edge atoms, with and without substitutes."""

    def shift(substitutes):
        settings = MoS2(
            holes=0, edge_probability=0, antisites=0, vacancies={}, strain=0, ripple=0, tilt_deg=0,
            substitutes=substitutes, empty={"probability": 0},
        )  # fmt: skip
        field = Field(60.0, 60.0, 4.0)
        structure = build_structure(settings, field, ("Mo",), np.random.default_rng(0))
        vibrations = CoordinationVibrations(table="mos2_300K", sigma={"default": 0.05})
        (moved,) = displaced(structure, vibrations, np.random.default_rng(1))
        numbers = structure.atoms.numbers
        moves = moved.atoms.positions - structure.atoms.positions
        middle = np.all(np.abs(structure.atoms.positions[:, :2] - 30) < 25, axis=1)
        return {n: moves[middle & (numbers == n)].std(axis=0) for n in (16, 42)}

    whole, alloy = shift({}), shift({"W": 0.3, "Se": 0.3})
    for number, sigma in whole.items():
        np.testing.assert_allclose(alloy[number], sigma, rtol=0.15)


def test_what_no_table_has_is_an_error(table, tmp_path):
    with pytest.raises(InputError, match="vibrations.sigma has no value for Ce"):
        settings = CoordinationVibrations(table=table)
        displaced(chain(), settings, np.random.default_rng(0))
    with pytest.raises(InputError, match="the table 'gold_300' does not"):
        find_table("gold_300")
    broken = tmp_path / "broken.yaml"
    broken.write_text("material: Au\n")
    with pytest.raises(InputError, match="broken.yaml: this is not a table of thermal"):
        find_table(str(broken))


def test_configurations_are_independent_and_of_the_same_sigma(rods):
    settings = EinsteinVibrations(sigma={"default": 0.1}, configurations=3)
    found = displaced(rods, settings, np.random.default_rng(0))
    assert len(found) == 3
    shifts = np.stack([one.atoms.positions - rods.atoms.positions for one in found])
    assert abs(np.corrcoef(shifts.reshape(3, -1))[0, 1]) < 0.03
    np.testing.assert_allclose(shifts.std(axis=(1, 2)), 0.1, rtol=0.03)


def test_mean_potential_of_many_configurations_is_the_blurred_one():
    """The Debye-Waller factor: a blur by sigma, to the statistical error of 400 draws."""
    atoms = Atoms("AuC", [[2.0, 2.0, 0.5], [5.0, 6.0, 0.5]])
    structure = make_structure(atoms, np.arange(2), lambda c: "x", ("x",), {})
    settings = EinsteinVibrations(sigma={"Au": 0.12, "C": 0.12}, configurations=400)
    found = displaced(structure, settings, np.random.default_rng(0))

    def potential(positions):
        cell = Atoms("AuC", positions, cell=[8.0, 8.0, 1.0])
        cell.positions[:, 2] = 0.5
        return abtem.Potential(cell, gpts=160, slice_thickness=1.0).build(lazy=False).array[0]

    every = np.stack([potential(one.atoms.positions) for one in found])
    q = np.fft.fftfreq(160, 0.05)
    damping = np.exp(-2 * (np.pi * 0.12) ** 2 * (q[:, None] ** 2 + q[None, :] ** 2))
    blurred = np.fft.ifft2(np.fft.fft2(potential(atoms.positions)) * damping).real
    error = every.std(axis=0) / np.sqrt(len(every))
    strong = blurred > 0.05 * blurred.max()
    deviation = (every.mean(axis=0) - blurred)[strong] / error[strong]
    assert np.sqrt(np.mean(deviation**2)) < 2
    wrong = (every.mean(axis=0) - potential(atoms.positions))[strong] / error[strong]
    assert np.sqrt(np.mean(wrong**2)) > 5
