"""Pixels that measured nothing: broken, saturated or painted over."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import ndimage

from temnet.images.resample import reflect_index
from temnet.inference.masks import Box

REACH = 5.0
"""A broken pixel lies beyond this many times the distance of the 0.1 % quantile from the median.

That is 15 standard deviations of a normal distribution.  Of Poisson counts it is the most
unfavourable where hardly more than one pixel in a thousand holds two counts (0.046 per pixel);
six counts are then found in one pixel of 8e10.  In measured images of lattices (graphene, TiO2,
platinum on CeO2) the outermost pixel lies at 1.4 to 1.7 times that distance.
"""

TAIL = 2.0
"""The 0.1 % quantile is at most this many times as far out as that of 1 %; where it is farther,
it is broken pixels itself.  (1.33 for a normal distribution, at most 2 for Poisson counts.)"""

ISOLATED = 0.25
"""The middle one of a broken pixel's eight neighbours goes out at most so far, as a fraction of
the broken one: that of an atom two pixels wide goes to 0.37."""

MOST_BROKEN = 0.01
"""An image with more broken pixels than this fraction is not repaired."""

SAMPLE = 2**18
"""Pixels that quantiles are taken from."""

SATURATED = 1e-3
"""A fraction of pixels at the very largest value that is worth a warning."""

PAINTED = {"pixels": 64, "side": 3, "filled": 0.95, "largest": 0.5}
"""A painted block: fewest pixels, shortest side [pixels], fraction of its box that it fills, and
largest fraction of the image."""


def find_broken(image: np.ndarray) -> np.ndarray:
    """Pixels that are no numbers, or that stand out alone beyond all that the image holds.

    A pixel inside the range of the image does no harm whatever it is; so only those are looked
    for that are far outside it (X-ray hits, hot and dead pixels), and whose neighbours are not.

    Args:
        image: (row, col) float32.

    Returns:
        (N,) int64 flat indices, sorted.
    """
    flat = image.reshape(-1)
    finite = np.isfinite(flat)
    low, middle, high = _limits(flat)
    candidates = np.flatnonzero((flat < low) | (flat > high) | ~finite)
    if candidates.size == 0:
        return candidates
    number = finite[candidates]
    alone = ~number
    outside = candidates[number]
    around = _neighbours(np.where(finite, flat, np.nan).reshape(image.shape), outside, 1)
    beside = _median(around)
    alone[number] = ~(np.abs(beside - middle) >= ISOLATED * np.abs(flat[outside] - middle))
    return candidates[alone]


def _limits(flat: np.ndarray) -> tuple[float, float, float]:
    """Least value that a pixel can have, the median, and the largest; infinite where all can be."""
    sample = flat if flat.size <= SAMPLE else flat[_sample(flat.size)]
    sample = np.sort(sample[np.isfinite(sample)])
    if sample.size == 0:
        return -np.inf, 0.0, np.inf
    last = sample.size - 1
    middle = float(sample[last // 2])

    def reach(values: np.ndarray) -> float:
        near, far = (abs(float(value) - middle) for value in values)
        spread = min(far, TAIL * near) if near > 0 else far
        return REACH * spread if spread > 0 else np.inf

    tails = np.array([last // 100, last // 1000])
    return middle - reach(sample[tails]), middle, middle + reach(sample[last - tails])


@lru_cache(maxsize=4)
def _sample(size: int) -> np.ndarray:
    """Indices without any order, which no lattice can be in step with; always the same."""
    return np.random.default_rng(0).integers(size, size=SAMPLE)


def _neighbours(image: np.ndarray, index: np.ndarray, reach: int) -> np.ndarray:
    """(N, (2 reach + 1)² - 1) values around the pixels at flat indices; the border reflects."""
    rows, cols = image.shape
    steps = np.arange(-reach, reach + 1)
    row_step, col_step = (part.ravel() for part in np.meshgrid(steps, steps, indexing="ij"))
    others = (row_step != 0) | (col_step != 0)
    row = reflect_index(index[:, None] // cols + row_step[others], rows)
    col = reflect_index(index[:, None] % cols + col_step[others], cols)
    return image[row, col]


def _median(values: np.ndarray) -> np.ndarray:
    """(N,) median of the finite values of each line, NaN where there are none."""
    median = np.full(len(values), np.nan, np.float32)
    some = np.any(np.isfinite(values), axis=1)
    median[some] = np.nanmedian(values[some], axis=1)
    return median


def replaced(image: np.ndarray, broken: np.ndarray) -> np.ndarray:
    """An image whose broken pixels have the median of the good ones among their neighbours.

    Args:
        image: (row, col) float32.
        broken: (N,) flat indices.

    Returns:
        A new image; pixels without a good one in the two rings around them are NaN.
    """
    good = image.copy()
    good.reshape(-1)[broken] = np.nan
    whole = good.copy()
    flat = whole.reshape(-1)
    for reach in (1, 2):
        left = broken[np.isnan(flat[broken])]
        flat[left] = _median(_neighbours(good, left, reach))
    return whole


def saturated_fraction(image: np.ndarray) -> float:
    """Fraction of pixels at the largest value, zero where they do not pile up there.

    Args:
        image: (row, col), finite.

    >>> float(saturated_fraction(np.minimum(np.arange(100.0), 90.0).reshape(10, 10)))
    0.1
    """
    top = image.max()
    count = np.count_nonzero(image == top)
    if count <= SATURATED * image.size or count == image.size:
        return 0.0
    next_one = image[image < top].max()
    return count / image.size if count > 2 * np.count_nonzero(image == next_one) else 0.0


def painted_block(image: np.ndarray) -> tuple[Box, float] | None:
    """The largest block of exactly the least or the largest value, and that value.

    A burnt-in scale bar or an empty border is such a block; a specimen is not.

    Args:
        image: (row, col), finite.

    Returns:
        None where there is none.
    """
    blocks = [block for value in (image.min(), image.max()) for block in _blocks(image, value)]
    if not blocks:
        return None
    _, box, value = max(blocks)
    return box, value


def _blocks(image: np.ndarray, value: float) -> list[tuple[int, Box, float]]:
    """Size, box and value of each block of one value."""
    same = image == value
    if np.count_nonzero(same) < PAINTED["pixels"]:
        return []
    labels, _ = ndimage.label(same)
    sizes = np.bincount(labels.ravel())
    found = []
    for number, (rows, cols) in enumerate(ndimage.find_objects(labels), start=1):
        size, height, width = sizes[number], rows.stop - rows.start, cols.stop - cols.start
        if (
            size >= PAINTED["pixels"]
            and min(height, width) >= PAINTED["side"]
            and size >= PAINTED["filled"] * height * width
            and height * width < PAINTED["largest"] * image.size
        ):
            box = (rows.start, rows.stop, cols.start, cols.stop)
            found.append((int(size), box, float(value)))
    return found
