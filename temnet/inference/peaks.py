"""Columns as the local maxima of a map of probabilities."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label
from scipy.spatial import cKDTree

from temnet.records import Peaks

WIDTHS_APART = 3.0
"""Default of the smallest distance between two columns, in label widths."""

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

    That is one less the background's, so that classes that are both seen at one place do not
    make two columns: there is one, of the class that is the most probable at its highest pixel.

    Labels are Gaussians, so a maximum is refined by a parabola through the logarithm of the
    score, along rows and columns, by at most half a pixel.

    Args:
        probabilities: (row, col, class + 1), the background last.
        sampling: Pixel size [Å].
        threshold: Lowest score of a column, an absolute probability.
        min_distance: Of peaks closer than this [Å] the one of higher score is kept.

    Returns:
        Peaks of frame 0, by falling score; both spreads are NaN.
    """
    probabilities = np.asarray(probabilities)
    # In single precision the background resolves scores close to one.
    background = np.ascontiguousarray(probabilities[..., -1])
    pixels = _minima(background, 1 - threshold)
    value = _score(background, *pixels.T)
    order = np.lexsort((pixels[:, 1], pixels[:, 0], -value))
    pixels, value = pixels[order], value[order]
    positions = (pixels + _sub_pixel(background, pixels)) * sampling
    keep = _apart(positions, min_distance)
    pixels, value, positions = pixels[keep], value[keep], positions[keep]
    classes = np.asarray(probabilities[tuple(pixels.T)][:, :-1], np.float64)
    return Peaks(
        frame=np.zeros(len(pixels), np.int64),
        positions=positions,
        class_index=np.argmax(classes, axis=1).astype(np.int64),
        score=value,
        probabilities=classes,
        spread=np.full(len(pixels), np.nan),
    )


def _score(background: np.ndarray, row: np.ndarray, col: np.ndarray) -> np.ndarray:
    """Probability of a column of any class at pixels, float64."""
    return np.clip(1 - background[row, col].astype(np.float64), 0, 1)


def _minima(background: np.ndarray, highest: float) -> np.ndarray:
    """(N, 2) pixels that no neighbour is lower than, one for each plateau.

    A plateau counts only if nothing lower touches any of its pixels: a shelf on a slope does not.
    """
    low = (background <= highest) & (background < 1)
    low &= background <= _least_near(background)
    # On a shelf the lower pixels are no minima, and stand at the edge as high as the others.
    others = np.where(low, np.array(np.inf, background.dtype), background)
    shelf = low & (_least_near(others) == background)
    plateaus, count = label(low, structure=np.ones((3, 3)))
    if count == 0:
        return np.zeros((0, 2), np.int64)
    pixels = np.argwhere(low)
    number = plateaus[tuple(pixels.T)] - 1
    size = np.bincount(number, minlength=count)
    middle = np.stack([np.bincount(number, pixels[:, axis]) / size for axis in (0, 1)], axis=1)
    # Of each plateau the pixel nearest to its middle.
    distance = np.sum((pixels - middle[number]) ** 2, axis=1)
    order = np.lexsort((distance, number))
    first = order[np.r_[True, np.diff(number[order]) > 0]]
    whole = np.bincount(number, shelf[tuple(pixels.T)], minlength=count) == 0
    return pixels[first[whole]]


def _least_near(values: np.ndarray) -> np.ndarray:
    """The least of each pixel and its eight neighbours."""
    for axis in (0, 1):
        here, next_one = (values[:-1], values[1:]) if axis == 0 else (values[:, :-1], values[:, 1:])
        pairs = np.minimum(here, next_one)
        least = values.copy()
        before, after = (least[:-1], least[1:]) if axis == 0 else (least[:, :-1], least[:, 1:])
        np.minimum(before, pairs, out=before)
        np.minimum(after, pairs, out=after)
        values = least
    return values


def _sub_pixel(background: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """(N, 2) offsets of the peaks from their pixels' centres, each within half a pixel."""
    size = np.array(background.shape)
    offsets = np.zeros((len(pixels), 2))
    here = np.log(_score(background, *pixels.T) + TINY)
    for axis, step in enumerate(((1, 0), (0, 1))):
        before, after = (
            np.log(
                _score(background, *np.clip(pixels + sign * np.array(step), 0, size - 1).T) + TINY
            )
            for sign in (-1, 1)
        )
        bend = before - 2 * here + after
        curved = bend < -TINY
        offsets[curved, axis] = 0.5 * (before - after)[curved] / bend[curved]
    # Over the border there is nothing to fit a parabola to.
    offsets[(pixels == 0) | (pixels == size - 1)] = 0
    return np.clip(offsets, -0.5, 0.5)


def _apart(positions: np.ndarray, distance: float) -> np.ndarray:
    """(N,) bool: points that no point before them, itself kept, comes closer to."""
    keep = np.ones(len(positions), bool)
    if len(positions) < 2:
        return keep
    pairs = cKDTree(positions).query_pairs(distance, output_type="ndarray")
    while len(pairs):  # rarely more than three times
        beaten = np.zeros(len(positions), bool)
        beaten[pairs[:, 1]] = True
        # Whom nothing better is near to stays, and what is near to it goes.
        keep[pairs[~beaten[pairs[:, 0]], 1]] = False
        pairs = pairs[keep[pairs].all(axis=1)]
    return keep
