"""Templates of shells that crystallography knows, and fits against another least squares."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.strain.lattice import Lattice
from temnet.strain.neighbourhood import fit, match, template
from tests.strain.crystals import CELLS, HEXAGONAL, crystal

SQUARE = Lattice(2.0 * np.eye(2), np.zeros((1, 2)))
TRIANGULAR = Lattice(2.0 * HEXAGONAL, np.zeros((1, 2)))
HONEYCOMB = Lattice(CELLS["graphene"][0], np.array([[0, 0], [1 / 3, -1 / 3]]))


@pytest.mark.parametrize(
    ("lattice", "fewest", "count", "reach"),
    [
        (SQUARE, 3, 4, (2 + 2 * np.sqrt(2)) / 2),
        (SQUARE, 5, 8, (2 * np.sqrt(2) + 4) / 2),
        (SQUARE, 9, 12, (4 + 2 * np.sqrt(5)) / 2),
        (TRIANGULAR, 6, 6, (2 + 2 * np.sqrt(3)) / 2),
        (TRIANGULAR, 7, 12, (2 * np.sqrt(3) + 4) / 2),
        (TRIANGULAR, 18, 18, (4 + 2 * np.sqrt(7)) / 2),
        (HONEYCOMB, 3, 3, 2.46 * (1 / np.sqrt(3) + 1) / 2),
        (HONEYCOMB, 4, 9, 2.46 * (1 + 2 / np.sqrt(3)) / 2),
        (HONEYCOMB, 10, 12, 2.46 * (2 / np.sqrt(3) + np.sqrt(7 / 3)) / 2),
    ],
)
def test_shells_are_completed(lattice, fewest, count, reach):
    made = template(lattice, fewest)
    assert made.counts.sum(axis=1).tolist() == [count] * len(lattice.sites)
    np.testing.assert_allclose(made.reach, reach)
    lengths = np.linalg.norm(made.vectors @ lattice.vectors.T, axis=-1)
    assert np.all(np.diff(lengths) > -1e-9) and lengths.max() < made.reach.min()


LONG = Lattice(np.diag([1.0, 9.0]), np.zeros((1, 2)))


@pytest.mark.parametrize("lattice", [SQUARE, TRIANGULAR, HONEYCOMB, LONG])
@pytest.mark.parametrize("fewest", [20, 100, 200])
def test_the_nearest_columns_are_the_neighbours(lattice, fewest):
    """Also many of them, and where one side of the cell is much longer than the other."""
    made = template(lattice, fewest)
    steps = np.stack(np.mgrid[-120:121, -40:41], axis=-1).reshape(-1, 2)
    for site, own in enumerate(lattice.sites):
        every = (steps[:, None] + lattice.sites - own).reshape(-1, 2)
        expected = np.sort(np.linalg.norm(every @ lattice.vectors.T, axis=1))[1:]
        count = made.counts[site].sum()
        lengths = np.linalg.norm(made.vectors[site, :count] @ lattice.vectors.T, axis=1)
        np.testing.assert_allclose(lengths, expected[:count])
        assert fewest <= count <= 2 * fewest + 12
        assert expected[count] > expected[count - 1] * 1.001  # no shell is cut in two


def fitted(points, centre, lattice, fewest=8):
    tree = cKDTree(points)
    shape, centres, site = template(lattice, fewest), np.array([centre]), np.zeros(1, int)
    vectors = lattice.vectors[None]
    matches = match(tree, points[centres], vectors, site, shape, 0.5)
    return shape, matches, fit(points, centres, site, shape, matches, lattice.vectors)


@pytest.mark.parametrize("missing", [0, 3])
def test_the_fit_is_the_least_squares_of_numpy(missing):
    rng = np.random.default_rng(2)
    points = crystal("fcc [100]", radius=12) @ np.array([[1.02, 0.01], [-0.03, 0.99]])
    points += rng.normal(0, 0.05, points.shape)
    centre = int(np.argmin(np.linalg.norm(points, axis=1)))
    near = np.argsort(np.linalg.norm(points - points[centre], axis=1))[1:9]
    points = np.delete(points, near[:missing], axis=0)
    centre = int(np.argmin(np.linalg.norm(points, axis=1)))
    lattice = Lattice(CELLS["fcc [100]"][0], np.zeros((1, 2)))
    shape, matches, found = fitted(points, centre, lattice)
    there = matches.there[0]
    assert found.used[0] == there.sum() == 8 - missing
    steps = np.concatenate([[[0, 0]], shape.cells[0][there]])
    design = np.column_stack([steps, np.ones(len(steps))])  # r = A m + t
    places = points[np.concatenate([[centre], matches.column[0][there]])]
    solution, squares, _, _ = np.linalg.lstsq(design, places, rcond=None)
    np.testing.assert_allclose(found.vectors[0], solution[:2].T, atol=1e-9)
    np.testing.assert_allclose(found.place[0], solution[2], atol=1e-9)
    np.testing.assert_allclose(np.diag(found.scatter[0]), squares, atol=1e-9)
    assert found.freedom[0] == len(steps) - 3
    assert found.residual[0] == pytest.approx(np.sqrt(squares.sum() / len(steps)))


def test_sites_may_shift_against_each_other():
    cell, _ = CELLS["graphene"]
    steps = np.stack(np.meshgrid(np.arange(-5, 6), np.arange(-5, 6)), -1).reshape(-1, 2)
    shifted = np.concatenate([steps @ cell.T, steps @ cell.T + cell @ [1 / 3, -1 / 3] + [0.2, 0.1]])
    centre = int(np.argmin(np.linalg.norm(shifted, axis=1)))
    _, _, found = fitted(shifted, centre, HONEYCOMB, 12)
    np.testing.assert_allclose(found.vectors[0], cell, atol=1e-9)
    assert found.residual[0] < 1e-9
    # As one lattice the shift would be a misfit.
    assert found.freedom[0] == found.used[0] + 1 - 2 - 2


def test_columns_in_one_row_determine_no_lattice():
    row = np.stack([2.0 * np.arange(7), np.zeros(7)], -1)
    _, matches, found = fitted(row, 3, SQUARE)
    assert matches.there.sum() == 2 and np.isnan(found.vectors).all()
    assert found.breadth[0] == 0
    _, _, broad = fitted(crystal("fcc [100]", 9.0) * 2 / 2.039, 0, SQUARE)
    assert broad.breadth[0] > 0.4 * 2


def test_columns_beside_their_place_are_not_taken():
    points = crystal("fcc [100]", 9.0) * 2 / (4.0782 / 2)
    centre = int(np.argmin(np.linalg.norm(points, axis=1)))
    moved = points.copy()
    neighbour = int(np.argmin(np.linalg.norm(points - points[centre] - [2, 0], axis=1)))
    for away, there in ((0.45, 8), (0.55, 7)):
        moved[neighbour] = points[neighbour] + [0, away]
        _, matches, _ = fitted(moved, centre, SQUARE)
        assert matches.there.sum() == there
        assert neighbour in matches.column[matches.there] or there == 7
