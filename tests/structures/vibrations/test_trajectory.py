"""Synthetic motions of known standard deviation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temnet.structures.geometry import rotation_about
from temnet.structures.vibrations.trajectory import (
    Trajectory,
    displacements,
    quantum_factor,
    stayed,
)

FRAMES = 400


def trajectory(positions, component=None, periodic=(False,), sheet=False):
    atoms = positions.shape[1]
    return Trajectory(
        numbers=np.full(atoms, 79),
        positions=positions,
        interval=10.0,
        component=np.zeros(atoms, int) if component is None else component,
        periodic=periodic,
        sheet=sheet,
        temperature=300.0,
    )


def ball(rng, count=200):
    return rng.uniform(-10, 10, (count, 3))


def test_drift_and_rotation_of_the_whole_are_no_vibration():
    rng = np.random.default_rng(0)
    rest = ball(rng)
    shaken = rest + rng.normal(0, 0.08, (FRAMES, *rest.shape))
    turned = [
        frame @ rotation_about(np.array([1.0, 2, 3]), 0.3 * i / FRAMES).T + 5.0 * i / FRAMES
        for i, frame in enumerate(shaken)
    ]
    moves, _ = displacements(trajectory(np.stack(turned)), 40.0)
    assert moves.std() == pytest.approx(0.08, rel=0.02)
    # A periodic body cannot turn, so there the rotation stays in.
    moves, _ = displacements(trajectory(np.stack(turned), periodic=(True,)), 40.0)
    assert moves.std() > 0.3


def test_bodies_move_by_themselves():
    rng = np.random.default_rng(1)
    rest = np.concatenate([ball(rng), ball(rng) + 30])
    frames = rest + rng.normal(0, 0.05, (FRAMES, *rest.shape))
    frames[:, 200:] += np.linspace(0, 4, FRAMES)[:, None, None]
    component = np.repeat([0, 1], 200)
    moves, _ = displacements(trajectory(frames, component, (False, False)), 40.0)
    assert moves.std() == pytest.approx(0.05, rel=0.02)
    moves, _ = displacements(trajectory(frames), 40.0)
    assert moves.std() > 0.3


@pytest.fixture
def sheet():
    side = np.arange(0, 80, 2.0)
    x, y = np.meshgrid(side, side)
    return np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])


def bent(sheet, wavelength, amplitude, rng):
    frames = sheet + rng.normal(0, 0.05, (100, *sheet.shape))
    phase = rng.uniform(0, 2 * np.pi, 100)[:, None]
    frames[..., 2] += amplitude * np.sin(2 * np.pi * sheet[:, 0] / wavelength + phase)
    return frames


def test_long_waves_are_bending_and_short_ones_are_vibration(sheet):
    rng = np.random.default_rng(2)
    moves, _ = displacements(trajectory(bent(sheet, 78.0, 0.5, rng), sheet=True), 40.0)
    assert moves[..., 2].std() == pytest.approx(0.05, rel=0.05)
    moves, _ = displacements(trajectory(bent(sheet, 15.6, 0.5, rng), sheet=True), 40.0)
    assert moves[..., 2].std() == pytest.approx(np.hypot(0.05, 0.5 / 2**0.5), rel=0.05)
    moves, _ = displacements(trajectory(bent(sheet, 78.0, 0.5, rng)), 40.0)  # no sheet
    assert moves[..., 2].std() > 0.2


def test_an_atom_that_hops_is_found():
    moves = np.zeros((10, 3, 3))
    moves[5:, 1, 0] = 2.0
    assert stayed(moves, sheet=True).tolist() == [True, False, True]
    moves[5:, 2, 2] = 2.0
    assert stayed(moves, sheet=False).tolist() == [True, False, False]
    assert stayed(moves, sheet=True).tolist() == [True, False, True]


@settings(deadline=None, max_examples=20)
@given(st.floats(1.0, 20.0), st.floats(50.0, 1000.0))
def test_one_oscillator_has_x_coth_x_times_its_classical_variance(frequency, temperature):
    time = np.arange(2000) * 5.0  # fs
    periods = round(frequency * 1e-3 * 2000 * 5.0)  # whole ones, so that no power leaks
    frequency = periods / (2000 * 5.0) * 1e3
    moves = np.cos(2 * np.pi * frequency * 1e-3 * time)[:, None]
    # h f / k T with h = 6.626e-34, k = 1.381e-23
    x = 6.62607015e-34 * frequency * 1e12 / (2 * 1.380649e-23 * temperature)
    expected = np.sqrt(x / np.tanh(x))
    assert quantum_factor(moves, 5.0, temperature) == pytest.approx(expected, rel=1e-5)


def test_no_motion_needs_no_correction():
    assert quantum_factor(np.zeros((50, 3)), 5.0, 300.0) == 1.0
