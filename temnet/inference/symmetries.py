"""Predictions for an image in the eight symmetries of the square, and their spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from temnet.data.augment import SYMMETRIES, apply_symmetry
from temnet.inference.peak_finder import PeakFinder
from temnet.records import Peaks

FEWEST = 2
"""Predictions that must contain a column for its position to have a spread."""


def predict_symmetries(
    predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray
) -> np.ndarray:
    """Predictions for an image turned and mirrored, each turned back.

    Args:
        predict: From (row, col, focus) to (row, col, channel).
        images: (row, col, focus), normalised.

    Returns:
        (8, row, col, channel) float32.
    """
    first = predict(images)
    each = np.empty((SYMMETRIES, *first.shape), np.float32)
    each[0] = first
    for symmetry in range(1, SYMMETRIES):
        each[symmetry] = _undone(predict(apply_symmetry(images, symmetry)), symmetry)
    return each


def _undone(maps: np.ndarray, symmetry: int) -> np.ndarray:
    """The inverse of `apply_symmetry`."""
    mirrored = maps[:, ::-1] if symmetry >= 4 else maps
    return np.rot90(mirrored, -(symmetry % 4), axes=(0, 1))


def with_spread(peaks: Peaks, predictions: np.ndarray, finder: PeakFinder) -> Peaks:
    """Peaks with the standard deviations of position and class over several predictions.

    Args:
        peaks: Columns found in the mean of the predictions.
        predictions: (prediction, row, col, class + 1) probabilities.
        finder: Settings that the peaks were found by; a single prediction needs half the
            threshold, and a column may move by up to half the distance.

    Returns:
        The same peaks; ``spread`` is per axis [Å], NaN where only one prediction has the column,
        and ``class_spread`` is that of the probability of the peak's class at its pixel.
    """
    places = np.full((len(predictions), len(peaks), 2), np.nan)
    lower = finder.with_threshold(finder.threshold / 2)
    for number, prediction in enumerate(predictions):
        single = lower.find(prediction)
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
    class_spread = _class_spread(peaks, predictions, finder)
    return replace(peaks, spread=spread, class_spread=class_spread)


def _class_spread(peaks: Peaks, predictions: np.ndarray, finder: PeakFinder) -> np.ndarray:
    """(N,) standard deviation over the predictions of the probability of each peak's class."""
    last = np.array(predictions.shape[1:3]) - 1
    row, col = np.clip(np.rint(peaks.positions / finder.sampling).astype(int), 0, last).T
    at_peaks = predictions[:, row, col].astype(np.float64)
    _, classes = finder.calibration.apply(1 - at_peaks[..., -1], at_peaks[..., :-1])
    return np.std(classes[:, np.arange(len(peaks)), peaks.class_index], axis=0, ddof=1)
