"""Simulated images that a run keeps for its report.

They lie in ``simulate/examples.npz`` and ``evaluate/examples.npz``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from temnet.errors import InputError
from temnet.system.files import replace_file


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


PICTURE_ARRAYS = (
    "image",
    "sampling",
    "index",
    "caption",
    "true_positions",
    "true_class",
    "found_positions",
    "found_class",
)


def write_pictures(path: Path, pictures: Sequence[Picture]) -> None:
    """Writes pictures in one step; they may differ in size."""
    arrays: dict[str, Any] = {"count": np.int64(len(pictures))}
    for i, picture in enumerate(pictures):
        for name in PICTURE_ARRAYS:
            arrays[f"{name}_{i}"] = np.asarray(getattr(picture, name))
    _write(path, arrays)


def read_pictures(path: Path) -> list[Picture]:
    """Reads pictures that `write_pictures` wrote.

    Raises:
        InputError: If the file is missing or damaged.
    """
    count = int(_read(path, ("count",))["count"])
    needed = [f"{name}_{i}" for i in range(count) for name in PICTURE_ARRAYS]
    arrays = _read(path, needed)
    return [
        Picture(
            arrays[f"image_{i}"],
            float(arrays[f"sampling_{i}"]),
            int(arrays[f"index_{i}"]),
            str(arrays[f"caption_{i}"]),
            *(arrays[f"{name}_{i}"] for name in PICTURE_ARRAYS[4:]),
        )
        for i in range(count)
    ]


def _write(path: Path, arrays: Mapping[str, Any]) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    replace_file(path, buffer.getvalue())


def _read(path: Path, needed: Sequence[str]) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: these images cannot be read ({error}); run the stage that writes them again."
        ) from error
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise InputError(
            f"{path}: expected the arrays {', '.join(missing)}, got {', '.join(arrays)}; run the "
            "stage that writes it again."
        )
    return arrays
