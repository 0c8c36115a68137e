"""What a network says of an image in all symmetries of the square, and how far that agrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from temnet.data.augment import SYMMETRIES, apply_symmetry
from temnet.inference.peak_finder import PeakFinder
from temnet.records import Peaks

FEWEST = 2
"""Answers in which a column has to be for its position to have a spread."""


def symmetric_answers(look: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
    """Answers to an image turned and mirrored, each turned back.

    Args:
        look: From (row, col, focus) to (row, col, channel).
        images: (row, col, focus), normalised.

    Returns:
        (8, row, col, channel) float32.
    """
    first = look(images)
    answers = np.empty((SYMMETRIES, *first.shape), np.float32)
    answers[0] = first
    for symmetry in range(1, SYMMETRIES):
        answers[symmetry] = _undone(look(apply_symmetry(images, symmetry)), symmetry)
    return answers


def _undone(maps: np.ndarray, symmetry: int) -> np.ndarray:
    """The inverse of `apply_symmetry`."""
    mirrored = maps[:, ::-1] if symmetry >= 4 else maps
    return np.rot90(mirrored, -(symmetry % 4), axes=(0, 1))


def with_spread(peaks: Peaks, answers: np.ndarray, finder: PeakFinder) -> Peaks:
    """Peaks with the standard deviations of position and class over several answers.

    Args:
        peaks: Columns found in the mean of the answers.
        answers: (answer, row, col, class + 1) probabilities.
        finder: What found them; half its threshold counts in a single answer, and half its
            distance is how far a column may move.

    Returns:
        The same peaks; ``spread`` is per axis [Å], NaN where only one answer has the column, and
        ``class_spread`` that of the probability of the peak's class at its pixel.
    """
    places = np.full((len(answers), len(peaks), 2), np.nan)
    lower = finder.with_threshold(finder.threshold / 2)
    for number, answer in enumerate(answers):
        single = lower.find(answer)
        if not len(single) or not len(peaks):
            continue
        distance, nearest = cKDTree(single.positions).query(peaks.positions)
        near = distance < finder.min_distance / 2
        places[number, near] = single.positions[nearest[near]]
    count = np.isfinite(places[..., 0]).sum(axis=0)
    known = count >= FEWEST
    spread = np.full(len(peaks), np.nan)
    variance = np.nanvar(places[:, known], axis=0).mean(axis=-1)
    spread[known] = np.sqrt(variance * count[known] / (count[known] - 1))
    return replace(peaks, spread=spread, class_spread=_class_spread(peaks, answers, finder))


def _class_spread(peaks: Peaks, answers: np.ndarray, finder: PeakFinder) -> np.ndarray:
    """(N,) standard deviation over the answers of the probability of each peak's class."""
    last = np.array(answers.shape[1:3]) - 1
    row, col = np.clip(np.rint(peaks.positions / finder.sampling).astype(int), 0, last).T
    said = answers[:, row, col].astype(np.float64)
    _, classes = finder.calibration.apply(1 - said[..., -1], said[..., :-1])
    return np.std(classes[:, np.arange(len(peaks)), peaks.class_index], axis=0, ddof=1)
