"""Polar decomposition, signs and error propagation, against SciPy, by hand and by drawing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import polar

from temnet.strain.deformation import (
    QUANTITIES,
    deformation,
    deformation_slopes,
    rotation,
    stretch,
)

SMALL = st.floats(-0.4, 0.4)


@given(SMALL, SMALL, SMALL, SMALL)
def test_the_decomposition_is_that_of_scipy(a, b, c, d):
    gradient = np.eye(2) + [[a, b], [c, d]]
    turn, v = polar(gradient, side="left")
    own, angle = stretch(gradient)
    np.testing.assert_allclose(own, v, atol=1e-12)
    np.testing.assert_allclose(rotation(angle), turn, atol=1e-12)


def named(gradient, vectors=None):
    vectors = np.eye(2) if vectors is None else vectors
    return dict(zip(QUANTITIES, deformation(np.asarray(gradient, float), vectors), strict=True))


def test_each_component_by_hand():
    half = named([[1.5, 0], [0, 0.8]])
    assert half["e_xx"] == pytest.approx(0.5)  # not 1/1.5 - 1
    assert half["e_yy"] == pytest.approx(-0.2)
    assert half["dilatation"] == pytest.approx(0.2)
    assert (half["e_xy"], half["rotation"]) == (0, 0)
    assert named(rotation(np.radians(30)))["rotation"] == pytest.approx(30)
    assert named([[1, 0.1], [0.1, 1]])["e_xy"] == pytest.approx(0.1)
    along = named([[1.5, 0], [0, 1]], np.array([[1, 0], [0, 1]]) @ [[1, 1], [0, 1]])
    assert along["e_a"] == pytest.approx(0.5)
    assert along["e_b"] == pytest.approx(np.sqrt((1.5**2 + 1) / 2) - 1)


def test_strain_does_not_depend_on_the_orientation_of_the_reference():
    gradient = np.array([[1.04, 0.05], [-0.01, 0.97]])
    turned = named(gradient @ rotation(0.7))
    for name in ("e_xx", "e_yy", "e_xy", "dilatation"):
        assert turned[name] == pytest.approx(named(gradient)[name])
    assert turned["rotation"] == pytest.approx(named(gradient)["rotation"] + np.degrees(0.7))


def test_slopes_are_the_changes_of_drawn_gradients():
    rng = np.random.default_rng(2)
    gradient = np.array([[1.03, 0.04], [-0.08, 0.98]])
    vectors = np.array([[2.0, 0.5], [0.0, 1.5]])
    changes = rng.normal(0, 1e-5, (100, 2, 2))
    moved = deformation(gradient + changes, vectors) - deformation(gradient, vectors)
    own = deformation_slopes(gradient[None], vectors)[0]
    expected = np.einsum("qij,nij->nq", own, changes)
    np.testing.assert_allclose(moved, expected, atol=1e-4 * np.abs(expected).max())
