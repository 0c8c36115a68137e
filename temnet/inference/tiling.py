"""Large images, predicted in tiles that overlap."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, pairwise

import numpy as np

LONGEST = 1536
"""Most rows and columns of a tile with its margins, and of an image that is predicted as a whole
[pixels]."""

MARGIN = 112
"""Largest margin of a tile where it meets another [pixels].

A trained U-Net of depth 4, whose prediction could depend on pixels 122 away, then agrees with the
prediction for the whole image to 3e-5; with 96 a peak in 5,600 moved by more than 1 pm, with 48 F1
fell by 0.001.  An MSD-net of 50 layers, 275 pixels, needed 64 after a training of some minutes."""

BLEND = 32
"""Width of the seams, over which one tile is blended into the next [pixels]."""


def in_parts(
    predict: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    channels: int,
    longest: int = LONGEST,
    margin: int = MARGIN,
    blend: int = BLEND,
    unit: int = 1,
) -> np.ndarray:
    """Predicts a large image in tiles.

    Tiles overlap by at least two margins; pixels near the cut of a tile are taken from its
    neighbour, and in a seam amid the overlap one is blended into the other.  A pixel has the
    prediction for the whole image if this depends on nothing farther away than
    ``margin - blend / 2``.

    All tiles are of one size, and start at multiples of ``unit``.

    Args:
        predict: From (row, col, focus) to (row, col, channel).
        images: (row, col, focus), normalised as a whole; rows and columns are multiples of
            ``unit``.
        channels: Channels of the result.
        longest: Most rows and columns of a tile, with its margins.
        margin: Half of the least overlap of two tiles, at least half of ``blend``.
        blend: Width of the seams.
        unit: Tiles start and end at multiples of this.

    Returns:
        (row, col, channels) float32.

    Raises:
        ValueError: If tiles are so small that their seams would meet.
    """
    if 2 * margin < blend or longest < 4 * (margin + unit) + blend:
        raise ValueError(
            f"a seam of {blend} is too wide for tiles of {longest} and a margin {margin}"
        )
    total = np.zeros((*images.shape[:2], channels), np.float32)
    rows, cols = (_tiles(size, longest, margin, blend, unit) for size in images.shape[:2])
    for row, row_weights in rows:
        for col, col_weights in cols:
            result = predict(np.ascontiguousarray(images[row, col]))
            total[row, col] += result * (row_weights[:, None] * col_weights)[..., None]
    return total


def _tiles(
    size: int, longest: int, margin: int, blend: int, unit: int
) -> list[tuple[slice, np.ndarray]]:
    """Extent of each tile along one side, and the weights of its pixels; all sum to one."""
    extents = _extents(size, longest, margin, unit)
    seams = [(after.start + before.stop) / 2 for before, after in pairwise(extents)]
    weights = []
    for extent, first, last in zip(extents, [None, *seams], [*seams, None], strict=True):
        place = np.arange(extent.start, extent.stop) + 0.5
        own = np.ones(len(place))
        if first is not None:
            own *= _step((place - first) / blend + 0.5)
        if last is not None:
            own *= _step((last - place) / blend + 0.5)
        weights.append(own.astype(np.float32))
    return list(zip(extents, weights, strict=True))


def _extents(size: int, longest: int, margin: int, unit: int) -> list[slice]:
    """The fewest equal parts of a side that overlap by two margins, evenly spaced.

    >>> _extents(40, 28, 3, 4)
    [slice(0, 28, None), slice(12, 40, None)]
    """
    if size <= longest:
        return [slice(0, size)]
    for number in count(2):
        # Tiles may start up to one unit earlier than evenly.
        shared = (number - 1) * (2 * margin + unit - 1)
        length = -(-(size + shared) // (number * unit)) * unit
        if length <= longest:
            break
    starts = [part * (size - length) // (number - 1) // unit * unit for part in range(number)]
    return [slice(start, start + length) for start in starts]


def _step(fraction: np.ndarray) -> np.ndarray:
    """From 0 to 1 smoothly, so that step(x) + step(1 - x) = 1."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(fraction, 0, 1))
