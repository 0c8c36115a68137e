"""Large images, predicted in tiles that overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

TILE = 1024
"""Rows and columns of a tile without its margin [pixels]."""

MARGIN = 112
"""Largest margin of a tile, on each side [pixels].

A trained U-Net of depth 4, whose prediction could depend on pixels 122 away, then agrees with the
prediction for the whole image to 3e-5; with 96 a peak in 5,600 moved by more than 1 pm, with 48 F1
fell by 0.001.  An MSD-net of 50 layers, 275 pixels, needed 64 after a training of some minutes."""

BLEND = 32
"""Width of the seams, over which one tile is blended into the next [pixels]."""

WHOLE_PIXELS = 1536**2
"""Images of at most so many pixels are predicted as a whole."""


def in_parts(
    predict: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    channels: int,
    tile: int = TILE,
    margin: int = MARGIN,
    blend: int = BLEND,
    unit: int = 1,
) -> np.ndarray:
    """Predicts a large image in tiles.

    Tiles overlap; pixels near the cut of a tile are taken from its neighbour, and in a seam between
    them one is blended into the other.  A pixel has the prediction for the whole image if this
    depends on nothing farther away than ``margin - blend / 2``.

    All tiles are of one size, and start at multiples of ``unit``.

    Args:
        predict: From (row, col, focus) to (row, col, channel).
        images: (row, col, focus), normalised as a whole; rows and columns are multiples of
            ``unit``.
        channels: Channels of the result.
        tile: Rows and columns of a tile, without its margins; at least two seams.
        margin: Margin of a tile, at least half of ``blend``.
        blend: Width of the seams.
        unit: Tiles start and end at multiples of this.

    Returns:
        (row, col, channels) float32.
    """
    if 2 * margin < blend or tile < 2 * blend:
        raise ValueError(f"a seam of {blend} is too wide for tiles of {tile} and a margin {margin}")
    rows, cols = images.shape[:2]
    total = np.zeros((rows, cols, channels), np.float32)
    for row in _spans(rows, tile):
        for col in _spans(cols, tile):
            reach = _reach(row, rows, tile, margin, unit), _reach(col, cols, tile, margin, unit)
            result = predict(np.ascontiguousarray(images[reach]))
            weights = [
                _ramp(part, span, size, blend)
                for part, span, size in zip(reach, (row, col), (rows, cols), strict=True)
            ]
            total[reach] += result * (weights[0][:, None] * weights[1])[..., None]
    return total


def _spans(size: int, tile: int) -> Iterator[tuple[int, int]]:
    """Equal parts of a side, none longer than ``tile``.

    >>> list(_spans(10, 4))
    [(0, 3), (3, 6), (6, 10)]
    """
    count = -(-size // tile)
    for number in range(count):
        yield number * size // count, (number + 1) * size // count


def _reach(span: tuple[int, int], size: int, tile: int, margin: int, unit: int) -> slice:
    """Extent of a tile along one side: its span, its margins, and padding to the common length.

    >>> [_reach(span, 40, 20, 3, 4) for span in ((0, 20), (20, 40))]
    [slice(0, 32, None), slice(8, 40, None)]
    """
    longest = -(-size // -(-size // tile))
    # A tile may start up to one unit earlier than its margin.
    length = min(-(-(longest + 2 * margin + unit - 1) // unit) * unit, size)
    start = min(max((span[0] - margin) // unit * unit, 0), size - length)
    return slice(start, start + length)


def _ramp(part: slice, span: tuple[int, int], size: int, blend: int) -> np.ndarray:
    """Weights of a tile's pixels along one side; those of all tiles sum to one."""
    place = np.arange(part.start, part.stop) + 0.5
    weights = np.ones(len(place))
    if span[0] > 0:
        weights *= _step((place - span[0]) / blend + 0.5)
    if span[1] < size:
        weights *= _step((span[1] - place) / blend + 0.5)
    return weights.astype(np.float32)


def _step(fraction: np.ndarray) -> np.ndarray:
    """From 0 to 1 smoothly, so that step(x) + step(1 - x) = 1."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(fraction, 0, 1))
