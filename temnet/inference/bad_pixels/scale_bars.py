"""Burnt-in scale bars and the text beside them.

A scale bar is a flat rectangle of the smallest or the largest value of the image whose pixels all
around have other values.  Counts at a low dose and saturated columns have neighbours of their own
value, and no straight edges.  In 320 simulated images of four networks, as counts and as grey
pictures, none was found; of bars of 2 pixels and more with a number above them in such pictures
every one was.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from temnet.images.unseen import dilated, eroded

SHORTEST = 16
"""Shortest bar [pixels]."""

ASPECT = 3.0
"""A bar is at least this many times longer than it is high."""

LEAST_AREA = 32
"""Fewest pixels of a bar."""

LONGEST = 0.8
"""Longest bar, as a fraction of the image's width: a longer one is a border."""

OUTSIDE = 0.3
"""At most this fraction of the pixels along each side of a bar has its value."""

ABRUPT = 0.5
"""Pixels along the sides of a bar differ from its value by at least this fraction of the mean
difference of all pixels: the tops of saturated fringes are reached gradually."""

TEXT = (30, 0.12)
"""Text lies within so many pixels, or this fraction of the rows, above or below the bar."""

BESIDE = 0.5
"""Text may reach this fraction of the bar's length beyond its ends."""

STROKE = 3
"""Fewest connected pixels of a letter's stroke."""

LETTER = 0.8
"""Width of a letter in units of its height: thin letters beside the strokes are blended with the
image."""

FULL = 0.95
"""At least this fraction of a bar's rectangle has its value, with single pixels at its ends."""

EDGE = 2
"""Pixels around a bar with text, and around the text, that may be blended with them."""

MOST_HOLES = 0.5
"""Holes in a filled region of up to this fraction of its pixels are letters in a box."""

LARGEST_BOX = 0.25
"""Largest such box, as a fraction of the image."""


def find_scale_bars(image: np.ndarray) -> np.ndarray | None:
    """Pixels of scale bars, of the text beside them, and of a narrow edge around both.

    Args:
        image: (row, col) float32.

    Returns:
        (row, col) bool; None without any.
    """
    finite = image[np.isfinite(image)]
    if finite.size == 0:
        return None
    found = None
    for value in {float(finite.min()), float(finite.max())}:
        same = image == value
        apart = np.abs(np.where(np.isfinite(image), image, value) - value)
        for bar in _bars(same, apart):
            found = np.zeros(image.shape, bool) if found is None else found
            text = _text(same, bar)
            edge = EDGE if text else 0
            for rows, cols in (bar, *text):
                row, col = max(rows.start - edge, 0), max(cols.start - edge, 0)
                found[row : rows.stop + edge, col : cols.stop + edge] = True
    return found


def with_holes_filled(region: np.ndarray) -> np.ndarray:
    """Regions without image together with small holes in them, such as letters in a box.

    Args:
        region: (row, col) bool.

    >>> box = np.zeros((40, 40), bool)
    >>> box[5:12, 5:20] = True
    >>> box[8, 9] = False
    >>> int(with_holes_filled(box).sum())
    105
    """
    filled = region.copy()
    labels, _ = ndimage.label(region)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        inside = labels[box] == number
        if inside.size > LARGEST_BOX * region.size:
            continue
        whole = ndimage.binary_fill_holes(inside)
        if np.count_nonzero(whole & ~inside) <= MOST_HOLES * np.count_nonzero(inside):
            filled[box] |= whole
    return filled


Box = tuple[slice, slice]


def _bars(same: np.ndarray, apart: np.ndarray) -> list[Box]:
    """Flat rectangles among the pixels of one value.

    Args:
        same: (row, col) bool, the pixels of this value.
        apart: (row, col), difference of each pixel from it.
    """
    line = eroded(same, SHORTEST, 1)
    if not np.any(line):
        return []
    # Single pixels of the value beside a bar do not belong to it.
    labels, _ = ndimage.label(dilated(line, SHORTEST, 1))
    return [
        box
        for number, box in enumerate(ndimage.find_objects(labels), start=1)
        if _is_bar(labels[box] == number, same, box) and _is_abrupt(apart, box)
    ]


def _is_bar(inside: np.ndarray, same: np.ndarray, box: Box) -> bool:
    """Whether a region is a rectangle of the right shape with other values all around."""
    height, width = inside.shape
    if inside.mean() < FULL or width < ASPECT * height or inside.size < LEAST_AREA:
        return False
    if width > LONGEST * same.shape[1]:
        return False
    sides = _sides(same, box)
    return len(sides) == 4 and all(side.mean() <= OUTSIDE for side in sides)


def _is_abrupt(apart: np.ndarray, box: Box) -> bool:
    """Whether the pixels around a box are as far from its value as those of the whole image."""
    around = np.concatenate(_sides(apart, box))
    return bool(around.mean(dtype=np.float64) >= ABRUPT * apart.mean(dtype=np.float64))


def _sides(values: np.ndarray, box: Box) -> list[np.ndarray]:
    """Values along the sides of a box that lie in the image."""
    rows, cols = box
    ends = [values[row, cols] for row in (rows.start - 1, rows.stop) if 0 <= row < len(values)]
    return ends + [
        values[rows, col] for col in (cols.start - 1, cols.stop) if 0 <= col < values.shape[1]
    ]


def _text(same: np.ndarray, bar: Box) -> list[Box]:
    """Boxes around the strokes above and below a bar."""
    rows, cols = bar
    reach = max(TEXT[0], round(TEXT[1] * same.shape[0]))
    wider = round(BESIDE * (cols.stop - cols.start))
    along = slice(max(cols.start - wider, 0), cols.stop + wider)
    found = []
    for near in (
        slice(max(rows.start - reach, 0), rows.start),
        slice(rows.stop, min(rows.stop + reach, same.shape[0])),
    ):
        part = same[near, along]
        labels, count = ndimage.label(part, np.ones((3, 3)))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        strokes = (sizes >= STROKE)[labels] & (labels > 0)
        if np.any(strokes):
            row, col = np.nonzero(strokes)
            above = near.start < rows.start
            top = near.start + int(row.min()) if above else rows.stop
            bottom = rows.start if above else near.start + int(row.max()) + 1
            letter = round(LETTER * (bottom - top))
            left = max(along.start + int(col.min()) - letter, 0)
            right = along.start + int(col.max()) + 1 + letter
            found.append((slice(top, bottom), slice(left, right)))
    return found
