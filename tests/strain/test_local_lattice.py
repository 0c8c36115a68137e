"""Grains, neighbours and states, on crystals whose defects are known."""

import numpy as np
import pytest

from temnet.strain.local_lattice import State, local_lattices
from tests.strain.crystals import CELLS, A, crystal

NOISE = {"fcc [110]": 0.1, "fcc [100]": 0.1, "fcc [111]": 0.07, "graphene": 0.05, "MoS2": 0.07}
"""Errors along an axis [Å] that leave nearly all columns with a value."""


def noisy(points, sigma, seed=0):
    return points + np.random.default_rng(seed).normal(0, sigma, points.shape)


@pytest.mark.parametrize("name", CELLS)
def test_nearly_all_columns_of_a_crystal_have_a_lattice(name):
    points = noisy(crystal(name, 20.0, 13), NOISE[name])
    found = local_lattices(points)
    assert len(found.grains) == 1
    assert found.fitted.mean() > 0.97
    deviation = np.sqrt(np.mean(found.errors[found.fitted][:, [0, 1], [0, 1]]))
    assert deviation == pytest.approx(NOISE[name], rel=0.06)


@pytest.mark.parametrize("seed", range(5))
def test_amorphous_columns_have_no_lattice(seed):
    rng = np.random.default_rng(seed)
    points = np.zeros((0, 2))
    while len(points) < 200:  # no two closer than atoms are
        new = rng.uniform(0, 40, 2)
        if np.all(np.linalg.norm(points - new, axis=1) > 2.0):
            points = np.concatenate([points, new[None]])
    assert set(local_lattices(points).state) == {State.NO_LATTICE}


def twin(radius=22.0):
    """Gold along [110], mirrored at a {111} plane; the row of each column, 0 in the plane."""
    along = CELLS["fcc [110]"][0][:, 1]
    along = along / np.linalg.norm(along)
    across = np.array([-along[1], along[0]])
    points = crystal("fcc [110]", radius)
    upper = points[points @ across > -0.01]
    lower = upper[upper @ across > 0.01]
    points = np.concatenate([upper, lower - 2 * np.outer(lower @ across, across)])
    return points, np.rint(points @ across / (A / np.sqrt(3))).astype(int)


def test_twins_are_two_grains_and_the_twin_plane_fits_neither():
    points, row = twin()
    found = local_lattices(noisy(points, 0.08))
    assert len(found.grains) == 2
    assert set(found.state[row == 0]) == {State.MISFIT}
    assert found.fitted[row != 0].all()
    assert len(set(found.grain[row > 0])) == len(set(found.grain[row < 0])) == 1
    assert found.grain[row > 0][0] != found.grain[row < 0][0]


def test_two_crystals_are_two_grains_each_with_its_own_lattice():
    gold, sheet = crystal("fcc [100]", 15.0, 10), crystal("MoS2", 15.0, 0, (33.0, 0.0))
    found = local_lattices(np.concatenate([sheet, gold]))
    assert [len(grain.lattice.sites) for grain in found.grains] == [1, 2]
    assert set(found.grain[: len(sheet)]) == {1}
    assert set(found.grain[len(sheet) :]) == {0}


def test_a_column_beside_the_lattice_makes_its_neighbours_a_misfit():
    points = crystal("fcc [110]", 20.0)
    beside = np.array([[1.2, 1.4]])
    found = local_lattices(np.concatenate([points, beside]))
    near = np.linalg.norm(points - beside, axis=1) < 2.0
    far = np.linalg.norm(points - beside, axis=1) > 4.0
    assert set(found.state[:-1][near]) == {State.MISFIT}
    assert found.state[-1] != State.FITTED
    assert found.fitted[:-1][far].all()


def test_columns_with_few_neighbours_have_no_value():
    points = crystal("fcc [100]", 15.0)
    right = points[:, 0].max()
    step = np.array([[A / 2, 0.0]])
    chain = np.array([points[np.argmax(points[:, 0])]]) + step * np.arange(1, 6)[:, None]
    found = local_lattices(np.concatenate([points, chain]))
    assert right > 14
    assert not found.fitted[-4:].any()
    assert found.fitted[: len(points)].mean() > 0.95


def test_neighbours_in_one_row_give_no_value():
    """A square of columns with a row of two at one side, of which the second has only the row."""
    block = np.stack(np.meshgrid(*2 * [np.arange(9)]), axis=-1).reshape(-1, 2)
    found = local_lattices(np.concatenate([block, [[9, 4], [10, 4]]]) * 2.0, neighbours=8)
    assert found.state[-2:].tolist() == [State.FITTED, State.ONE_ROW]
    assert State.ONE_ROW.word == "one-row"


@pytest.mark.parametrize("rows", [1, 2])
def test_one_row_or_two_are_no_lattice(rows):
    points = np.stack(np.meshgrid(np.arange(30), np.arange(rows)), axis=-1).reshape(-1, 2)
    assert set(local_lattices(points * 2.0).state) == {State.NO_LATTICE}


@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_few_columns_have_no_lattice(count):
    found = local_lattices(crystal("fcc [100]", 15.0)[:count])
    assert found.grains == []
    assert len(found.state) == count


def test_a_known_position_error_counts_as_four_residuals_of_the_grain_and_of_the_column():
    points = noisy(crystal("fcc [100]", 15.0), 0.05)
    found = local_lattices(points, position_error=np.full(len(points), 1.0))
    fits, own = found.fits, found.fitted
    share = 1 / (1 + fits.used[own])
    grain = (4 * np.eye(2) + np.einsum("n,nij->ij", share, fits.scatter[own])) / (
        4 + np.sum(share * fits.freedom[own])
    )
    single = (4 * grain + fits.scatter[own]) / (4 + fits.freedom[own])[:, None, None]
    np.testing.assert_allclose(found.errors[own], single)
    np.testing.assert_allclose(found.errors[~own], np.broadcast_to(grain, (np.sum(~own), 2, 2)))


def test_an_error_that_is_wrong_is_scaled_by_the_residuals():
    """Columns with 0.05 Å are not 0.5 Å."""
    points = noisy(crystal("fcc [100]", 23.0), 0.05)
    errors = local_lattices(points, position_error=np.full(len(points), 0.5)).errors[:, 0, 0]
    assert np.sqrt(np.median(errors)) == pytest.approx(0.05, rel=0.25)


def test_columns_with_larger_errors_weigh_less():
    """A third of the columns has six times the error of the others."""
    points, rng = crystal("fcc [110]", 18.0, 20), np.random.default_rng(4)
    sigma = np.where(np.arange(len(points)) % 3 == 0, 0.18, 0.03)
    spread, ratios = [], []
    for known in (sigma, None):
        vectors = []
        for _ in range(20):
            moved = points + rng.normal(0, 1, points.shape) * sigma[:, None]
            found = local_lattices(moved, position_error=known)
            vectors.append(found.fits.vectors[found.complete])
            if known is not None:
                reported = np.sqrt(found.errors[found.fitted, 0, 0])
                ratios.append(reported / sigma[found.fitted])
        spread.append(np.std(np.concatenate(vectors), axis=0).max())
    assert spread[0] < 0.6 * spread[1]
    assert np.median(np.concatenate(ratios)) == pytest.approx(1, abs=0.1)


def test_the_order_of_the_columns_has_no_effect():
    points = noisy(twin()[0], 0.08)
    order = np.random.default_rng(3).permutation(len(points))
    first, second = local_lattices(points), local_lattices(points[order])
    np.testing.assert_array_equal(first.state[order], second.state)
