"""Contrast of columns in an image."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from temnet.images.normalize import gaussian_blur

AT_COLUMN, AROUND = 0.2, 1.0
"""Standard deviations of the Gaussians over which a column and its surroundings are averaged [Å]:
less than a column's width, and about the distance of its neighbours."""


def column_contrast(image: np.ndarray, positions: np.ndarray, sampling: float) -> float:
    """Mean contrast of columns with their surroundings.

    Args:
        image: (row, col) intensity.
        positions: (N, 2) of the columns (row, col) [Å]; those outside of the image are left out.
        sampling: Å per pixel.

    Returns:
        The mean over the columns of their intensity divided by that around them, minus 1: positive
        for bright columns, negative for dark ones, near 0 for invisible ones or for bright and
        dark ones together.  NaN without columns.

    >>> image = np.ones((40, 40))
    >>> image[20, 20] = 2
    >>> column_contrast(image, np.array([[4.0, 4.0]]), 0.2) > 0.1
    True
    """
    pixels = np.asarray(positions, np.float64) / sampling
    last = np.array(image.shape) - 1
    pixels = pixels[np.all((pixels >= 0) & (pixels <= last), axis=1)]
    if not len(pixels):
        return np.nan
    near, far = (
        map_coordinates(_blurred(image, width / sampling), pixels.T, order=1)
        for width in (AT_COLUMN, AROUND)
    )
    return float(np.mean(near / far - 1))


def _blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return gaussian_blur(np.asarray(image, np.float32)[..., None], sigma)[..., 0]
