"""Random crystals as specimens."""

import numpy as np
import pytest

from temnet.config.structures.crystal import Crystal, CrystalSupport
from temnet.config.structures.negatives import Negatives
from temnet.config.structures.supports import AmorphousCarbon
from temnet.structures.columns import column_positions
from temnet.structures.crystals.compounds import COMPOUNDS
from temnet.structures.crystals.crystal import build_crystal
from temnet.structures.crystals.grains import shortest_bond
from temnet.structures.elements import possible_elements
from temnet.structures.geometry import Field

FIELD = Field(30, 30, 8)
CLASSES = ("strong", "weak")
PLAIN = {
    "other_elements": 0,
    "shape": "field",
    "grains": "one",
    "steps": 0,
    "strain": 0,
    "local_strain": 0,
    "missing_columns": 0,
    "missing_atoms": 0,
    "scale": 1,
    "tilt_deg": 0,
    "thickness": 20,
}


def _build(seed=0, classes=CLASSES, **settings):
    return build_crystal(Crystal(**settings), FIELD, classes, np.random.default_rng(seed))


def _classes(structure, elements):
    """Class indices of the columns that hold exactly some elements."""
    found = set()
    for column, index in enumerate(structure.columns.class_index.tolist()):
        own = structure.atoms[structure.atom_column == column].get_chemical_symbols()
        if set(own) == elements:
            found.add(index)
    return found


def _plain(name, **changes):
    """A specimen without any defect, along its first zone axis."""
    return _build(**{**PLAIN, "compounds": (name,), "spacing": 1.9, **changes})


def test_light_columns_are_weak():
    structure = _plain("SrTiO3")
    assert structure.parameters["zone_axis"] == "100"
    assert _classes(structure, {"Sr"}) == {0}
    assert _classes(structure, {"Ti", "O"}) == {0}
    assert _classes(structure, {"O"}) == {1}


def test_the_share_below_which_columns_are_weak():
    # Titanium and oxygen scatter 0.47 of strontium.
    assert _classes(_plain("SrTiO3", weak_below=0.5), {"Ti", "O"}) == {1}


def test_one_class_for_all():
    structure = _build(classes=("column",), **PLAIN, compounds=("SrTiO3",))
    assert set(structure.columns.class_index.tolist()) == {0}


def test_all_columns_of_a_plain_crystal_are_labelled_where_its_atoms_are():
    structure = _plain("MgO", spacing=2.0)
    positions = structure.atoms.positions
    assert np.all(structure.columns.class_index == 0)
    assert np.all(structure.atom_column >= 0)
    assert structure.columns.positions == pytest.approx(
        column_positions(positions, structure.atom_column)
    )
    # MgO [100]: a column for each (a/2)², 20 Å thick.
    area = (30 + 16) ** 2
    assert len(structure.columns) == pytest.approx(area / (4.2117 / 2) ** 2, rel=0.05)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_sheets_have_whole_layers(layers):
    for seed in range(30):
        structure = _build(
            seed, **{**PLAIN, "compounds": ("MoS2",), "sheet_probability": 1.0, "spacing": 1}
        )
        if structure.parameters["shape"] == f"{layers} layers":
            break
    numbers = structure.atoms.numbers
    assert (numbers == 16).sum() == pytest.approx(2 * (numbers == 42).sum(), rel=0.1)
    extent = np.ptp(structure.atoms.positions[:, 2])
    # Sulphur planes 3.17 Å apart in a layer, layers 6.15 Å apart.
    assert extent == pytest.approx(3.17 + 6.15 * (layers - 1), abs=0.05)


def test_missing_columns_and_atoms_are_a_share():
    whole = _plain("Au", thickness=40)
    fewer = _plain("Au", thickness=40, missing_columns=0.2)
    assert len(fewer.columns) / len(whole.columns) == pytest.approx(0.8, abs=0.08)
    thinner = _plain("Au", thickness=40, missing_atoms=0.2)
    assert len(thinner.atoms) / len(whole.atoms) == pytest.approx(0.8, abs=0.03)


def test_left_out_materials_are_never_drawn_even_with_other_elements():
    settings = {"compounds": ("perovskite", "fcc"), "leave_out": ("SrTiO3", "Cu")}
    seen = set()
    for seed in range(60):
        structure = _build(seed, **settings, other_elements=1.0, shape="particle", radius=5)
        seen.add(frozenset(structure.atoms.get_chemical_symbols()))
    assert frozenset({"Cu"}) not in seen
    assert frozenset({"Sr", "Ti", "O"}) not in seen
    assert len(seen) > 20


def test_particles_keep_away_from_their_support():
    support = CrystalSupport(probability=1.0, off_axis_probability=0.5, thickness=20)
    kinds = set()
    for seed in range(8):
        structure = _build(
            seed, compounds=("fcc", "rocksalt"), shape="particle", radius=9, support=support
        )
        assert shortest_bond(structure.atoms.positions) > 1.5
        off_axis = str(structure.parameters["support"]).endswith("off axis")
        # Atoms of a support off axis are on no column.
        assert off_axis == bool(np.any(structure.atom_column < 0))
        kinds.add(off_axis)
    assert kinds == {True, False}


def test_a_film_covers_the_crystal_without_columns():
    film = AmorphousCarbon(probability=1.0, thickness=6)
    structure = _build(**{**PLAIN, "compounds": ("Au",)}, film=film)
    carbon = structure.atoms.numbers == 6
    assert carbon.any()
    assert np.all(structure.atom_column[carbon] == -1)
    assert np.all(structure.atom_column[~carbon] >= 0)


@pytest.mark.parametrize("seed", range(12))
def test_any_specimen_is_sound(seed):
    film = AmorphousCarbon(probability=0.3, thickness=6)
    structure = _build(seed, support=CrystalSupport(), film=film)
    columns = structure.columns
    assert structure.atom_column.max(initial=-1) == len(columns) - 1
    assert np.all(columns.atom_count > 0)
    assert np.all(np.isfinite(structure.atoms.positions))
    assert shortest_bond(structure.atoms.positions) > 1.0
    assert set(columns.class_index.tolist()) <= {-1, 0, 1}
    if len(columns):
        assert 0 in columns.class_index  # the strongest ones are strong


def test_tilt_leaves_most_columns_apart():
    smeared = []
    for seed in range(10):
        structure = _build(
            seed, compounds=("Au", "Si", "SrTiO3"), shape="field", thickness=120, tilt_deg=5
        )
        smeared.append(np.mean(structure.columns.class_index == -1))
    assert np.mean(smeared) < 0.2


def test_the_same_generator_gives_the_same_specimen():
    first, second = _build(5), _build(5)
    assert np.array_equal(first.atoms.positions, second.atoms.positions)
    assert first.parameters == second.parameters


def test_a_zone_axis_can_be_named():
    for seed in range(4):
        structure = _build(seed, **{**PLAIN, "compounds": ("SrTiO3 [110]", "MgO [0 0 1]")})
        compound = structure.parameters["structure"]
        expected = {"SrTiO3": "110", "MgO": "001"}[compound]
        assert structure.parameters["zone_axis"] == expected


def test_a_layered_crystal_keeps_the_axis_that_is_named():
    for seed in range(4):
        structure = _build(seed, compounds=("MoS2 [100]",), sheet_probability=1, other_elements=0)
        assert structure.parameters["zone_axis"] == "100"


def test_one_named_compound_exchanges_its_elements_too():
    drawn = {
        str(
            _build(
                seed, compounds=("Au",), other_elements=1.0, shape="particle", radius=5
            ).parameters["structure"]
        )
        for seed in range(12)
    }
    assert len(drawn) > 3


def test_elements_are_known_before_drawing():
    none = Negatives(probability=0)
    settings = Crystal(compounds=("MgO", "Au"), other_elements=0, negatives=none)
    assert possible_elements(settings) == {"Mg", "O", "Au"}
    film = AmorphousCarbon(probability=0.1)
    other = Crystal(compounds=("Au",), other_elements=1.0, film=film, negatives=none)
    assert possible_elements(other) == {
        "C",
        *(one.elements[0] for one in COMPOUNDS.values() if one.prototype == "fcc"),
    }
