"""References of strain, where the lattice is known."""

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.strain.reference import (
    FEWEST,
    SMALLEST_CORE,
    core,
    mean_lattice,
    oriented,
    reference_of,
    scaled_to_spacing,
)
from tests.strain.crystals import HEXAGONAL, A, turned

SQUARE = A / 2 * np.eye(2)


def test_the_core_is_the_deeper_half_of_the_complete_columns():
    depth = np.arange(40.0)
    fitted = np.ones(40, bool)
    complete = depth >= 10
    assert np.flatnonzero(core(fitted, complete, depth)).tolist() == list(range(25, 40))
    few = depth >= 40 - SMALLEST_CORE + 1
    assert np.flatnonzero(core(fitted, few, depth)).tolist() == list(range(20, 40))
    without_surface = np.full(40, np.nan)
    assert core(fitted, complete, without_surface).tolist() == complete.tolist()


def test_few_columns_have_no_mean():
    vectors = SQUARE + np.random.default_rng(5).normal(0, 0.02, (40, 2, 2))
    np.testing.assert_allclose(mean_lattice(vectors), np.sum(vectors, axis=0) / 40)
    assert mean_lattice(vectors[: FEWEST - 1]) is None
    assert mean_lattice(vectors[:FEWEST]) is not None


def test_a_reference_follows_its_mean_as_its_slopes_state():
    mean, chosen = turned(12) @ SQUARE, np.arange(20) < 7
    fits = scaled_to_spacing(mean, A / 2), oriented(mean, SQUARE)
    for change in (lambda one: one, *(fit.change for fit in fits)):
        made = reference_of(mean, chosen, change)
        step = np.array([[3e-5, -1e-5], [2e-5, 4e-5]])
        expected = made.vectors + np.einsum("ijkl,kl->ij", made.slopes, step)
        np.testing.assert_allclose(change(mean + step), expected, atol=1e-8)
        assert made.columns == 7
    # A pure growth of the mean changes no reference of known size.
    growth = np.einsum("ijkl,kl->ij", made.slopes, mean)
    np.testing.assert_allclose(growth, 0, atol=1e-6)


@pytest.mark.parametrize("spacing", [A / 2, A / np.sqrt(8)])
def test_planes_get_the_distance_that_is_given(spacing):
    measured = 1.03 * turned(20) @ SQUARE
    found = scaled_to_spacing(measured, spacing).change(measured)
    np.testing.assert_allclose(found, turned(20) @ SQUARE, atol=1e-9)


def test_planes_that_the_lattice_does_not_have_are_refused():
    with pytest.raises(InputError, match="strain.spacing is 2.5"):
        scaled_to_spacing(SQUARE, 2.5)


@pytest.mark.parametrize("degrees", [0, 33, 90, 200])
def test_a_known_lattice_is_turned_onto_the_measured_one(degrees):
    known = 2.0 * HEXAGONAL
    strain = np.array([[1.01, 0.004], [0.004, 0.985]])  # symmetric: no rotation
    measured = strain @ turned(degrees) @ known
    # Another choice of vectors of the same lattice, in any orientation.
    given = turned(-50) @ known @ np.array([[1, 1], [0, 1]])
    found = oriented(measured, given).change(measured)
    np.testing.assert_allclose(measured @ np.linalg.inv(found), strain, atol=1e-6)


def test_of_a_lattice_every_second_row_may_be_missing_and_another_is_refused():
    wide = SQUARE @ np.diag([1, 2])
    np.testing.assert_allclose(oriented(wide, SQUARE).change(wide), wide, atol=1e-9)
    with pytest.raises(InputError, match="not that of the columns"):
        oriented(2.0 * HEXAGONAL, 2.0 * np.eye(2))


def test_a_known_lattice_may_be_seen_from_the_other_side():
    oblique = np.array([[2.4, 2.9 * np.cos(np.radians(95))], [0, 2.9 * np.sin(np.radians(95))]])
    strain = np.array([[1.01, 0.004], [0.004, 0.985]])
    seen = strain @ turned(25) @ np.diag([1, -1]) @ oblique @ np.diag([1, -1])
    found = oriented(seen, oblique).change(seen)
    np.testing.assert_allclose(seen @ np.linalg.inv(found), strain, atol=1e-6)
    # A lattice whose mirror image is nearly itself stays as it is: a shear of 1 % is strain.
    sheared = np.array([[1, 0.01], [0.01, 1]]) @ SQUARE
    known = SQUARE @ np.array([[1, 0.01], [0, 1]])
    found = oriented(sheared, known).change(sheared)
    expected = sheared @ np.linalg.inv(known)
    np.testing.assert_allclose(sheared @ np.linalg.inv(found), expected, atol=6e-3)


def test_the_rank_counts_known_cells_and_wider_planes():
    assert oriented(SQUARE, SQUARE).rank == 1
    assert oriented(SQUARE @ np.diag([1, 2]), SQUARE).rank == 2
    larger = np.sqrt(2) * turned(45) @ SQUARE
    assert oriented(larger, SQUARE).rank == 2
    assert scaled_to_spacing(SQUARE, A / 2).rank == 0
    assert scaled_to_spacing(SQUARE, A / np.sqrt(8)).rank == 2  # after the two of A / 2
