"""Zone axes: distances and strengths of columns, by hand."""

import numpy as np
import pytest
from ase import Atoms
from scipy.spatial import cKDTree

from temnet.structures.crystals.compounds import COMPOUNDS
from temnet.structures.crystals.zone_axes import POWER, zone_axes


def _axis(name, indices):
    return next(axis for axis in zone_axes(COMPOUNDS[name]) if axis.indices == indices)


@pytest.mark.parametrize(
    ("name", "indices", "spacing"),
    [
        ("Au", (1, 1, 0), 4.0782 * np.sqrt(3 / 8)),  # centred rectangle of a and a/√2
        ("Au", (1, 0, 0), 4.0782 / 2),
        ("Au", (1, 1, 1), 4.0782 / np.sqrt(6)),
        ("Au", (2, 1, 1), 4.0782 / np.sqrt(8)),
        ("Fe", (1, 0, 0), 2.8665 / np.sqrt(2)),
        ("Fe", (1, 1, 1), 2.8665 * np.sqrt(2 / 3)),
        ("Si", (1, 1, 0), 5.431 / 4),  # the dumbbell
        ("SrTiO3", (1, 0, 0), 3.9051 / 2),
        ("Ti", (0, 0, 1), 2.9508 / np.sqrt(3)),
        ("MoS2", (0, 0, 1), 3.1604 / np.sqrt(3)),
        ("h-BN", (0, 0, 1), 2.504 / np.sqrt(3)),
    ],
)
def test_columns_are_as_far_apart_as_by_hand(name, indices, spacing):
    assert _axis(name, indices).spacing == pytest.approx(spacing, rel=1e-4)


def test_strength_is_that_of_the_atoms_on_a_unit_of_length():
    axis = _axis("SrTiO3", (1, 0, 0))
    a = COMPOUNDS["SrTiO3"].lengths[0]
    strontium, titanium, oxygen = (number**POWER for number in (38, 22, 8))
    expected = {strontium / a, (titanium + oxygen) / a, oxygen / a}
    assert sorted(set(np.round(axis.strength, 6))) == pytest.approx(sorted(expected), rel=1e-5)


def test_columns_of_a_centred_cell_hold_all_of_its_atoms():
    # Along [110] of an fcc metal an atom follows every a/√2.
    axis = _axis("Au", (1, 1, 0))
    assert axis.strength == pytest.approx([79**POWER / (4.0782 / np.sqrt(2))] * 4)


def test_directions_that_look_alike_count_once():
    cubic = [axis.indices for axis in zone_axes(COMPOUNDS["Au"])]
    families = {tuple(sorted(map(abs, axis))) for axis in cubic}
    assert len(cubic) == len(families)
    assert families >= {(0, 0, 1), (0, 1, 1), (1, 1, 1), (0, 1, 2), (1, 1, 2)}
    hexagonal = {axis.indices for axis in zone_axes(COMPOUNDS["Ti"])}
    assert (0, 0, 1) in hexagonal
    assert (1, 0, 0) in hexagonal
    assert (0, 1, 0) not in hexagonal


@pytest.mark.parametrize("name", ["CuInSe2", "TiO2", "ZnO", "Fe2O3", "MgAl2O4"])
def test_spacing_is_that_of_a_patch_of_crystal(name):
    # The longer way: the columns of a large patch, and their distances.
    from temnet.structures.columns import column_positions, project
    from temnet.structures.crystals.grains import grow
    from temnet.structures.geometry import Field

    for axis in zone_axes(COMPOUNDS[name])[:3]:
        grain = grow(COMPOUNDS[name], axis, 1.0, Field(24, 24, 0), 40, np.random.default_rng(0))
        atoms = Atoms(grain.numbers, grain.positions)
        column = project(atoms, np.ones(len(atoms), bool))
        places = column_positions(atoms.positions, column)
        middle = np.all(np.abs(places - 12) < 7, axis=1)
        nearest = cKDTree(places).query(places[middle], k=2)[0][:, 1].min()
        # Columns that are no straight lines are a little farther apart than their atoms.
        assert axis.spacing == pytest.approx(nearest, abs=0.3)
