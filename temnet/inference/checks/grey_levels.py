"""Statistics of an image's grey values: their slow variation, and the sign of the contrast."""

from __future__ import annotations

import numpy as np

from temnet.images.flatten import flatten, slow_part
from temnet.images.normalize import gaussian_blur
from temnet.inference.checks.image_statistics import middle

SLOW = 8.0
"""Width of the surface whose variation counts as slow [Å]."""

COARSE = 1.0
"""Pixel size at which the surface is fitted [Å]."""

SPOT = 0.45
"""Standard deviation of the blur before the skewness [Å], about that of a column."""


def slow_variation(images: np.ndarray, sampling: float) -> float:
    """Standard deviation of the slow part of an image, as a fraction of its mean.

    Args:
        images: (row, col, focus) in grey values in proportion to electrons; the foci are averaged.
        sampling: Pixel size [Å].

    Returns:
        NaN where the mean is not positive.

    >>> ramp = np.linspace(0.9, 1.1, 200)[:, None, None] * np.ones((200, 200, 1))
    >>> round(slow_variation(ramp, 0.2), 3)  # 0.1 / √3
    0.058
    """
    image = np.asarray(images, np.float64).mean(axis=-1)
    step = max(round(COARSE / sampling), 1)
    rows, cols = (size // step for size in image.shape)
    image = image[: rows * step, : cols * step]
    coarse = image.reshape(rows, step, cols, step).mean(axis=(1, 3))
    mean = coarse.mean()
    if not mean > 0:
        return float("nan")
    return float(slow_part(coarse / mean, step * sampling, SLOW).std())


def skewness(images: np.ndarray, sampling: float) -> float:
    """Skewness of the first image between its noise and its slow variation.

    Bright columns on a darker ground have a positive skewness, dark columns a negative one; a
    honeycomb of bright columns has a negative one, too, for its holes.  Networks are therefore
    compared by the skewness of their own training images.

    Args:
        images: (row, col, focus); of large images the middle is used.
        sampling: Pixel size [Å].

    Returns:
        The third moment over the 3/2th power of the second; 0 for an image of one value.
    """
    part = np.asarray(middle(images, sampling)[..., :1], np.float32)
    level = np.abs(part).max()
    if not level > 0:
        return 0.0
    flat = flatten(part / level, sampling)
    band = gaussian_blur(flat - flat.mean(), SPOT / sampling).astype(np.float64)
    power = np.mean(band**2)
    return float(np.mean(band**3) / power**1.5) if power > 0 else 0.0
