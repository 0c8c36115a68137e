import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from temnet.evaluation.matching import match


def brute_force(found, true, radius):
    """(most pairs, least sum of squares) of all ways to pair."""
    best = (0, 0.0)
    for size in range(1, min(len(found), len(true)) + 1):
        for some in itertools.combinations(range(len(found)), size):
            for others in itertools.permutations(range(len(true)), size):
                distance = np.linalg.norm(found[list(some)] - true[list(others)], axis=1)
                if np.all(distance <= radius):
                    best = min(best, (-size, float(np.sum(distance**2))))
    return -best[0], best[1]


def points(most):
    coordinates = st.floats(0, 2, allow_nan=False, width=32)
    return st.integers(0, most).flatmap(
        lambda count: arrays(np.float64, (count, 2), elements=coordinates)
    )


@given(points(4), points(5), st.floats(0.2, 2))
def test_matching_is_the_best_of_all(found, true, radius):
    first, second = match(found, true, radius)
    distance = np.linalg.norm(found[first] - true[second], axis=1)
    pairs, squares = brute_force(found, true, radius)
    assert np.all(distance <= radius * (1 + 1e-8))
    assert len(first) == len(np.unique(first)) == len(np.unique(second))
    if len(first) == pairs:  # a distance at the very radius may round either way
        assert np.sum(distance**2) <= squares + 1e-6
    else:
        assert match(found, true, radius * (1 + 1e-6))[0].size >= pairs


@given(points(12), points(12))
def test_exchanging_the_two_sides_gives_as_many_pairs(found, true):
    first, second = match(found, true, 0.6)
    again = match(true, found, 0.6)
    assert len(first) == len(again[0])
    assert np.all(np.diff(first) > 0)


def test_most_pairs_go_before_the_nearest():
    # The nearest pair is (1, 0); taking it first would leave both others alone.
    found, true = np.array([[0.0, 0.0], [0.0, 0.4]]), np.array([[0.0, 0.35], [0.0, 0.8]])
    first, second = match(found, true, 0.45)
    assert first.tolist() == [0, 1] and second.tolist() == [0, 1]


def test_two_peaks_on_one_column_are_one_pair():
    first, second = match(np.array([[1.0, 1.0], [1.0, 1.1]]), np.array([[1.0, 1.09]]), 0.5)
    assert first.tolist() == [1] and second.tolist() == [0]


def test_a_pair_at_the_radius_counts_and_one_beyond_does_not():
    found, true = np.array([[0.0, 0.0]]), np.array([[0.3, 0.4]])
    assert len(match(found, true, 0.5)[0]) == 1
    assert len(match(found, true, 0.499)[0]) == 0


def test_equal_points_are_paired_at_no_distance():
    places = np.array([[1.0, 2.0], [3.0, 4.0], [3.0, 4.1]])
    assert match(places, places, 0.5)[1].tolist() == [0, 1, 2]


@pytest.mark.parametrize("counts", [(0, 0), (0, 3), (3, 0)])
def test_nothing_pairs_with_nothing(counts):
    first, second = match(np.ones((counts[0], 2)), np.ones((counts[1], 2)), 1.0)
    assert first.shape == second.shape == (0,)
    assert first.dtype == second.dtype == np.int64


def test_an_invalid_radius_is_refused():
    for radius in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="radius"):
            match(np.ones((1, 2)), np.ones((1, 2)), radius)


def test_a_shifted_lattice_of_many_columns_is_paired_column_by_column():
    lattice = np.stack(np.mgrid[:60, :50], axis=-1).reshape(-1, 2) * 1.6
    order = np.random.default_rng(0).permutation(len(lattice))
    first, second = match(lattice[order] + [0.7, 0.1], lattice, 1.2)
    assert len(first) == len(lattice)
    np.testing.assert_array_equal(order[first], second)
