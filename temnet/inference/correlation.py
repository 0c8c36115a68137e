"""Correlation of images by their transforms, by which focal series and movies are aligned."""

from __future__ import annotations

import numpy as np
from scipy import fft

from temnet.images.normalize import gaussian_blur

HIGHEST_FREQUENCY = 1.25
"""Frequencies that are compared [1/Å]: no microscope of today carries more."""

BLUR = 6.0
"""Standard deviation of the blur that is subtracted [Å]; uneven illumination is slower."""


def windowed_spectra(
    images: np.ndarray, sampling: float, window: np.ndarray, highest: float = HIGHEST_FREQUENCY
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transforms of the normalised images under a window, the lowest frequencies of them.

    They are scaled so that white noise as strong as the image would have a mean power of one.

    Args:
        images: (row, col, focus) in any linear grey values, finite.
        sampling: Pixel size [Å].
        window: (row, col), of any scale.
        highest: Highest frequency that is kept [1/Å].

    Returns:
        (rows', cols', focus) complex64; (rows',) and (cols',) frequencies [1/Å].
    """
    rows = fft.fftfreq(images.shape[0], sampling)
    cols = fft.rfftfreq(images.shape[1], sampling)
    limit = min(highest, 0.5 / sampling)
    kept = np.ix_(np.abs(rows) <= limit, cols <= limit)
    window = window.astype(np.float32)
    window /= np.sqrt(np.sum(window**2))
    spectra = []
    for image in np.moveaxis(images, -1, 0):
        even = image - gaussian_blur(image[..., None], BLUR / sampling)[..., 0]
        spread = even.std()
        spectra.append(fft.rfft2(even * (window / (spread if spread > 0 else 1)))[kept])
    return np.stack(spectra, axis=-1), rows[kept[0][:, 0]], cols[kept[1][0]]


def phases(shifts: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors by which frequencies turn when an image moves back along rows and columns.

    With a cross spectrum c (row, col) of a first and a second image, the real part of ``along_rows
    @ c @ along_cols`` is their correlation for each shift of the second one.

    Args:
        shifts: (shift,) along each axis [Å].
        rows: (row,) frequencies [1/Å].
        cols: (col,) frequencies [1/Å].

    Returns:
        (shift, row) and (col, shift) complex64.
    """
    return (
        np.exp(2j * np.pi * np.outer(shifts, rows)).astype(np.complex64),
        np.exp(2j * np.pi * np.outer(cols, shifts)).astype(np.complex64),
    )
