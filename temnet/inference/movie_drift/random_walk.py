"""The drift that evidence of each frame and a random walk from frame to frame make likely.

The forward-backward recursion on a grid of shifts: Rabiner, Proc. IEEE 77, 257 (1989).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 1e-300
"""Smallest probability."""

STRAY = 1e-12
"""Density of steps of any length [1/Å], so that no jump is impossible."""

GRID_BLUR = 0.3
"""Standard deviation that a grid adds to each step, in its spacing: that of a uniform error."""


@dataclass(frozen=True)
class Walk:
    """A drift beyond a known one.

    Attributes:
        mean: (frame, 2) expected shift [Å].
        spread: (frame,) standard deviation of the shift, of rows and columns together [Å].
        log_likelihood: Of all evidence.
        step: Standard deviation of the steps that explains the evidence best [Å].
    """

    mean: np.ndarray
    spread: np.ndarray
    log_likelihood: float
    step: float


def likely_walk(
    evidence: np.ndarray,
    offsets: np.ndarray,
    drift: np.ndarray,
    velocity: np.ndarray,
    steps: Sequence[float],
) -> Walk:
    """The walk by the step that explains the evidence best.

    Args:
        evidence: (frame, offset, offset) logarithm of the likelihood of each shift beyond the known
            drift; zero where a frame shows nothing.
        offsets: (offset,) evenly spaced shifts along each axis [Å].
        drift: (frame, 2) known drift [Å].
        velocity: (2,) mean step per frame [Å].
        steps: Standard deviations of a step along an axis beyond the velocity that are tried [Å].
    """
    return max(
        (_walk(evidence, offsets, drift, velocity, step) for step in steps),
        key=lambda walk: walk.log_likelihood,
    )


def _walk(
    evidence: np.ndarray,
    offsets: np.ndarray,
    drift: np.ndarray,
    velocity: np.ndarray,
    step: float,
) -> Walk:
    count, size = len(evidence), len(offsets)
    top = evidence.max(axis=(1, 2), keepdims=True)
    likely = np.exp(evidence - top, dtype=float)
    spacing = offsets[1] - offsets[0]
    width = float(np.hypot(step, GRID_BLUR * spacing))
    kernels = [
        _kernels(offsets, away, width) for away in np.diff(drift, axis=0) - velocity
    ]  # (row, col) chances of each step
    forward, total = np.empty_like(likely), float(top.sum())
    ahead = np.full((size, size), 1 / size**2)
    for frame in range(count):
        state = ahead * likely[frame]
        scale = max(float(state.sum()), LEAST)
        total += np.log(scale)
        forward[frame] = state / scale
        if frame < count - 1:
            ahead = kernels[frame][0].T @ forward[frame] @ kernels[frame][1]
    behind = np.ones((size, size))
    mean, variance = np.zeros((count, 2)), np.zeros((count, 2))
    for frame in range(count - 1, -1, -1):
        if frame < count - 1:
            behind = kernels[frame][0] @ (behind * likely[frame + 1]) @ kernels[frame][1].T
            behind /= max(float(behind.max()), LEAST)
        state = forward[frame] * behind
        state /= max(float(state.sum()), LEAST)
        for axis in (0, 1):
            share = state.sum(axis=1 - axis)
            mean[frame, axis] = share @ offsets
            variance[frame, axis] = share @ (offsets - mean[frame, axis]) ** 2
    return Walk(mean, np.sqrt(variance.sum(axis=1)), total, step)


def _kernels(offsets: np.ndarray, away: np.ndarray, width: float) -> list[np.ndarray]:
    """(offset, offset) chances to come from each offset to each other, along rows and columns."""
    spacing = offsets[1] - offsets[0]
    between = offsets[None] - offsets[:, None]
    return [
        spacing
        * (np.exp(-0.5 * ((between + known) / width) ** 2) / (width * np.sqrt(2 * np.pi)) + STRAY)
        for known in away
    ]
