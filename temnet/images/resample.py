"""Band-limited change of the pixel size, for training and inference."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import sparse

LOBES = 4
"""Half width of the windowed sinc, in zeros of the sinc."""


def resample(images: np.ndarray, sampling: float, new_sampling: float) -> np.ndarray:
    """Resample images to another pixel size; the centre of pixel [0, 0] stays in place.

    A Lanczos-windowed sinc, widened when pixels get larger so that nothing above the new
    Nyquist frequency folds back; the border reflects.  A constant image stays constant.

    Args:
        images: (..., row, col, channel).
        sampling: Pixel size of the images [Å].
        new_sampling: Pixel size of the result [Å].

    Returns:
        float32, rows and columns ``floor((n - 1) * sampling / new_sampling) + 1``, so that every
        new pixel's centre lies within the old image.
    """
    images = np.asarray(images, np.float32)
    if np.isclose(sampling, new_sampling, rtol=1e-6, atol=0):
        return images
    for axis in (-3, -2):
        images = _along(images, axis, new_sampling / sampling)
    return np.ascontiguousarray(images)


def square_pixels(images: np.ndarray, pixel_size: tuple[float, float]) -> np.ndarray:
    """Resample images along one axis so that pixels are square; see `resample`.

    Args:
        images: (..., row, col, channel).
        pixel_size: Height and width of a pixel [Å].

    Returns:
        float32, at the smaller of height and width.

    >>> square_pixels(np.ones((3, 3, 1)), (0.2, 0.1)).shape
    (5, 3, 1)
    """
    images = np.asarray(images, np.float32)
    small = min(pixel_size)
    for axis, size in zip((-3, -2), pixel_size, strict=True):
        if not np.isclose(size, small, rtol=1e-6, atol=0):
            images = _along(images, axis, small / size)
    return np.ascontiguousarray(images)


def _along(images: np.ndarray, axis: int, ratio: float) -> np.ndarray:
    """Images with pixels ``ratio`` times as large along one axis."""
    matrix = _weights(images.shape[axis], ratio)
    moved = np.moveaxis(images, axis, 0)
    flat = matrix @ moved.reshape(len(moved), -1)
    return np.moveaxis(flat.reshape(-1, *moved.shape[1:]), 0, axis)


def resampled_size(count: int, sampling: float, new_sampling: float) -> int:
    """Pixels along a side after ``resample``.

    >>> resampled_size(180, 0.2, 0.1), resampled_size(101, 0.1, 0.2)
    (359, 51)
    """
    return int(np.floor((count - 1) * sampling / new_sampling + 1e-6)) + 1


@lru_cache(maxsize=32)
def _weights(count: int, ratio: float) -> sparse.csr_array:
    """(new count, count) float32 weights for pixels ``ratio`` times as large."""
    scale = max(ratio, 1.0)
    new_count = resampled_size(count, 1.0, ratio)
    centres = np.arange(new_count) * ratio
    reach = int(np.ceil(LOBES * scale))
    offsets = np.arange(-reach, reach + 1)
    taps = np.round(centres).astype(int)[:, None] + offsets
    distance = (taps - centres[:, None]) / scale
    weights = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(new_count), len(offsets))
    columns = reflect_index(taps, count).ravel()
    shape = (new_count, count)
    matrix = sparse.coo_array((weights.ravel(), (rows, columns)), shape=shape)
    return sparse.csr_array(matrix, dtype=np.float32)


def reflect_index(index: np.ndarray, count: int) -> np.ndarray:
    """Indices over the border reflected at it, with the edge pixel repeated.

    >>> reflect_index(np.array([-2, -1, 0, 3, 4]), 4).tolist()
    [1, 0, 0, 3, 3]
    """
    folded = np.mod(index, 2 * count)
    return np.where(folded < count, folded, 2 * count - 1 - folded)
