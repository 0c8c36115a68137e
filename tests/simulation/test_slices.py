import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temnet.simulation.slices import nearest_planes, slice_planes


def test_vibrating_planes_are_one_slice_each():
    rng = np.random.default_rng(0)
    resting = np.repeat([-1.565, 0.0, 1.565], 50)
    index, planes = slice_planes(resting + rng.normal(0, 0.08, 150), np.ones(150), 1.0)
    np.testing.assert_array_equal(index, np.repeat([0, 1, 2], 50))
    np.testing.assert_allclose(planes, [-1.565, 0, 1.565], atol=0.05)


def test_heavy_atoms_draw_the_plane_to_them():
    _, planes = slice_planes(np.array([0.0, 0.5]), np.array([3.0, 1.0]), 1.0)
    assert planes.tolist() == [0.125]


def test_a_single_atom_is_a_slice():
    index, planes = slice_planes(np.array([7.0]), np.ones(1), 1.0)
    assert index.tolist() == [0] and planes.tolist() == [7.0]


@settings(deadline=None)
@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=60),
    st.floats(0.1, 5),
)
def test_no_slice_is_thicker_than_asked_and_their_order_is_that_of_the_atoms(depths, thickness):
    depths = np.array(depths)
    index, planes = slice_planes(depths, np.ones(len(depths)), thickness)
    assert np.all(np.diff(planes) > 0)
    assert set(index) == set(range(len(planes)))
    for number, plane in enumerate(planes):
        own = depths[index == number]
        assert np.ptp(own) <= thickness * (1 + 1e-9)
        assert plane == pytest.approx(own.mean())
        assert np.all(depths[index > number] > own.max())


@settings(deadline=None)
@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=60),
    st.lists(st.floats(-50, 50), min_size=1, max_size=6, unique=True),
)
def test_atoms_go_to_the_nearest_plane(depths, planes):
    depths, planes = np.array(depths), np.sort(planes)
    chosen = np.abs(planes[nearest_planes(depths, planes)] - depths)
    np.testing.assert_allclose(chosen, np.abs(planes[:, None] - depths).min(axis=0), atol=1e-9)
