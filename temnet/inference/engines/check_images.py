"""Check images of a network, on which engines are compared: a few of its selection images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from temnet.images.normalize import normalize
from temnet.models.network_folders import CHECK_FILE
from temnet.records import IGNORED, Example
from temnet.system.array_files import read_arrays

COUNT, SIZE = 16, 96
"""Number of check images, and their largest number of rows and columns [pixels]."""


def check_images(examples: Sequence[Example], normalisation_width: float) -> np.ndarray:
    """The middle parts of some examples, spread over all that show columns.

    Args:
        examples: Examples of one size, at the network's sampling; all count if none shows columns.
        normalisation_width: Of the network [Å].

    Returns:
        (image, row, col, focus) float16, normalised.
    """
    shown = [one for one in examples if np.any(one.columns.class_index != IGNORED)]
    chosen = shown or examples
    step = max(len(chosen) // COUNT, 1)
    parts = []
    for example in chosen[::step][:COUNT]:
        images = normalize(example.images, example.sampling, normalisation_width)
        starts = (max((size - SIZE) // 2, 0) for size in images.shape[:2])
        rows, cols = (slice(start, start + SIZE) for start in starts)
        parts.append(images[rows, cols])
    return np.stack(parts).astype(np.float16)


def read_check_images(folder: Path) -> np.ndarray | None:
    """The check images of a network, float32; None if it has none.

    Raises:
        InputError: If the file is damaged.
    """
    path = folder / CHECK_FILE
    if not path.is_file():
        return None
    (images,) = read_arrays(path, ["images"], "copy the network's whole folder again")
    return images.astype(np.float32)
