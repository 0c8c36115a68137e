"""Large images, looked at in parts that overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

TILE = 1024
"""Rows and columns of a part that are kept, without its margin [pixels]."""

MARGIN = 112
"""How far a part reaches over what is kept of it at most, on each side [pixels].

A trained U-Net of depth 4, whose answer could depend on pixels 122 away, then says what it says of
the whole image to 3e-5; with 96 a peak in 5,600 moved by more than 1 pm, with 48 F1 fell by 0.001.
An MSD-net of 50 layers, 275 pixels, needed 64 after it was taught for some minutes."""

BLEND = 32
"""Width of the seams, over which the answer passes from one part to the next [pixels]."""

WHOLE_PIXELS = 1536**2
"""Images of at most so many pixels are looked at as a whole."""


def in_parts(
    look: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    channels: int,
    tile: int = TILE,
    margin: int = MARGIN,
    blend: int = BLEND,
    unit: int = 1,
) -> np.ndarray:
    """What ``look`` says of a large image, put together from parts.

    Parts reach over each other; what lies near the cut of one is taken from its neighbour, and in
    a seam between them the answer passes from one to the other smoothly.  A pixel's answer is
    that of the whole image where it depends on nothing farther away than ``margin - blend / 2``.

    All parts are of one size, and begin where the whole image could begin too.

    Args:
        look: From (row, col, focus) to (row, col, channel).
        images: (row, col, focus), normalised as a whole; rows and columns are multiples of
            ``unit``.
        channels: Channels of the answer.
        tile: Rows and columns of a part, without its margins; at least two seams.
        margin: How far it reaches over, at least half of ``blend``.
        blend: Width of the seams.
        unit: Parts begin and end at multiples of this.

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
            answer = look(np.ascontiguousarray(images[reach]))
            weights = [
                _ramp(part, span, size, blend)
                for part, span, size in zip(reach, (row, col), (rows, cols), strict=True)
            ]
            total[reach] += answer * (weights[0][:, None] * weights[1])[..., None]
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
    """What a part sees along one side: its span, the margins, and what makes it as long as others.

    >>> [_reach(span, 40, 20, 3, 4) for span in ((0, 20), (20, 40))]
    [slice(0, 32, None), slice(8, 40, None)]
    """
    longest = -(-size // -(-size // tile))
    # A part may begin up to one unit earlier than its margin asks for.
    length = min(-(-(longest + 2 * margin + unit - 1) // unit) * unit, size)
    start = min(max((span[0] - margin) // unit * unit, 0), size - length)
    return slice(start, start + length)


def _ramp(part: slice, span: tuple[int, int], size: int, blend: int) -> np.ndarray:
    """Weights of a part's pixels along one side; those of all parts sum to one."""
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
