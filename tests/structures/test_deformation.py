import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.structures.mos2 import MoS2
from temnet.structures.deformation import Deformation, draw_deformation
from temnet.structures.geometry import Field
from temnet.structures.mos2 import build_mos2

CENTRE = np.array([10.0, 5.0])
STILL = {
    "centre": CENTRE, "strain": np.zeros((2, 2)), "wave": np.zeros(2), "shift": np.zeros(2),
    "phase": 0.0, "ripple": np.zeros(2), "height": 0.0, "ripple_phase": 0.0,
}  # fmt: skip


def sheet(spacing=1.0):
    x, y = np.mgrid[0:60:spacing, 0:60:spacing].reshape(2, -1)
    return np.column_stack([x, y, np.zeros_like(x)])


def test_uniform_strain_is_recovered_by_least_squares():
    strain = np.array([[0.02, 0.005], [0.005, -0.01]])
    points = sheet()
    moved = Deformation(**(STILL | {"strain": strain}))(points)
    fitted = np.linalg.lstsq(points[:, :2] - CENTRE, moved[:, :2] - CENTRE, rcond=None)[0]
    np.testing.assert_allclose(fitted, np.eye(2) + strain, atol=1e-12)


def test_local_strain_has_the_asked_amplitude():
    found = draw_deformation(CENTRE, 0, 0.02, 0, 50.0, np.random.default_rng(0))
    points = sheet(0.5)
    shift = (found(points) - points)[:, :2]
    # Its derivative along the wave is at most the asked strain, and reaches it.
    step = 1e-4 * found.wave / np.linalg.norm(found.wave)
    beside = points + np.array([*step, 0])
    slope = np.linalg.norm((found(beside) - beside)[:, :2] - shift, axis=1) / 1e-4
    assert slope.max() == pytest.approx(0.02, rel=0.01)


def test_a_ripple_keeps_bonds_and_the_distance_of_the_sulphur_planes():
    ripple = {"ripple": np.array([2 * np.pi / 40, 0.0]), "height": 2.0, "ripple_phase": 0.3}
    found = Deformation(**(STILL | ripple))
    points = sheet()
    moved = found(points)
    assert np.ptp(moved[:, 2]) == pytest.approx(4.0, rel=0.01)
    bonds = np.linalg.norm(np.diff(moved.reshape(60, 60, 3), axis=0), axis=2)
    np.testing.assert_allclose(bonds, 1.0, atol=0.01)
    # Without drawing it together the bonds would be longer by half the slope's square, 5 %.
    flat = points.copy()
    flat[:, 2] = moved[:, 2]
    assert np.linalg.norm(np.diff(flat.reshape(60, 60, 3), axis=0), axis=2).max() > 1.04
    above, below = (found(points + [0, 0, z]) for z in (1.56, -1.56))
    np.testing.assert_allclose(np.linalg.norm(above - below, axis=1), 3.12, atol=0.01)


def test_nothing_asked_for_is_nothing_done():
    points = sheet()
    found = draw_deformation(CENTRE, 0, 0, 0, 50.0, np.random.default_rng(0))
    np.testing.assert_allclose(found(points), points, atol=1e-12)


def test_columns_of_a_strained_flake_follow_it():
    field = Field(30.0, 30.0, 5.0)
    plain = {
        "lattice_constant": 3.16, "tilt_deg": 0, "edge_probability": 0, "holes": 0,
        "rotation_deg": 0,
    }  # fmt: skip
    rest = build_mos2(MoS2(**plain), field, ("Mo", "S2", "S"), np.random.default_rng(0))
    strained = build_mos2(
        MoS2(**plain, strain=0.02, ripple=1.0), field, ("Mo", "S2", "S"), np.random.default_rng(0)
    )
    np.testing.assert_array_equal(rest.columns.class_index, strained.columns.class_index)
    index = strained.atom_column[0]
    own = strained.atoms.positions[strained.atom_column == index]
    np.testing.assert_allclose(strained.columns.positions[index], own[:, [1, 0]].mean(axis=0))
    before, after = (
        np.median(cKDTree(one.columns.positions).query(one.columns.positions, k=2)[0][:, 1])
        for one in (rest, strained)
    )
    assert abs(after / before - 1) > 1e-3
