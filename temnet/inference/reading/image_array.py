"""Images in an array, as a file of images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from temnet.errors import InputError
from temnet.inference.reading.header import Meaning
from temnet.inference.reading.image_file import ImageFile


def array_file(array: np.ndarray, name: str) -> ImageFile:
    """An array of images as if it had been read from a file without a header.

    Args:
        array: (row, col) or (frame, row, col), real grey values.
        name: Name in tables and messages.

    Raises:
        InputError: If the array has another shape or holds no real numbers.

    >>> file = array_file(np.arange(24).reshape(2, 3, 4), "a")
    >>> len(file), file.shape, file.read(1)[0].tolist()
    (2, (3, 4), [12, 13, 14, 15])
    """
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise InputError(
            f"Expected an array (row, col) or (frame, row, col), got the shape {array.shape}."
        )
    if array.dtype.kind not in "uifb":
        raise InputError(f"Expected an array of real numbers, got {array.dtype}.")
    images = array.reshape(-1, *array.shape[-2:])
    outer: tuple[tuple[int, Meaning], ...] = tuple((n, "") for n in array.shape[:-2] if n > 1)
    return ImageFile(Path(name), outer, images.shape[1:], images.__getitem__, None)
