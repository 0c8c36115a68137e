"""The lattice around each column: two sets of lattice planes, one (fringes), or none.

The power spectrum of a small window is compared with its own background in rings of equal
frequency.  In amorphous material and noise the power at a frequency is exponentially distributed
about its ring's mean (speckle), so that the strongest of some hundred frequencies is 4 to 10 times
the mean.  A lattice of two directions shows two reflections that are not in line and stand out by
more; fringes show one.

Several sizes of window are used: the smallest one separates a crystal from the dirt beside it, the
larger ones find a lattice in the noise of low doses, and one whose second direction is faint.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.ndimage import maximum_filter
from scipy.spatial import cKDTree

SIDES = (16.0, 24.0, 32.0)
"""Sides of the windows [Å]."""

STEP = 6.0
"""Distance of the windows' centres [Å]; a column belongs to the nearest one."""

FREQUENCIES = (0.2, 1.0)
"""Frequencies of reflections [1/Å]: spacings of 5 to 1 Å."""

LOWER_PART = 0.3
"""The background of a ring follows from this quantile of its power, which the reflections of a
hexagonal lattice do not reach."""

FEWEST_FREQUENCIES = 4
"""Fewest frequencies in a ring whose background is known."""

SAME_DIRECTION_DEG = 20.0
"""Reflections in line to this angle are harmonics of one set of planes."""

MOST_REFLECTIONS = 8
"""Reflections of a window that are compared, the strongest first."""

BATCH = 64
"""Windows that are transformed at once."""

TINY = 1e-12
"""Fraction of the strongest power below which a background counts as zero."""

FIRST, SECOND = (12.0, 14.0, 15.0), (9.0, 10.0, 11.0)
"""Least power of the strongest reflection, and of one in another direction, in units of the
background, for each side of the window.  On simulated films of amorphous material 2 % of the
windows exceed 11, 14 and 15, or 8, 10 and 9."""

FIRST_OF_SERIES, SECOND_OF_SERIES = (8.0, 10.0, 11.0), (6.0, 7.5, 8.0)
"""The same for focal series of three images and more, whose mean power fluctuates less; there 2 %
exceed 7, 9 and 10, or 5, 6 and 7."""

FEWEST_OF_SERIES = 3
"""Images of a focal series from which these limits hold."""

STRONG = 2.0
"""One set of planes stands out as fringes if its power is this many times the least."""


@dataclass(frozen=True)
class LocalLattice:
    """What the image shows around each column.

    Attributes:
        two: (N,) bool, two sets of lattice planes cross.
        one: (N,) bool, one set alone stands out clearly.
    """

    two: np.ndarray
    one: np.ndarray


def local_lattice(
    images: np.ndarray, sampling: float, positions: np.ndarray, sizes: int = len(SIDES)
) -> LocalLattice:
    """The lattice around each column.

    Args:
        images: (row, col, focus), at the network's pixels, in any linear grey values.
        sampling: Pixel size [Å].
        positions: (N, 2) columns, (row, col) [Å].
        sizes: How many of `SIDES` are used, the smallest first.

    Returns:
        False for both where the image is smaller than a few lattice planes.
    """
    count = len(positions)
    two, one = np.zeros(count, bool), np.zeros(count, bool)
    if not count:
        return LocalLattice(two, one)
    series = images.shape[-1] >= FEWEST_OF_SERIES
    firsts = FIRST_OF_SERIES if series else FIRST
    seconds = SECOND_OF_SERIES if series else SECOND
    limits = list(zip(SIDES, firsts, seconds, strict=True))[:sizes]
    for number, (side, least, other) in enumerate(limits):
        left = np.flatnonzero(~two)  # most columns of a good image need no larger window
        if not len(left):
            break
        first, second = _reflections(images, sampling, positions[left], side)
        two[left] = (first >= least) & (second >= other)
        if number == 0:
            one = (first >= STRONG * least) & (second < other)
    return LocalLattice(two, one & ~two)


def window_starts(
    shape: tuple[int, ...], sampling: float, side: float, distance: float = STEP
) -> tuple[list[np.ndarray], tuple[int, int]]:
    """First rows and columns of windows all over an image, and the windows' shape [pixels].

    Args:
        shape: Rows and columns of the image.
        sampling: Pixel size [Å].
        side: Side of the windows [Å]; smaller images have one of their own size.
        distance: Distance of their centres [Å].
    """
    rows, cols = (min(round(side / sampling), size) for size in shape[:2])
    step = distance / sampling
    starts = [
        np.linspace(0, size - own, max(round((size - own) / step), 0) + 1).round().astype(int)
        for size, own in zip(shape[:2], (rows, cols), strict=True)
    ]
    return starts, (rows, cols)


def nearest_window(
    starts: list[np.ndarray], shape: tuple[int, int], sampling: float, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The windows that hold columns, and for each column its window.

    Args:
        starts: First rows and columns of the windows, of `window_starts`.
        shape: Their rows and columns [pixels].
        sampling: Pixel size [Å].
        positions: (N, 2) columns, (row, col) [Å].

    Returns:
        (W, 2) int first row and column of each window in use, and (N,) int which one is each
        column's.
    """
    corners = np.stack(np.meshgrid(*starts, indexing="ij"), axis=-1).reshape(-1, 2)
    centres = (corners + (np.array(shape) - 1) / 2) * sampling
    nearest = cKDTree(centres).query(positions)[1]
    used, own = np.unique(nearest, return_inverse=True)
    return corners[used], own


@dataclass(frozen=True)
class _Geometry:
    """The frequencies of a window that are needed: half of those up to `FREQUENCIES`, and a border.

    The power of opposite frequencies is the same, so that columns from -1 are enough.

    Attributes:
        rows, cols: (frequency,) of each axis [1/Å], a border of one on all sides included.
        ring: (row, col) int, number of the ring without the border, -1 outside of all; one of each
            opposite pair.
        members: For each ring the flat indices of its frequencies.
        taper: (row, col), Hann window.
        along_rows: (frequency, row) complex, the transform along a column of pixels.
        along_cols: (col, 2, frequency), real and imaginary part of that along a row.
    """

    rows: np.ndarray
    cols: np.ndarray
    ring: np.ndarray
    members: tuple[np.ndarray, ...]
    taper: np.ndarray
    along_rows: np.ndarray
    along_cols: np.ndarray


@lru_cache(maxsize=8)
def _geometry(shape: tuple[int, int], sampling: float) -> _Geometry:
    low, high = FREQUENCIES
    most = [min(int(np.ceil(high * size * sampling)), size // 2) for size in shape]
    numbers = np.arange(-most[0] - 1, most[0] + 2), np.arange(-1, most[1] + 2)
    row, col = np.meshgrid(*(each[1:-1] for each in numbers), indexing="ij")
    radius = np.hypot(row / (shape[0] * sampling), col / (shape[1] * sampling))
    # At the highest frequency of an even size both signs are the same one.
    one_of_pair = (2 * np.abs(row) < shape[0]) & (
        ((col > 0) & (2 * col < shape[1])) | (((col == 0) | (2 * col == shape[1])) & (row > 0))
    )
    width = 1 / (min(shape) * sampling)
    inside = (radius >= low) & (radius < high) & one_of_pair
    ring = np.where(inside, (radius - low) // width, -1).astype(int)
    members = tuple(np.flatnonzero(ring == number) for number in range(ring.max(initial=-1) + 1))
    turns = [
        np.exp(-2j * np.pi * np.outer(each, np.arange(size)) / size)
        for each, size in zip(numbers, shape, strict=True)
    ]
    return _Geometry(
        numbers[0] / (shape[0] * sampling),
        np.where(2 * numbers[1] == shape[1], -1, 1) * numbers[1] / (shape[1] * sampling),
        ring,
        members,
        np.hanning(shape[0] + 2)[1:-1, None] * np.hanning(shape[1] + 2)[1:-1],
        turns[0],
        np.stack([turns[1].real, turns[1].imag]).transpose(2, 0, 1).copy(),
    )


def _power(parts: np.ndarray, geometry: _Geometry) -> np.ndarray:
    """(window, row, col) mean power of windows (window, focus, row, col), with the border.

    By matrix products: few of all frequencies are needed, so that this takes a fraction of the time
    of an FFT.
    """
    windows, foci, rows, cols = parts.shape
    weights = geometry.taper / geometry.taper.sum()
    mean = np.tensordot(parts, weights, axes=2)[..., None, None]
    parts = (parts - mean) * geometry.taper
    half = parts.reshape(-1, cols) @ geometry.along_cols.reshape(cols, -1)
    half = half.reshape(windows, foci, rows, 2, -1)
    spectra = geometry.along_rows @ (half[..., 0, :] + 1j * half[..., 1, :])
    return np.mean(spectra.real**2 + spectra.imag**2, axis=1)  # type: ignore[no-any-return]


def _reflections(
    images: np.ndarray, sampling: float, positions: np.ndarray, side: float
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) power of the strongest reflection and of the strongest in another direction."""
    starts, shape = window_starts(images.shape, sampling, side)
    corners, own = nearest_window(starts, shape, sampling, positions)
    found = np.zeros((len(corners), 2))
    geometry = _geometry(shape, sampling)
    if not geometry.members:
        return found[own, 0], found[own, 1]
    for begin in range(0, len(corners), BATCH):
        batch = corners[begin : begin + BATCH]
        parts = np.stack(
            [images[row : row + shape[0], col : col + shape[1]] for row, col in batch]
        ).astype(np.float64)
        bordered = _power(np.moveaxis(parts, 3, 1), geometry)
        power = bordered[:, 1:-1, 1:-1]
        background = _background(power, geometry.members)
        high = power == maximum_filter(bordered, (1, 3, 3))[:, 1:-1, 1:-1]
        found[begin : begin + len(batch)] = [
            _two_strongest(*one, geometry) for one in zip(power, background, high, strict=True)
        ]
    return found[own, 0], found[own, 1]


def _two_strongest(
    power: np.ndarray, background: np.ndarray, high: np.ndarray, geometry: _Geometry
) -> tuple[float, float]:
    """The power of two reflections of a window in units of their background.

    Args:
        power: (row, col) power.
        background: (ring,) power without reflections.
        high: (row, col) bool, where no neighbour has more power.
        geometry: Of such windows.
    """
    rows, cols = np.nonzero((geometry.ring >= 0) & high)
    value = power[rows, cols] / background[geometry.ring[rows, cols]]
    order = np.argsort(-value)[:MOST_REFLECTIONS]
    order = order[value[order] > 0]
    if not len(order):
        return 0.0, 0.0
    row, col = geometry.rows[1:-1][rows[order]], geometry.cols[1:-1][cols[order]]
    sine = np.abs(row * col[0] - col * row[0]) / np.hypot(row, col) / np.hypot(row[0], col[0])
    others = order[sine > np.sin(np.deg2rad(SAME_DIRECTION_DEG))]
    return float(value[order[0]]), float(value[others[0]]) if len(others) else 0.0


def _background(power: np.ndarray, members: tuple[np.ndarray, ...]) -> np.ndarray:
    """(window, ring) mean power without reflections, smoothed over three rings.

    All windows at once: one by one, this takes most of the time of an image.

    Args:
        power: (window, row, col) power.
        members: Pixels of each ring.
    """
    flat = power.reshape(len(power), -1)
    level = np.full((len(flat), len(members)), np.nan)
    for ring, each in enumerate(members):
        if len(each) >= FEWEST_FREQUENCIES:
            level[:, ring] = np.quantile(flat[:, each], LOWER_PART, axis=1)
    # Exponentially distributed power: the quantile p is -log(1 - p) times the mean.
    level /= -np.log1p(-LOWER_PART)
    least = TINY * np.maximum(flat.max(axis=1), TINY)
    level = np.log(np.maximum(level, least[:, None]))
    padded = np.pad(level, ((0, 0), (1, 1)), constant_values=np.nan)
    near = np.stack([padded[:, :-2], padded[:, 1:-1], padded[:, 2:]])
    known = np.isfinite(near)
    total = np.where(known, near, 0.0).sum(axis=0)
    return np.exp(total / np.maximum(known.sum(axis=0), 1))
