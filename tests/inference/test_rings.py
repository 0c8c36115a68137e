"""Rings: counted on sheets whose rings are known, and the same however the sheet lies."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temnet.evaluation.matching import match
from temnet.inference.rings import find_bonds, find_rings
from temnet.structures.geometry import rotation_about
from tests.evaluation.ring_atoms import atoms_between

BOND = (1.1, 1.8)
LENGTH = 1.42
CELL = LENGTH * np.sqrt(3) * np.array([[1.0, 0.0], [0.5, np.sqrt(3) / 2]])


def polygon(count, side=LENGTH):
    angle = 2 * np.pi * np.arange(count) / count
    radius = side / (2 * np.sin(np.pi / count))
    return radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def centres(rows, cols):
    """Centres of a parallelogram of hexagons."""
    return np.mgrid[:rows, :cols].reshape(2, -1).T @ CELL


def sheet(rows, cols):
    """The atoms of these hexagons, each once."""
    corners = centres(rows, cols)[:, None] + polygon(6)
    points = corners.reshape(-1, 2)
    return points[np.unique(points.round(6), axis=0, return_index=True)[1]]


def sizes(points):
    return dict(Counter(find_rings(points, BOND).atoms.tolist()))


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (2, 3), (7, 4)])
def test_a_perfect_sheet_has_all_its_hexagons_and_bonds(rows, cols):
    points = sheet(rows, cols)
    # Polyhexes: Harary and Harborth, J. Comb. Inf. Syst. Sci. 1, 1 (1976).
    assert len(points) == 2 * (rows * cols + rows + cols)
    assert len(find_bonds(points, BOND)) == 3 * rows * cols + 2 * (rows + cols) - 1
    rings = find_rings(points, BOND)
    assert set(rings.atoms) == {6} and len(rings) == rows * cols
    found, true = match(rings.centres, centres(rows, cols), 1e-6)
    assert len(found) == len(true) == rows * cols
    for centre, ring in zip(rings.centres, rings.vertices, strict=True):
        np.testing.assert_allclose(np.linalg.norm(points[ring] - centre, axis=1), LENGTH)
        # In order around the ring: neighbours are bonded.
        step = points[ring] - points[np.roll(ring, 1)]
        np.testing.assert_allclose(np.linalg.norm(step, axis=1), LENGTH)


def turned_bond(points):
    """The sheet with the bond nearest to its middle turned by 90 degrees."""
    bonds = find_bonds(points, BOND)
    middles = points[bonds].mean(axis=1)
    chosen = np.argmin(np.linalg.norm(middles - points.mean(axis=0), axis=1))
    points, half = points.copy(), (points[bonds[chosen, 1]] - points[bonds[chosen, 0]]) / 2
    points[bonds[chosen]] = middles[chosen] + np.outer([-1, 1], [-half[1], half[0]])
    return points


def test_a_stone_wales_defect_has_two_pentagons_and_two_heptagons():
    assert sizes(turned_bond(sheet(7, 7))) == {5: 2, 6: 45, 7: 2}


def test_a_hole_is_no_ring_and_neither_is_the_outside():
    points = sheet(7, 7)
    inner = np.argmin(np.linalg.norm(points - points.mean(axis=0), axis=1))
    # Three hexagons lose an atom and become one face of twelve.
    assert sizes(np.delete(points, inner, axis=0)) == {6: 46}
    away = np.linalg.norm(points - centres(7, 7)[24], axis=1) < 1.1 * LENGTH
    assert away.sum() == 6 and sizes(points[~away]) == {6: 42}
    assert sizes(polygon(9)) == {9: 1} and sizes(polygon(10)) == {}
    assert sizes(polygon(4)) == {4: 1} and sizes(polygon(3)) == {}


@pytest.mark.parametrize(
    "points",
    [polygon(6)[:0], polygon(6)[:1], polygon(6)[:2], polygon(6)[:5], polygon(6) * [0, 1]],
    ids=["none", "one", "two", "open", "line"],
)
def test_too_few_atoms_and_open_chains_have_no_rings(points):
    rings = find_rings(points, BOND)
    assert len(rings) == 0 and rings.centres.shape == (0, 2) and rings.vertices == ()


def test_bonds_do_not_cross():
    square = polygon(4, side=1.2)  # whose diagonals are 1.70 Å long
    assert len(find_bonds(square, BOND)) == 4
    assert len(find_bonds(square, (1.1, 1.6))) == 4 and len(find_bonds(square, (1.3, 1.8))) == 0


def test_a_chain_that_ends_in_a_ring_does_not_break_it():
    ring, bond = polygon(9, side=1.3), (1.1, 1.65)
    inside = ring[0] * (1 - 1.6 / np.linalg.norm(ring[0]))
    points = np.vstack([inside, ring])
    assert len(find_bonds(points, bond)) == 10
    rings = find_rings(points, bond)
    assert rings.atoms.tolist() == [9] and 0 not in rings.vertices[0]


@settings(deadline=None)
@given(st.floats(0, 2 * np.pi), st.tuples(*[st.floats(-50, 50)] * 2), st.booleans(),
       st.integers(0, 2**32 - 1))  # fmt: skip
def test_rings_turn_move_and_mirror_with_the_sheet(angle, shift, mirrored, seed):
    rng = np.random.default_rng(seed)
    # Around a turned bond atoms without a bond are 1.89 Å apart: no more noise than that allows.
    points = turned_bond(sheet(5, 6)) + rng.uniform(-0.02, 0.02, (len(sheet(5, 6)), 2))
    matrix = rotation_about([0, 0, 1], angle)[:2, :2] @ np.diag([1, -1 if mirrored else 1])
    order = rng.permutation(len(points))
    rings, other = find_rings(points, BOND), find_rings((points @ matrix.T + shift)[order], BOND)
    assert dict(Counter(rings.atoms)) == {5: 2, 6: 26, 7: 2}

    def as_sets(rings, number):
        return {frozenset(number[ring].tolist()) for ring in rings.vertices}

    assert as_sets(rings, np.arange(len(points))) == as_sets(other, order)
    moved = rings.centres @ matrix.T + shift
    assert len(match(other.centres, moved, 1e-6)[0]) == len(rings)


def test_atoms_lie_between_the_centres_of_rings():
    middles, points = centres(5, 6), sheet(5, 6)
    between = atoms_between(middles, longest=3.0)
    # Two triangles for each of the 4 x 5 cells; the sheet's outermost atoms lie between fewer.
    assert len(between) == 2 * 4 * 5 and len(match(between, points, 1e-6)[0]) == 40
    without = np.delete(middles, 14, axis=0)  # the triangles over the gap are too long
    assert len(atoms_between(without, longest=3.0)) == 40 - 6
    assert atoms_between(middles, longest=2.0).shape == (0, 2)
    assert atoms_between(middles[:6], longest=3.0).shape == (0, 2)  # a line
    assert atoms_between(np.zeros((0, 2)), longest=3.0).shape == (0, 2)
