"""Images moved by any part of a pixel."""

from __future__ import annotations

import numpy as np
from scipy import fft


def moved_back(images: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Images (row, col, focus) that lay ``shifts`` (focus, 2) [pixels] off, where they belong."""
    return np.stack([shifted(images[..., k], -s) for k, s in enumerate(shifts)], axis=-1)


def shifted(image: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """An image moved by any part of a pixel, with a reflecting border.

    Args:
        image: (row, col).
        shift: (2,) (row, col) [pixels]; what was at ``place`` comes to ``place + shift``.

    Returns:
        float32, same shape.

    >>> shifted(np.eye(3), np.array([1.0, 0.0])).round(6) + 0
    array([[1., 0., 0.],
           [1., 0., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    image = np.asarray(image, np.float32)
    for axis, distance in enumerate(shift):
        if distance != 0:
            count = image.shape[axis]
            both = np.concatenate([image, np.flip(image, axis)], axis=axis)
            turn = np.exp(-2j * np.pi * fft.rfftfreq(2 * count) * distance)
            turn[-1] = turn[-1].real
            turned = fft.rfft(both, axis=axis) * np.expand_dims(turn, 1 - axis)
            moved = fft.irfft(turned.astype(np.complex64), 2 * count, axis=axis)
            image = np.take(moved, range(count), axis=axis)
    return image
