"""Simulated images that a run keeps for its report.

They lie in ``simulate/examples.npz`` and ``evaluate/examples.npz``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from temnet.system.array_files import read_arrays, write_arrays


@dataclass(frozen=True)
class Picture:
    """A simulated image with its true columns and, after evaluation, the columns found.

    Attributes:
        image: (row, col) float32.
        sampling: Pixel size [Å].
        index: Number of the example in its split.
        caption: Short caption.
        true_positions: (N, 2) float64, (row, col) [Å].
        true_class: (N,) int64; -1 for columns that are neither labelled nor scored.
        found_positions: (M, 2) float64, (row, col) [Å].
        found_class: (M,) int64.
    """

    image: np.ndarray
    sampling: float
    index: int
    caption: str
    true_positions: np.ndarray
    true_class: np.ndarray
    found_positions: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    found_class: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


PICTURE_ARRAYS = tuple(one.name for one in fields(Picture))

REMEDY = "run the stage that writes them again"


def write_pictures(path: Path, pictures: Sequence[Picture]) -> None:
    """Writes pictures in one step; they may differ in size."""
    arrays = {"count": np.array(len(pictures))}
    for i, picture in enumerate(pictures):
        for name in PICTURE_ARRAYS:
            arrays[f"{name}_{i}"] = np.asarray(getattr(picture, name))
    write_arrays(path, arrays)


def read_pictures(path: Path) -> list[Picture]:
    """Reads pictures that `write_pictures` wrote.

    Raises:
        InputError: If the file is missing or damaged.
    """
    (count,) = read_arrays(path, ["count"], REMEDY)
    pictures = []
    for i in range(int(count)):
        names = [f"{name}_{i}" for name in PICTURE_ARRAYS]
        image, sampling, index, caption, *places = read_arrays(path, names, REMEDY)
        pictures.append(Picture(image, float(sampling), int(index), str(caption), *places))
    return pictures
