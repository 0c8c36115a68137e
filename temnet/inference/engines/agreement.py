"""Does another engine find what Keras finds?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from temnet.images.normalize import normalize
from temnet.inference.peak_finder import PeakFinder
from temnet.models.network import Network
from temnet.records import Peaks

LEAST_F1, SHIFT_TOLERANCE, SCORE_TOLERANCE = 0.999, 0.05, 0.02
"""On check images of the network: lowest F1 of the columns of one engine against those of the
other, largest root mean square shift of a column [Å], largest difference of most scores."""

MOST = 0.99
"""Fraction of the columns whose scores must agree: the largest difference of all grows with their
number."""

PROBABILITY_TOLERANCE, POSITION_TOLERANCE = 0.02, 0.02
"""Of a network without check images: largest differences from Keras on the test image, in
probability and in peaks [Å]."""

TEST_SIZE = 192
"""Approximate number of rows and columns of the test image."""

SPACING = 6.0
"""Distance of the test image's columns, in label widths."""


@dataclass(frozen=True)
class Agreement:
    """How far the columns of two engines agree.

    Attributes:
        columns: Number of columns, of both engines on average.
        f1: F1 of the columns of one engine against those of the other; columns must have the same
            class.
        shift: Root mean square distance of the same column [Å].
        score: Largest difference of a score, without the hundredth part of the columns (`MOST`)
            that differ most.
    """

    columns: float
    f1: float
    shift: float
    score: float

    @property
    def same(self) -> bool:
        """Whether the engines find the same."""
        return (
            self.f1 >= LEAST_F1 and self.shift <= SHIFT_TOLERANCE and self.score <= SCORE_TOLERANCE
        )

    def __str__(self) -> str:
        """In words."""
        return (
            f"on check images with {self.columns:.0f} columns F1 {self.f1:.4f}, shift "
            f"{100 * self.shift:.2g} pm, scores within {self.score:.2g}"
        )


def agreement(
    network: Network, expected: Sequence[np.ndarray], found: Sequence[np.ndarray]
) -> Agreement:
    """How far the columns in two sets of maps agree.

    A column whose score is so near the threshold that it may be missing in one of them counts as
    found if it is there with a score just below, and one that has hardly any preference among two
    classes may have either.

    Args:
        network: The network; its threshold and label width define peaks.
        expected: Probabilities (row, col, class + 1) of each image.
        found: The same by another engine.
    """
    finder = PeakFinder.of(network)
    lower = finder.with_threshold(max(finder.threshold - SCORE_TOLERANCE, 0))
    total = right = 0
    shifts, scores = [np.zeros(0)], [np.zeros(0)]
    for pair in zip(expected, found, strict=True):
        one, other = (lower.find(each) for each in pair)
        for here, there in ((one, other), (other, one)):
            clear = here.select(here.score >= finder.threshold)
            total += len(clear)
            same, nearest = _partners(clear, there, finder.min_distance / 2)
            right += int(same.sum())
            mine, partners = clear.select(same), there.select(nearest[same])
            shifts.append(np.linalg.norm(mine.positions - partners.positions, axis=1))
            scores.append(np.abs(mine.score - partners.score))
    moved, changed = np.concatenate(shifts), np.concatenate(scores)
    return Agreement(
        columns=total / 2,
        f1=right / total if total else 1.0,
        shift=float(np.sqrt(np.mean(moved**2))) if len(moved) else 0.0,
        score=float(np.quantile(changed, MOST)) if len(changed) else 0.0,
    )


def _partners(one: Peaks, other: Peaks, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """For each column whether the other has it within the radius, and its index there.

    The class must be the same, or one that is hardly less likely for the column.
    """
    if not len(other):
        return np.zeros(len(one), bool), np.zeros(len(one), np.int64)
    distance, nearest = cKDTree(other.positions).query(one.positions)
    each, theirs = np.arange(len(one)), other.class_index[nearest]
    lead = one.probabilities[each, one.class_index] - one.probabilities[each, theirs]
    return (distance <= radius) & (lead <= 2 * SCORE_TOLERANCE), nearest


def fixed_image(network: Network, unit: int) -> np.ndarray:
    """A lattice of bright columns, beside one of dark columns, in noise.

    Args:
        network: The network.
        unit: Rows and columns are multiples of this.

    Returns:
        (row, col, focus) float32, normalised, at the network's pixels; always the same.
    """
    labels, sampling = network.labels, network.sampling
    size = -(-TEST_SIZE // unit) * unit
    place = np.arange(size) * sampling
    spacing = SPACING * labels.width
    offset = (place + spacing / 2) % spacing - spacing / 2
    # The columns of the lattice wander between the pixels, since the spacing is no multiple.
    spot = np.exp(-0.5 * (offset / labels.width) ** 2)
    lattice = spot[:, None] * spot * np.where(np.arange(size) < size // 2, 1, -1)
    focus_count = network.experiment.focus_count
    contrast = 0.3 * np.linspace(1, -1, focus_count) if focus_count > 1 else np.array([0.3])
    noise = 0.05 * np.random.default_rng(0).normal(size=(size, size, focus_count))
    images = 1 + lattice[..., None] * contrast + noise
    return normalize(images.astype(np.float32), sampling, labels.normalisation_width)


def disagreement(network: Network, expected: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Differences between two predictions for the same image.

    Args:
        network: The network; its threshold and label width define peaks.
        expected: (row, col, class + 1) probabilities.
        found: The same by another engine.

    Returns:
        Largest difference of a probability, and of a peak's position [Å]; the latter is infinite
        if one prediction has a peak, clearly above the threshold, that the other lacks.
    """
    finder = PeakFinder.of(network).uncalibrated()
    threshold = finder.threshold
    lower = finder.with_threshold(max(threshold - PROBABILITY_TOLERANCE, 0))
    one, other = (lower.find(each) for each in (expected, found))
    farthest = 0.0
    for here, there in ((one, other), (other, one)):
        clear = here.positions[here.score >= threshold + PROBABILITY_TOLERANCE]
        if len(clear) and not len(there):
            farthest = np.inf
        elif len(clear):
            farthest = max(farthest, float(cKDTree(there.positions).query(clear)[0].max()))
    return float(np.abs(expected - found).max()), farthest
