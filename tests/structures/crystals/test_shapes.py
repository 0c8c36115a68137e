"""Shapes of crystals, on points that fill a box."""

import numpy as np
import pytest

from temnet.structures.crystals.shapes import below_steps, in_polyhedron, in_sheets, in_wedge
from temnet.structures.geometry import Field

FIELD = Field(40, 40, 10)


@pytest.fixture
def box():
    """(N, 3) points in the field, its margin and 60 Å along the beam."""
    rng = np.random.default_rng(1)
    return rng.uniform([-10, -10, -30], [50, 50, 30], (20000, 3))


@pytest.mark.parametrize("seed", range(5))
def test_a_wedge_grows_along_one_direction(box, seed):
    inside = in_wedge(box, FIELD, 60.0, np.random.default_rng(seed))
    assert 0.02 < inside.mean() < 0.98
    top = box[inside, 2]
    # Its lower face is flat: points just above it are inside or beyond the edge, in two halves.
    low = box[:, 2] < -29.5
    from_low = inside[low]
    centre = box[low, :2] - FIELD.centre
    solution = np.linalg.lstsq(
        np.column_stack([centre, np.ones(low.sum())]), 2.0 * from_low - 1, rcond=None
    )[0]
    direction = solution[:2] / np.linalg.norm(solution[:2])
    along = (box[:, :2] - FIELD.centre) @ direction
    # Where it is higher along the slope, no lower top.
    bins = np.digitize(along[inside], np.linspace(-40, 40, 9))
    highest = [top[bins == b].max() for b in np.unique(bins) if (bins == b).sum() > 40]
    assert np.all(np.diff(highest) > -8)
    assert highest[-1] > highest[0] + 8


def test_steps_lower_a_part_of_the_upper_face(box):
    kept = below_steps(box, FIELD, 1, np.random.default_rng(0))
    lost = box[~kept]
    assert 0 < len(lost)
    assert lost[:, 2].min() > 30 - 12.1
    assert np.all(below_steps(box, FIELD, 0, np.random.default_rng(0)))
    assert below_steps(box[:0], FIELD, 2, np.random.default_rng(0)).shape == (0,)


def test_a_particle_is_convex_and_of_its_radius(box):
    centred = box - [20, 20, 0]
    vectors = np.eye(3) * 4.0
    inside = in_polyhedron(centred, vectors, 12.0, np.random.default_rng(3))
    assert 5 < np.linalg.norm(centred[inside], axis=1).max() < 25
    points = centred[inside]
    rng = np.random.default_rng(0)
    pairs = rng.integers(len(points), size=(500, 2))
    middles = points[pairs].mean(axis=1)
    assert in_polyhedron(middles, vectors, 12.0, np.random.default_rng(3)).all()


def test_facets_are_normal_to_reciprocal_vectors_of_a_skew_cell():
    vectors = np.array([[3.0, 0, 0], [1.5, 2.6, 0], [0, 0, 5.0]])
    points = np.random.default_rng(0).uniform(-30, 30, (40000, 3))
    inside = in_polyhedron(points, vectors, 10.0, np.random.default_rng(0))
    # The two basal facets are planes of constant height: [001] is normal to both other vectors.
    top = points[inside, 2].max()
    near_top = points[inside & (points[:, 2] > top - 0.5)]
    assert len(near_top) > 3


def test_sheets_are_whole_layers_from_the_middle():
    layer = np.array([-1.5, 0.0, 1.5])
    heights = np.concatenate([layer + 6.0 * number for number in range(5)])
    one = in_sheets(heights, 1)
    assert sorted(heights[one]) == [10.5, 12.0, 13.5]
    assert in_sheets(heights, 3).sum() == 9
    shuffled = np.random.default_rng(0).permutation(heights)
    assert sorted(shuffled[in_sheets(shuffled, 2)]) == [4.5, 6.0, 7.5, 10.5, 12.0, 13.5]
