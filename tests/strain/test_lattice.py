"""Lattices of columns, against the cells that the columns were made with."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.strain.lattice import Lattice, find_lattice, reduced
from tests.strain.crystals import CELLS, HEXAGONAL, A, crystal


def lattice_of(points):
    middle = int(np.argmin(np.linalg.norm(points, axis=1)))
    return find_lattice(points, cKDTree(points), middle)


SHORTEST = {
    "fcc [110]": (np.sqrt(3 / 8) * A, np.sqrt(3 / 8) * A),
    "fcc [100]": (A / 2, A / 2),
    "fcc [111]": (A / np.sqrt(6), A / np.sqrt(6)),
    "graphene": (2.46, 2.46),
    "MoS2": (3.16, 3.16),
}


@pytest.mark.parametrize("degrees", [0, 17, 45, 101])
@pytest.mark.parametrize("name", CELLS)
def test_a_lattice_has_the_shortest_vectors_and_the_columns_of_its_cell(name, degrees):
    found = lattice_of(crystal(name, 12.0, degrees))
    np.testing.assert_allclose(sorted(found.lengths), SHORTEST[name], rtol=1e-9)
    assert len(found.sites) == len(CELLS[name][1])
    cell = abs(np.linalg.det(CELLS[name][0]))
    assert np.linalg.det(found.vectors) == pytest.approx(cell)  # primitive and right-handed


def test_the_second_site_of_a_honeycomb_is_at_a_third_of_the_cell():
    found = lattice_of(crystal("graphene", 12.0))
    thirds = found.sites[1] * 3
    np.testing.assert_allclose(thirds, np.rint(thirds), atol=1e-9)
    assert np.linalg.norm(found.vectors @ found.sites[1]) > 1.4  # another column, not a cell


@pytest.mark.parametrize("name", CELLS)
def test_position_errors_and_missing_columns_change_little(name):
    rng = np.random.default_rng(5)
    points = crystal(name, 14.0, 20)
    kept = rng.random(len(points)) > 0.04
    kept[np.argmin(np.linalg.norm(points, axis=1))] = True
    points = points[kept]
    found = lattice_of(points + rng.normal(0, 0.05, points.shape))
    np.testing.assert_allclose(sorted(found.lengths), SHORTEST[name], rtol=0.03)
    assert len(found.sites) == len(CELLS[name][1])


@pytest.mark.parametrize("seed", range(20))
def test_random_points_have_no_lattice(seed):
    points = np.random.default_rng(seed).uniform(-15, 15, (200, 2))
    assert lattice_of(points) is None


def test_rows_and_few_columns_have_no_lattice():
    row = np.stack([np.arange(-30, 31) * 2.5, np.zeros(61)], axis=1)
    assert lattice_of(row) is None
    assert lattice_of(crystal("fcc [100]", 3.0)) is None


def test_reduced_vectors_are_as_short_as_a_search_finds():
    rng = np.random.default_rng(0)
    for _ in range(50):
        vectors = rng.normal(size=(2, 2))
        steps = np.stack(np.meshgrid(*2 * [np.arange(-60, 61)]), axis=-1).reshape(-1, 2)
        lengths = np.sort(np.linalg.norm(steps[np.any(steps, axis=1)] @ vectors.T, axis=1))
        short = np.sort(np.linalg.norm(reduced(vectors), axis=0))
        if short[1] < lengths[-1] / 3 and np.linalg.cond(vectors) < 20:
            assert short[0] == pytest.approx(lengths[0])
            assert abs(np.linalg.det(reduced(vectors))) == pytest.approx(
                abs(np.linalg.det(vectors))
            )


def test_planes_of_gold_along_110():
    _, spacing = Lattice(CELLS["fcc [110]"][0], np.zeros((1, 2))).planes()
    np.testing.assert_allclose(spacing[:3], [A / np.sqrt(3), A / np.sqrt(3), A / 2])


def test_neighbours_of_a_hexagonal_lattice_come_in_shells():
    vectors, _, sites = Lattice(HEXAGONAL, np.zeros((1, 2))).neighbours(0)
    length = np.linalg.norm(vectors @ HEXAGONAL.T, axis=1)
    np.testing.assert_allclose(length[:18], np.repeat([1, np.sqrt(3), 2], 6))
    assert not sites.any()


def test_directions_are_anticlockwise_from_x():
    upwards = Lattice(np.array([[1.0, -1.0], [1.0, 1.0]]), np.zeros((1, 2)))
    assert (upwards.direction, upwards.angle) == (pytest.approx(45), pytest.approx(90))
