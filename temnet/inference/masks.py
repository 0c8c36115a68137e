"""Masked boxes of an image, such as a burnt-in scale bar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from temnet.records import ImageSeries

Box = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last [pixels]."""


def box_mask(shape: tuple[int, int], boxes: Sequence[Box]) -> np.ndarray:
    """(row, col) bool, true inside any of the boxes."""
    mask = np.zeros(shape, bool)
    for first_row, end_row, first_col, end_col in boxes:
        mask[first_row:end_row, first_col:end_col] = True
    return mask


def mirror_sources(shape: tuple[int, int], boxes: Sequence[Box]) -> tuple[np.ndarray, np.ndarray]:
    """Sources of masked pixels: the mirror image at the nearest side of the box.

    A box filled in this way has the mean and the contrast of its surroundings, and no edges: it
    does not change the normalisation, which averages over about 12 Å.  (A constant would lower the
    local contrast, by which the pixels around the box are divided.)

    Args:
        shape: Rows and columns.
        boxes: The masked boxes, inside the image.

    Returns:
        Flat indices of the masked pixels, (N,) int64, and those of their sources; -1 if no side has
        enough image beside it.
    """
    rows, cols = shape
    mask = box_mask(shape, boxes)
    source = np.full(shape, -1, np.int64)
    nearest = np.full(shape, np.inf)
    for first_row, end_row, first_col, end_col in boxes:
        row, col = np.mgrid[first_row:end_row, first_col:end_col]
        inside = np.s_[first_row:end_row, first_col:end_col]
        sides = (
            (row - first_row + 1, 2 * first_row - 1 - row, col),
            (end_row - row, 2 * end_row - 1 - row, col),
            (col - first_col + 1, row, 2 * first_col - 1 - col),
            (end_col - col, row, 2 * end_col - 1 - col),
        )
        for distance, from_row, from_col in sides:
            there = (from_row >= 0) & (from_row < rows) & (from_col >= 0) & (from_col < cols)
            there &= ~mask[np.clip(from_row, 0, rows - 1), np.clip(from_col, 0, cols - 1)]
            better = there & (distance < nearest[inside])
            nearest[inside][better] = distance[better]
            source[inside][better] = (from_row * cols + from_col)[better]
    target = np.flatnonzero(mask)
    return target, source.ravel()[target]


def fill(image: np.ndarray, sources: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """An image with its masked pixels replaced.

    Args:
        image: (row, col) float.
        sources: The result of `mirror_sources`; pixels without a source get the mean of the image
            outside the boxes.
    """
    target, source = sources
    filled = image.copy()
    flat = filled.reshape(-1)
    known = source >= 0
    if not np.all(known):
        outside = np.ones(flat.size, bool)
        outside[target] = False
        good = flat[outside & np.isfinite(flat)]
        flat[target[~known]] = good.mean() if good.size else np.nan
    flat[target[known]] = flat[source[known]]
    return filled


def areas(
    boxes: Sequence[Box], pixel_size: tuple[float, float]
) -> list[tuple[float, float, float, float]]:
    """Lowest and highest row, lowest and highest column of each box [Å].

    Distances count from the centre of pixel [0, 0]; ``pixel_size`` is its height and width [Å].

    >>> areas([(0, 2, 1, 3)], (0.5, 1.0))
    [(-0.25, 0.75, 0.5, 2.5)]
    """
    height, width = pixel_size
    return [
        ((top - 0.5) * height, (end - 0.5) * height, (left - 0.5) * width, (right - 0.5) * width)
        for top, end, left, right in boxes
    ]


def inside_boxes(
    positions: np.ndarray, boxes: Sequence[Box], pixel_size: tuple[float, float]
) -> np.ndarray:
    """Which positions lie in a box.

    Args:
        positions: (N, 2), (row, col) [Å] from the centre of pixel [0, 0].
        boxes: In the file's pixels.
        pixel_size: Their height and width [Å].

    Returns:
        (N,) bool.
    """
    row, col = (positions / np.asarray(pixel_size) + 0.5).T
    inside = np.zeros(len(positions), bool)
    for first_row, end_row, first_col, end_col in boxes:
        inside |= (row >= first_row) & (row < end_row) & (col >= first_col) & (col < end_col)
    return inside


def seen(series: ImageSeries, frame: int, positions: np.ndarray) -> np.ndarray:
    """Which positions a frame shows: those outside its masked boxes and regions without image.

    Args:
        series: The images.
        frame: The frame's number.
        positions: (N, 2), (row, col) [Å] from the centre of pixel [0, 0].

    Returns:
        (N,) bool.
    """
    pixel_size = series.pixel_size or (series.sampling, series.sampling)
    inside = inside_boxes(positions, series.masked, pixel_size)
    if series.unseen is not None:
        inside |= series.unseen.contains(frame, positions, pixel_size)
    return ~inside
