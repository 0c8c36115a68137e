"""Reflections of a sheet that are equal by its symmetry: are they equal in the image?

The image of thin columns is their density convolved with one kernel, so that the image's Fourier
transform at a reflection is the columns' structure factor times the kernel's (the contrast
transfer).  Without astigmatism and tilt the kernel is the same for all reflections of one spacing.
Where one of graphene's three {100} reflections fades or reverses across the field, for astigmatism,
tilt or bending, the image is no longer that of graphene, and atoms found there are those that a
network expects.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter

from temnet.inference.checks.local_lattice import nearest_window, window_starts

SIDE, STEP = 24.0, 3.0
"""Side of the windows and distance of their centres [Å]; at 6 Å the band in which a reflection
vanishes is missed in one image of ten."""

LOWEST, HIGHEST = 0.25, 0.6
"""Frequencies of the compared reflections [1/Å]: the first ring of graphene and of MoS2."""

SAME_SPACING = 0.08
"""Frequencies that differ by less than this fraction belong to one spacing; a strained sheet
differs by less."""

EQUAL_REFLECTIONS = 3
"""Reflections of one spacing in a sheet with a threefold axis, one of each opposite pair."""

STRONGEST = 9
"""Reflections of the columns that are compared, the strongest first."""

FAINTEST = 0.1
"""Reflections of the columns with less than this fraction of the strongest one's power are left
out."""

FEWEST_COLUMNS = 8
"""Columns that a window must hold."""

LEAST_SHARE = 0.3
"""The weakest reflection has at least this fraction of the mean kernel.  Windows of 45 validation
images of the graphene network in which the image shows a lattice have at least 0.32."""


def with_uneven_reflections(
    images: np.ndarray, sampling: float, positions: np.ndarray
) -> np.ndarray:
    """(N,) bool: columns where reflections that should be equal are not.

    Args:
        images: (row, col, focus), at the network's pixels, in any linear grey values.
        sampling: Pixel size [Å].
        positions: (N, 2) columns of a sheet, (row, col) [Å].

    Returns:
        False where the columns do not show three reflections of one spacing.
    """
    if len(positions) < FEWEST_COLUMNS:
        return np.zeros(len(positions), bool)
    starts, shape = window_starts(images.shape, sampling, SIDE, STEP)
    corners, own = nearest_window(starts, shape, sampling, positions)
    weakest = np.array(
        [
            _weakest_share(
                images[row : row + shape[0], col : col + shape[1]],
                positions / sampling - [row, col],
                sampling,
            )
            for row, col in corners
        ]
    )
    return (weakest < LEAST_SHARE)[own]


def _weakest_share(part: np.ndarray, points: np.ndarray, sampling: float) -> float:
    """The weakest of equal reflections of a window, as a fraction of their mean.

    Args:
        part: (row, col, focus) of the window.
        points: (N, 2) columns of the whole image, in pixels from the window's first one.
        sampling: Pixel size [Å].

    Returns:
        1 where the columns do not show such reflections.
    """
    shape = part.shape[:2]
    points = points[np.all((points >= 0) & (points <= np.subtract(shape, 1)), axis=1)]
    if len(points) < FEWEST_COLUMNS:
        return 1.0
    rows, cols = (np.fft.fftfreq(size, sampling) for size in shape)
    factor = _structure_factor(points, shape, rows * sampling, cols * sampling)
    power, radius = np.abs(factor) ** 2, np.hypot(rows[:, None], cols)
    upper = (rows[:, None] > 0) | ((rows[:, None] == 0) & (cols > 0))
    top = (power == maximum_filter(power, 3, mode="wrap")) & upper & (radius > LOWEST)
    places = np.argwhere(top & (radius < 1.0))
    strength = power[tuple(places.T)]
    order = np.argsort(-strength)[:STRONGEST]
    places = places[order][strength[order] > FAINTEST * strength.max(initial=0.0)]
    found = radius[tuple(places.T)]
    for frequency in found:  # by falling power
        equal = np.abs(found / frequency - 1) < SAME_SPACING
        if frequency < HIGHEST and equal.sum() >= EQUAL_REFLECTIONS:
            return _share(part, factor, power, places[equal])
    return 1.0


def _structure_factor(
    points: np.ndarray, shape: tuple[int, ...], rows: np.ndarray, cols: np.ndarray
) -> np.ndarray:
    """(row, col) complex: the Fourier transform of points under a Hann window.

    Args:
        points: (N, 2) [pixels].
        shape: Rows and columns of the window.
        rows: (row,) frequencies [cycles per pixel].
        cols: (col,) frequencies [cycles per pixel].
    """
    weight = np.prod(np.sin(np.pi * (points + 1) / (np.array(shape) + 1)) ** 2, axis=1)
    along = np.exp(-2j * np.pi * np.outer(rows, points[:, 0])) * weight
    return along @ np.exp(-2j * np.pi * np.outer(points[:, 1], cols))


def _share(part: np.ndarray, factor: np.ndarray, power: np.ndarray, places: np.ndarray) -> float:
    """The least component of the reflections' kernels along their mean, as a fraction of it."""
    rows, cols = part.shape[:2]
    taper = np.hanning(rows + 2)[1:-1, None] * np.hanning(cols + 2)[1:-1]
    level = np.sum(part * taper[..., None], axis=(0, 1)) / taper.sum()
    spectrum = np.fft.fft2((part - level) * taper[..., None], axes=(0, 1))
    kernels = []
    for row, col in places:
        near = np.ix_(np.arange(row - 1, row + 2) % rows, np.arange(col - 1, col + 2) % cols)
        product = np.sum(spectrum[near] * np.conj(factor[near])[..., None], axis=(0, 1))
        kernels.append(product / power[near].sum())
    kernel = np.array(kernels)  # (reflection, focus)
    mean = kernel.mean(axis=0)
    size = float(np.sum(np.abs(mean) ** 2))
    return float(np.real(kernel @ np.conj(mean)).min() / size) if size > 0 else 1.0
