"""Pixels far outside the range of an image: X-ray hits, hot and dead pixels, rows and columns.

Bright columns and single heavy atoms stand out, too, but a lens gives them soft edges: the pixels
beside them are brighter as well, those beside a broken pixel are not.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import ndimage

from temnet.images.unseen import wide_part
from temnet.inference.bad_pixels.inpainting import median, neighbours

REACH = 5.0
"""A pixel beyond this many times the distance of the 0.1 % quantile from the median may be broken.

That is 15 standard deviations of a normal distribution.  The worst case of Poisson counts is a dose
at which hardly more than one pixel in a thousand holds two counts (0.046 per pixel); then one pixel
in 8e10 holds six counts.  In measured images of lattices (graphene, TiO2, platinum on CeO2) the
outermost pixel lies at 1.4 to 1.7 times that distance.
"""

TAILS = ((100, 2.0), (20, 4.0))
"""The 0.1 % quantile is at most this many times farther from the median than those of 1 % and 5 %;
if it is farther, it consists of broken pixels.  (1.33 and 1.88 for a normal distribution, at most 2
and 3 for Poisson counts.)"""

ISOLATED = 0.25
"""Largest deviation from the median of the median of the eight neighbours of a broken pixel, as a
fraction of the broken pixel's.  For an atom two pixels wide it is 0.37."""

MANY = (16, 0.6)
"""A group of this many pixels may be broken from this fraction of the limit on."""

SPOT = 0.5
"""Pixels that deviate by more than this fraction of a spot's outermost pixel belong to the spot."""

SHARP = 0.12
"""Most pixels beside a group of broken pixels deviate by less than this fraction of the broken
pixel next to them.  Beside an atom two pixels wide it is 0.177 or more, wherever the atom lies
between the pixels."""

PLATEAU = (4, 0.3)
"""This many pixels of a spot at the largest or smallest value of the image are an overflow of the
detector; pixels beside them deviate by less than this fraction."""

WIDEST = 9
"""A spot that holds a square with this side [pixels] is part of the specimen."""

ROUNDS = 4
"""Passes of the search for spots, each without those that were found before."""

TAIL = (8, 0.5)
"""Pixels connected to broken ones within this many steps are broken, too, beyond this fraction of
the limit."""

LINES_APART = 5.0
"""At broken rows and columns the mean of a line jumps by this many times the 90 % quantile of the
jumps from line to line."""

LINES_SEEN = 0.4
"""The jump is also at least this fraction of the distance of the 0.1 % quantile from the median;
smaller ones are harmless.  (1.2 standard deviations of a normal distribution.)"""

MOST_LINES = 4
"""Most broken rows or columns side by side; more are left as they are."""

LINES_BESIDE = (0.15, 1.0)
"""The jumps beside are less than this fraction of the jump plus this many times the quantile: real
contrast rises and falls over more than one pixel."""

LINES_BACK = 0.5
"""Behind broken lines the mean returns to within this fraction of the jump."""

SAMPLE = 2**15
"""Number of pixels that quantiles are computed from."""

EIGHT = np.ones((3, 3), bool)
"""Neighbourhood that connects pixels to a group."""


Limits = tuple[float, float, float]
"""Smallest possible value, median, largest possible value; infinite if any value is possible."""


def find_broken(image: np.ndarray, limits: Limits | None = None) -> np.ndarray:
    """Pixels that are not numbers, or that stand out sharply from the range of the image.

    A wrong pixel inside the range of the image is harmless.  The search finds pixels far outside
    it, alone or in groups of any shape, whose neighbours are inside.

    Args:
        image: (row, col) float32.
        limits: Those of `possible_values`, if they are known already.

    Returns:
        (N,) int64 flat indices, sorted.
    """
    finite = np.isfinite(image)
    low, middle, high = limits or possible_values(image)
    part = MANY[1]
    with np.errstate(invalid="ignore"):
        outside = (image < middle - part * (middle - low)) | (
            image > middle + part * (high - middle)
        )
    outside &= finite
    broken = ~finite
    if np.any(outside):
        known = np.where(finite, image, np.nan)
        outside = _far_or_many(known, outside, (low, high))
        broken |= _spots(known, outside, (low, middle, high))
    return np.flatnonzero(broken)


def _far_or_many(image: np.ndarray, outside: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """(row, col) bool, groups with a pixel beyond the limits, or with many pixels."""
    labels, count = ndimage.label(outside, EIGHT)
    keep = np.bincount(labels.reshape(-1), minlength=count + 1) >= MANY[0]
    with np.errstate(invalid="ignore"):
        beyond = outside & ((image < limits[0]) | (image > limits[1]))
    keep[labels[beyond]] = True
    keep[0] = False
    return keep[labels]


def possible_values(image: np.ndarray) -> Limits:
    """Smallest possible value of a pixel, median, and largest possible value; see `Limits`.

    Args:
        image: (row, col) float32; values that are not numbers are ignored.
    """
    sample = image.reshape(-1)
    if sample.size > SAMPLE:
        sample = sample[_sample(sample.size)]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return -np.inf, 0.0, np.inf
    last = sample.size - 1
    places = [last // 1000, *(last // part for part, _ in TAILS)]
    sample = np.partition(sample, [*places, last // 2, *(last - place for place in places)])
    middle = float(sample[last // 2])

    def reach(values: np.ndarray) -> float:
        spread, *others = (abs(float(value) - middle) for value in values)
        for near, (_, times) in zip(others, TAILS, strict=True):
            spread = min(spread, times * near) if near > 0 else spread
        return REACH * spread if spread > 0 else np.inf

    low, high = (np.array(places), last - np.array(places))
    return middle - reach(sample[low]), middle, middle + reach(sample[high])


@lru_cache(maxsize=4)
def _sample(size: int) -> np.ndarray:
    """Indices in random order, so that no lattice is in step with them; always the same."""
    return np.random.default_rng(0).integers(size, size=SAMPLE)


def _spots(image: np.ndarray, outside: np.ndarray, limits: Limits) -> np.ndarray:
    """(row, col) bool, groups of pixels beyond the limits that end sharply.

    Args:
        image: (row, col), NaN where the value is unknown.
        outside: (row, col) bool, pixels beyond the limits.
        limits: Smallest value, median and largest value.
    """
    low, middle, high = limits
    found = np.zeros(image.shape, bool)
    left = outside.copy()
    tail = None
    for _ in range(ROUNDS):
        spots = _sharp(image, left, middle)
        if not np.any(spots):
            break
        if tail is None:
            with np.errstate(invalid="ignore"):
                tail = (image < middle - TAIL[1] * (middle - low)) | (
                    image > middle + TAIL[1] * (high - middle)
                )
        found |= ndimage.binary_dilation(spots, EIGHT, iterations=TAIL[0], mask=tail | spots)
        left &= ~found
        image = np.where(found, np.nan, image)
    return found


def _sharp(image: np.ndarray, outside: np.ndarray, middle: float) -> np.ndarray:
    """(row, col) bool, the outermost spot of each group of pixels, if it has a sharp edge."""
    rows, cols = image.shape
    index = np.flatnonzero(outside)
    sharp = np.zeros(image.shape, bool)
    if index.size == 0:
        return sharp
    labels, count = ndimage.label(outside, EIGHT)
    out = np.abs(image.reshape(-1)[index] - middle)
    group = labels.reshape(-1)[index]
    peak = np.zeros(count + 1)
    np.maximum.at(peak, group, out)
    # A spot: the pixels that deviate nearly as far as the outermost one, and are connected to it.
    spot = np.zeros(image.shape, bool)
    spot.reshape(-1)[index[out >= SPOT * peak[group]]] = True
    labels, count = ndimage.label(spot, EIGHT)
    spots = labels.reshape(-1)
    tops = np.zeros(count + 1, bool)
    tops[spots[index[out == peak[group]]]] = True
    index, out = index[tops[spots[index]]], out[tops[spots[index]]]
    group = spots[index]
    around = neighbours(image, index, 1)
    up = np.sign(image.reshape(-1)[index] - middle)
    ratio = (around - middle) * (up / out)[:, None]
    # Four neighbours side by side with the pixel, in the order of `neighbours`.
    side = ratio[:, [1, 3, 4, 6]]
    own = neighbours(labels, index, 1)[:, [1, 3, 4, 6]] == group[:, None]
    edges = ~own & np.isfinite(side)
    middling = _medians(side[edges], np.repeat(group, 4).reshape(-1, 4)[edges], count)
    flat = image.reshape(-1)
    last = (flat[index] == np.nanmax(flat)) | (flat[index] == np.nanmin(flat))
    plateau = np.bincount(group[last], minlength=count + 1) >= PLATEAU[0]
    ends = middling < np.where(plateau, PLATEAU[1], SHARP)
    single = np.bincount(group, minlength=count + 1) == 1
    alone = ~(np.abs(median(around) - middle) >= ISOLATED * out)
    ends[group[single[group]]] |= alone[single[group]]
    ends[np.unique(labels[wide_part(labels > 0, WIDEST)])] = False
    sharp.reshape(-1)[index[ends[group]]] = True
    return sharp


def _medians(values: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """(count + 1,) lower median of the values of each group, infinite without any."""
    order = np.lexsort((values, group))
    sizes = np.bincount(group, minlength=count + 1)
    first = np.cumsum(sizes) - sizes
    medians = np.full(count + 1, np.inf)
    some = sizes > 0
    medians[some] = values[order][(first + (sizes - 1) // 2)[some]]
    return medians


def find_broken_lines(image: np.ndarray, limits: Limits | None = None) -> np.ndarray | None:
    """Rows and columns whose mean differs sharply from that of the lines beside them.

    Args:
        image: (row, col) float32, finite.
        limits: Those of `possible_values`, if they are known already.

    Returns:
        (row, col) bool; None without any.
    """
    low, _, high = limits or possible_values(image)
    least = LINES_SEEN * (high - low) / 2 / REACH
    if not np.isfinite(least):
        return None
    image = np.clip(image, np.float32(low), np.float32(high))  # against single spots
    found = None
    for axis in (0, 1):
        lines = _broken_lines(image.mean(axis=1 - axis, dtype=np.float64), least)
        if lines is not None:
            found = np.zeros(image.shape, bool) if found is None else found
            (found if axis == 0 else found.T)[lines] = True
    return found


def _broken_lines(means: np.ndarray, least: float) -> np.ndarray | None:
    """(N,) bool, broken lines by their means (N,); jumps below ``least`` are ignored."""
    jumps = np.diff(means)
    sizes = np.abs(jumps)
    usual = float(np.partition(sizes, (9 * len(sizes)) // 10)[(9 * len(sizes)) // 10])
    far = np.flatnonzero(sizes > max(LINES_APART * usual, least))
    if usual == 0 or far.size == 0:
        return None
    broken = np.zeros(len(means), bool)
    # Nothing is known beyond the border, so that one jump is enough there.
    places = [-1, *far.tolist(), len(jumps)]
    for place, first in enumerate(places):
        for last in places[place + 1 :]:
            if last - first > MOST_LINES:
                break
            if _is_pair(means, jumps, first, last, usual):
                broken[first + 1 : last + 1] = True
    return broken if np.any(broken) else None


def _is_pair(means: np.ndarray, jumps: np.ndarray, first: int, last: int, usual: float) -> bool:
    """Whether the jumps after lines ``first`` and ``last`` are the two sides of broken lines."""
    sides = [jumps[k] for k in (first, last) if 0 <= k < len(jumps)]
    least = min(map(abs, sides), default=0.0)
    beside = [abs(jumps[k]) for k in (first - 1, last + 1) if 0 <= k < len(jumps)]
    part, times = LINES_BESIDE
    if not sides or max(beside, default=0.0) > part * least + times * usual:
        return False
    if len(sides) == 1:
        return True
    back = abs(means[last + 1] - means[first])
    return bool(sides[0] * sides[1] < 0 and back < LINES_BACK * least)
