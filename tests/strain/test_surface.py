"""Surfaces and layers of crystals whose shape is known."""

import numpy as np
import pytest

from temnet.strain.surface import BURIED, depth, layers, surface

SIDE = 9


@pytest.fixture
def square():
    """(N, 2) columns of a square, 2 Å apart, and (N,) their true layers."""
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    points = np.stack([x, y], -1).reshape(-1, 2).astype(float)
    layer = 1 + np.minimum(points, SIDE - 1 - points).min(axis=1).astype(int)
    return 2 * points, layer


def found(points, box=None):
    count = len(points)
    at_surface = surface(points, np.full(count, 2.0), box)
    return layers(points, np.full(count, 2.4), at_surface), depth(points, at_surface)


def test_layers_of_a_square_are_its_rings(square):
    points, layer = square
    layered, below = found(points)
    assert layered.tolist() == layer.tolist()
    np.testing.assert_allclose(below, 2 * (layer - 1))


def test_a_missing_column_inside_is_no_surface_and_a_wide_hole_is_one(square):
    points, layer = square
    middle = np.linalg.norm(points - 8, axis=1)
    there = middle > 0
    assert found(points[there])[0].tolist() == layer[there].tolist()
    around = middle > 4.5  # 21 columns
    assert (found(points[around])[0] < layer[around]).any()


def test_a_crystal_that_goes_on_beyond_the_image_has_no_surface_there(square):
    points, _ = square
    layered, below = found(points, box=(-0.5, 16.5, -0.5, 16.5))
    assert set(layered) == {BURIED} and np.isnan(below).all()
    # The image goes on to the right, where the crystal ends.
    layered, below = found(points, box=(-0.5, 30.0, -0.5, 16.5))
    edge = points[:, 0] == 16
    inner = (points[:, 1] > 0) & (points[:, 1] < 16)
    assert set(layered[edge & inner]) == {1} and set(layered[(points[:, 0] == 12) & inner]) == {3}


def test_one_column_is_all_surface_and_none_is_nothing():
    assert found(np.array([[3.0, 4.0]]))[0].tolist() == [1]
    nothing = found(np.zeros((0, 2)))
    assert [len(each) for each in nothing] == [0, 0]


def test_columns_without_neighbours_to_the_surface_are_buried():
    points = np.array([[0.0, 0], [2, 0], [50, 0]])
    at_surface = np.array([True, False, False])
    layered = layers(points, np.full(3, 2.4), at_surface)
    assert layered.tolist() == [1, 2, BURIED]
    assert depth(points, at_surface).tolist() == [0, 2, 50]
