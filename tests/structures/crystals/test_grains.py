"""Grains: a crystal fills its field, twins mirror each other, boundaries do not overlap."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.structures.crystals.compounds import COMPOUNDS
from temnet.structures.crystals.grains import (
    OVERLAP,
    grow,
    grow_off_axis,
    joined,
    mirrored,
    shortest_bond,
    together,
    turned,
)
from temnet.structures.crystals.zone_axes import zone_axes
from temnet.structures.geometry import Field, random_rotation

FIELD = Field(30, 24, 6)


def _gold(seed=0, thickness=12.0):
    axis = next(a for a in zone_axes(COMPOUNDS["Au"]) if a.indices == (1, 1, 0))
    return grow(COMPOUNDS["Au"], axis, 1.0, FIELD, thickness, np.random.default_rng(seed))


def test_a_crystal_fills_the_field_with_its_density():
    gold = _gold(thickness=40.0)
    volume = (30 + 12) * (24 + 12) * 40.0
    assert len(gold) == pytest.approx(4 / 4.0782**3 * volume, rel=0.03)
    assert shortest_bond(gold.positions) == pytest.approx(4.0782 / np.sqrt(2))
    assert gold.positions[:, 0].min() >= -6 and gold.positions[:, 0].max() < 30
    assert gold.positions[:, 1].max() < 36


def test_columns_run_along_the_beam():
    gold = _gold()
    pairs = cKDTree(gold.positions[:, :2]).query_pairs(0.01, output_type="ndarray")
    depth = np.abs(np.diff(gold.positions[pairs][:, :, 2], axis=1))
    steps = depth / (4.0782 / np.sqrt(2))
    assert len(pairs) > 100
    assert steps == pytest.approx(steps.round(), abs=1e-6)


def test_off_axis_atoms_are_on_no_column():
    rotation = random_rotation(np.random.default_rng(2))
    grain = grow_off_axis(COMPOUNDS["MgO"], rotation, FIELD, 20.0, np.random.default_rng(2))
    assert not grain.strength.any()
    assert shortest_bond(grain.positions) == pytest.approx(4.2117 / 2)


def test_a_mirror_image_of_a_mirror_image_is_the_crystal():
    gold = _gold()
    point, along = np.array([3.0, 4.0]), 0.7
    twice = mirrored(mirrored(gold, point, along), point, along)
    assert twice.positions == pytest.approx(gold.positions)
    # A point of the plane stays, one beside it changes sides; depths stay.
    once = mirrored(gold, point, along)
    normal = np.array([-np.sin(along), np.cos(along)])
    before = (gold.positions[:, :2] - point) @ normal
    assert (once.positions[:, :2] - point) @ normal == pytest.approx(-before)
    assert once.positions[:, 2] == pytest.approx(gold.positions[:, 2])


def test_grains_keep_apart_where_they_meet():
    gold = _gold()
    bond = shortest_bond(gold.positions)
    rotated = turned(gold, FIELD, 0.4)
    both = joined(gold, rotated, FIELD.centre, 0.3, bond)
    assert shortest_bond(both.positions) > OVERLAP * bond - 1e-6
    # Without the rule they overlap.
    normal = np.array([-np.sin(0.3), np.cos(0.3)])
    side = (gold.positions[:, :2] - FIELD.centre) @ normal <= 0
    other = (rotated.positions[:, :2] - FIELD.centre) @ normal > 0
    assert shortest_bond(together(gold.select(side), rotated.select(other)).positions) < (
        OVERLAP * bond
    )


def test_a_twin_shares_its_plane():
    gold = _gold()
    near = np.linalg.norm(gold.positions[:, :2] - FIELD.centre, axis=1)
    point = gold.positions[np.argmin(near), :2]
    # Along [110] the columns' shortest row, a√(3/8), is the trace of a {111} plane.
    others = gold.positions[:, :2] - point
    lengths = np.linalg.norm(others, axis=1)
    row = others[np.argmin(np.abs(lengths - 4.0782 * np.sqrt(3 / 8)))]
    along = np.arctan2(row[1], row[0])
    bond = shortest_bond(gold.positions)
    twin = joined(gold, mirrored(gold, point, along), point, along, bond)
    # A coherent twin keeps all bonds and the density.
    assert shortest_bond(twin.positions) == pytest.approx(bond, rel=1e-3)
    inside = FIELD.covers(twin.positions[:, :2])
    assert inside.all() or inside.mean() > 0.6
