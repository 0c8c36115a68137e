"""Fourier transforms in single precision, the same bits in every process."""

from __future__ import annotations

import math

import numpy as np
from scipy import fft

GRID_SIZES = (
    64, 80, 96, 128, 144, 160, 192, 216, 240, 256, 288, 320, 360, 384, 400, 432, 480, 512, 540,
    576, 600, 640, 672, 720, 768, 800, 840, 864, 900, 960, 1024, 1080, 1152, 1200, 1280, 1440,
    1536,
)  # fmt: skip
"""Sides of the grids that exit waves are computed on, but for larger ones; all are even and have
small prime factors."""


def good_size(count: float) -> int:
    """The smallest grid size that is at least ``count``.

    >>> good_size(100), good_size(1925)
    (128, 1944)
    """
    for size in GRID_SIZES:
        if size >= count - 1e-6:
            return size
    return 2 * fft.next_fast_len(math.ceil(count / 2 - 1e-6), real=True)


def rotation(phase: np.ndarray) -> np.ndarray:
    """exp(i phase) as complex64: much faster than NumPy's complex exponential.

    Args:
        phase: Any shape [rad].
    """
    phase = phase.astype(np.float32, copy=False)
    turned = np.empty(phase.shape, np.complex64)
    np.cos(phase, out=turned.real)
    np.sin(phase, out=turned.imag)
    return turned


def values_at(
    spectrum: np.ndarray,
    shape: tuple[int, int],
    extent: tuple[float, float],
    rows: np.ndarray,
    cols: np.ndarray,
) -> np.ndarray:
    """A periodic, band-limited image at any places: its Fourier series, summed.

    Args:
        spectrum: (n, m // 2 + 1) complex, the image's ``rfft2``.
        shape: (n, m) of the image.
        extent: Height and width of the periodic box [Å].
        rows: (R,) places along the rows' axis [Å].
        cols: (C,) places along the columns' axis [Å].

    Returns:
        (R, C) float32.
    """
    frequencies = (
        fft.fftfreq(shape[0], extent[0] / shape[0]),
        fft.rfftfreq(shape[1], extent[1] / shape[1]),
    )
    along_rows, along_cols = (
        rotation(2 * np.pi * (np.outer(places, frequency) % 1.0))
        for places, frequency in zip((rows, cols), frequencies, strict=True)
    )
    # Each frequency along the columns' axis stands for its negative as well, but 0 and Nyquist's.
    twice = np.full(len(frequencies[1]), 2.0, np.float32)
    twice[0] = 1
    if shape[1] % 2 == 0:
        twice[-1] = 1
    scaled = spectrum.astype(np.complex64, copy=False) * (twice / (shape[0] * shape[1]))
    partial = along_rows @ scaled.astype(np.complex64, copy=False)
    return partial.real @ along_cols.real.T - partial.imag @ along_cols.imag.T
