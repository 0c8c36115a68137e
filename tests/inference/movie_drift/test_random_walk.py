"""The likeliest walk, compared with the solution of its linear equations."""

import numpy as np
import pytest

from temnet.inference.movie_drift.random_walk import likely_walk

OFFSETS = np.arange(-24, 25) * 0.1


def evidence(places, sigma):
    """Logarithms of Gaussians about places (frame, 2) [Å]."""
    row = -((OFFSETS - places[:, :1]) ** 2) / (2 * sigma**2)
    col = -((OFFSETS - places[:, 1:]) ** 2) / (2 * sigma**2)
    return row[:, :, None] + col[:, None]


def smoothed(places, drift, velocity, sigma, step):
    """Posterior mean of a Gaussian random walk observed with Gaussian errors."""
    count = len(places)
    steps = np.diff(np.eye(count), axis=0)
    # Walk of the whole drift, of which `drift` is known: steps r' - r = velocity - drift steps.
    system = np.eye(count) / sigma**2 + steps.T @ steps / step**2
    expected = velocity - np.diff(drift, axis=0)
    return np.linalg.solve(system, places / sigma**2 + steps.T @ expected / step**2)


@pytest.mark.parametrize("step", [0.2, 0.5])
def test_the_walk_is_that_of_the_linear_equations(step):
    rng = np.random.default_rng(3)
    places, drift = rng.normal(0, 0.4, (12, 2)), rng.normal(0, 0.1, (12, 2))
    velocity = np.array([0.05, -0.1])
    found = likely_walk(evidence(places, 0.3), OFFSETS, drift, velocity, (step,))
    wanted = smoothed(places, drift, velocity, 0.3, np.hypot(step, 0.03))
    np.testing.assert_allclose(found.mean, wanted, atol=0.01)


def test_the_step_is_measured():
    rng = np.random.default_rng(5)
    for true, tried in ((0.05, (0.05, 0.4)), (0.4, (0.05, 0.4))):
        places = np.cumsum(rng.normal(0, true, (40, 2)), axis=0)
        drift = places - places.mean(axis=0)
        seen = evidence(rng.normal(0, 0.1, (40, 2)), 0.1)
        found = likely_walk(seen, OFFSETS, drift, np.zeros(2), tried)
        assert found.step == true


def test_frames_without_evidence_lie_between_the_others():
    seen = evidence(np.array([[-0.5, 0.3], [0, 0], [0, 0], [0.7, 0.3]]), 0.05)
    seen[1:3] = 0
    found = likely_walk(seen, OFFSETS, np.zeros((4, 2)), np.zeros(2), (0.3,))
    np.testing.assert_allclose(found.mean[:, 0], [-0.5, -0.1, 0.3, 0.7], atol=0.03)
    assert found.spread[1] > found.spread[0]
