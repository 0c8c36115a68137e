"""Columns as the local maxima of a network's answer."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label, maximum_filter
from scipy.spatial import cKDTree

from temnet.records import Peaks

WIDTHS_APART = 3.0
"""Two columns are at least this many label widths apart, unless a setting says otherwise."""

TINY = 1e-6
"""Added before the logarithm; scores below it carry no shape."""


def default_min_distance(label_width: float) -> float:
    """Distance below which two peaks are one column [Å].

    Args:
        label_width: Standard deviation of the network's labels [Å].
    """
    return WIDTHS_APART * label_width


def find_peaks(
    probabilities: np.ndarray, sampling: float, threshold: float, min_distance: float
) -> Peaks:
    """Local maxima of the probability that there is a column of any class.

    Labels are Gaussians, so a maximum is refined by a parabola through the logarithm of the
    score, along rows and columns, by at most half a pixel.

    Args:
        probabilities: (row, col, class + 1), the background last.
        sampling: Pixel size [Å].
        threshold: Lowest score of a column, an absolute probability.
        min_distance: Of peaks closer than this [Å] the one of higher score is kept.

    Returns:
        Peaks of frame 0, by falling score; ``spread`` is NaN.
    """
    probabilities = np.asarray(probabilities, np.float64)
    score = np.clip(1 - probabilities[..., -1], 0, 1)
    pixels = _maxima(score, threshold)
    value = score[tuple(pixels.T)]
    order = np.lexsort((pixels[:, 1], pixels[:, 0], -value))
    pixels, value = pixels[order], value[order]
    positions = (pixels + _sub_pixel(score, pixels)) * sampling
    keep = _apart(positions, min_distance)
    pixels, value, positions = pixels[keep], value[keep], positions[keep]
    classes = probabilities[tuple(pixels.T)][:, :-1]
    return Peaks(
        frame=np.zeros(len(pixels), np.int64),
        positions=positions,
        class_index=np.argmax(classes, axis=1).astype(np.int64),
        score=value,
        probabilities=classes,
        spread=np.full(len(pixels), np.nan),
    )


def _maxima(score: np.ndarray, threshold: float) -> np.ndarray:
    """(N, 2) pixels that no neighbour exceeds, one for each plateau."""
    top = (score >= threshold) & (score > 0) & (score == maximum_filter(score, 3, mode="nearest"))
    plateaus, count = label(top, structure=np.ones((3, 3)))
    if count == 0:
        return np.zeros((0, 2), np.int64)
    pixels = np.argwhere(plateaus > 0)
    number = plateaus[tuple(pixels.T)] - 1
    size = np.bincount(number, minlength=count)
    middle = np.stack([np.bincount(number, pixels[:, axis]) / size for axis in (0, 1)], axis=1)
    # Of each plateau the pixel nearest to its middle.
    distance = np.sum((pixels - middle[number]) ** 2, axis=1)
    order = np.lexsort((distance, number))
    first = order[np.r_[True, np.diff(number[order]) > 0]]
    return pixels[first]


def _sub_pixel(score: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """(N, 2) offsets of the maxima from their pixels' centres, each within half a pixel."""
    logarithm = np.log(np.pad(score, 1, mode="edge") + TINY)
    row, col = pixels.T + 1
    offsets = np.zeros((len(pixels), 2))
    for axis, (down, right) in enumerate(((1, 0), (0, 1))):
        before = logarithm[row - down, col - right]
        after = logarithm[row + down, col + right]
        bend = before - 2 * logarithm[row, col] + after
        curved = bend < -TINY
        slope = 0.5 * (before - after)
        offsets[curved, axis] = slope[curved] / bend[curved]
    size = np.array(score.shape)
    # Over the border there is nothing to fit a parabola to.
    offsets[(pixels == 0) | (pixels == size - 1)] = 0
    return np.clip(offsets, -0.5, 0.5)


def _apart(positions: np.ndarray, distance: float) -> np.ndarray:
    """(N,) bool: points that no point before them, itself kept, comes closer to."""
    keep = np.ones(len(positions), bool)
    if len(positions) < 2:
        return keep
    pairs = cKDTree(positions).query_pairs(distance, output_type="ndarray")
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    for first, second in pairs.tolist():
        if keep[first]:
            keep[second] = False
    return keep
