import numpy as np
import pytest
from ase.build import bulk

from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.config.structures.negatives import Negatives
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field, rotation_about, zone_axis_matrix
from temnet.structures.off_axis import fcc_reflections, off_axis_rotation, shows_columns

A = 4.08
GOLD = fcc_reflections(A)
ZONE = zone_axis_matrix(np.array([1.0, -1, 0]), np.array([0.0, 0, 1]))


def test_reflections_are_those_of_an_fcc_powder_pattern():
    """111, 200, 220, 311, 222: half of 8, 6, 12, 24 and 8 planes (400 is at 1.02 Å)."""
    spacing, count = np.unique((1 / np.linalg.norm(GOLD, axis=1)).round(3), return_counts=True)
    expected = sorted(A / np.sqrt(np.array([3, 4, 8, 11])))
    np.testing.assert_allclose(spacing[-4:], expected, atol=1e-3)
    assert count[-4:].tolist() == [12, 6, 3, 4]


def test_a_zone_axis_shows_columns_until_it_is_tilted_away():
    assert shows_columns(GOLD, ZONE, 30.0)
    row = rotation_about(ZONE @ np.array([0, 0, 1.0]), np.deg2rad(8))
    assert not shows_columns(GOLD, row @ ZONE, 30.0)  # one row of {002} planes is left


def crossed(orientation, thickness):
    """Brute force: crossing directions of strong Fourier coefficients of a projected slab."""
    crystal = bulk("Au", cubic=True, a=A) * ((25,) * 3)
    positions = (crystal.positions - crystal.positions.mean(axis=0)) @ orientation.T
    slab = positions[
        (np.abs(positions[:, 2]) < thickness / 2) & (np.linalg.norm(positions[:, :2], axis=1) < 25)
    ]
    turned = GOLD @ orientation.T
    weight = np.abs(np.exp(-2j * np.pi * slab[:, :2] @ turned[:, :2].T).mean(axis=0))
    strong = turned[weight > 0.4, :2]
    if len(strong) < 2:
        return False
    directions = strong / np.linalg.norm(strong, axis=1, keepdims=True)
    first, others = directions[0], directions[1:]
    return bool(np.abs(first[0] * others[:, 1] - first[1] * others[:, 0]).max() > 0.1)


def test_off_axis_crystals_show_fringes_at_most():
    rng = np.random.default_rng(0)
    for _ in range(10):
        orientation = off_axis_rotation(GOLD, 30.0, rng)
        assert not shows_columns(GOLD, orientation, 30.0)
        assert not crossed(orientation, 30.0)
    assert crossed(ZONE, 30.0)


def test_too_thin_a_crystal_is_an_error():
    with pytest.raises(RuntimeError, match="shows columns in any orientation"):
        off_axis_rotation(GOLD, 1.0, np.random.default_rng(0))


@pytest.mark.parametrize("settings", [MoS2, Nanoparticle])
def test_negatives_come_as_often_as_asked_and_bear_no_columns(settings):
    empty = Negatives(probability=0.1, amorphous=0.1, off_axis=0.1)
    field = Field(20.0, 20.0, 3.0)
    kinds = []
    for seed in range(150):
        structure = build_structure(
            settings(empty=empty), field, ("Mo", "metal"), np.random.default_rng(seed)
        )
        kind = structure.parameters["structure"]
        kinds.append(kind)
        if kind in ("empty", "amorphous", "off axis"):
            assert len(structure.columns) == 0 and set(structure.atom_column) <= {-1}
            assert (len(structure.atoms) == 0) == (kind == "empty")
    for kind in ("empty", "amorphous", "off axis"):
        assert 4 <= kinds.count(kind) <= 30
