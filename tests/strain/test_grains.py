"""Grains of crystals that are made by hand."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.strain.grains import SMALLEST, find_grains, is_lattice
from temnet.strain.lattice import Lattice
from temnet.strain.neighbourhood import fit, match, template
from tests.strain.crystals import CELLS, crystal


@pytest.mark.parametrize("name", CELLS)
def test_a_crystal_is_one_grain_with_its_own_sites(name):
    points = crystal(name, radius=16, degrees=17)
    (grain,) = find_grains(points)
    assert np.mean(grain.site >= 0) > 0.9
    assert len(grain.lattice.sites) == len(CELLS[name][1])
    assert abs(np.linalg.det(grain.lattice.vectors)) == pytest.approx(
        abs(np.linalg.det(CELLS[name][0])), rel=1e-6
    )
    # Two columns of one site are whole vectors of the lattice apart.
    for site in range(len(grain.lattice.sites)):
        own = points[grain.site == site]
        steps = np.linalg.solve(grain.lattice.vectors, (own - own[0]).T)
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)


def test_a_lattice_is_followed_through_a_rotation_that_grows():
    bar = crystal("fcc [100]", radius=30)
    x, y = bar[np.abs(bar[:, 1]) < 6].T
    turn = x / 60  # from -28 to 28 degrees
    bent = np.stack([(60 - y) * np.sin(turn), 60 - (60 - y) * np.cos(turn)], -1)
    (grain,) = find_grains(bent)
    assert np.mean(grain.followed) > 0.8
    followed = grain.vectors[grain.followed]
    angle = np.unwrap(
        4 * np.arctan2(followed[:, 1, 0], followed[:, 0, 0])[np.argsort(x[grain.followed])]
    )
    slope = np.polyfit(np.sort(x[grain.followed]), angle / 4, 1)[0]
    assert slope == pytest.approx(1 / 60, rel=0.05)


def test_two_crystals_are_two_grains_the_larger_first():
    large, small = crystal("fcc [100]", 14), crystal("fcc [111]", 9, 20, centre=(40, 0))
    grains = find_grains(np.concatenate([small, large]))
    assert len(grains) == 2
    sizes = [int((grain.site >= 0).sum()) for grain in grains]
    assert sizes[0] > sizes[1]
    assert not np.any(grains[0].site[: len(small)] >= 0)
    assert not np.any(grains[1].site[len(small) :] >= 0)


@pytest.mark.parametrize("count", [0, 1, SMALLEST, 100])
def test_random_points_and_few_columns_are_no_grain(count):
    points = np.random.default_rng(4).uniform(0, 3 * np.sqrt(count + 1), (count, 2))
    assert find_grains(points) == []


@pytest.mark.parametrize(("shear", "same"), [(0.05, True), (0.2, True), (0.36, False)])
def test_a_shear_as_of_a_twin_is_another_lattice(shear, same):
    cell = CELLS["fcc [100]"][0]
    points = crystal("fcc [100]", 10) @ np.array([[1, 0], [shear, 1]])
    lattice = Lattice(cell, np.zeros((1, 2)))
    sheared = np.array([[1, shear], [0, 1]]) @ cell
    centre = np.array([int(np.argmin(np.linalg.norm(points, axis=1)))])
    shape, site = template(lattice, 8), np.zeros(1, int)
    matches = match(cKDTree(points), points[centre], sheared[None], site, shape, 0.3)
    fits = fit(points, centre, site, shape, matches, cell)
    np.testing.assert_allclose(fits.vectors[0], sheared, atol=1e-9)
    # The larger principal strain of a simple shear is about half of it.
    assert is_lattice(fits, lattice).tolist() == [same]
