"""The few images that a run keeps so that its report can show them: ``.npz`` files.

Three files: ``predict/images.npz`` (:class:`Frames`), ``simulate/examples.npz`` and
``evaluate/examples.npz`` (lists of :class:`Picture`).
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
from temnet.files import replace_file


@dataclass(frozen=True)
class Frames:
    """Frames of microscope images, perhaps a choice of them, perhaps made smaller.

    Attributes:
        frames: (frame, row, col) float32, the kept frames.
        names: For each kept frame, the name of its file.
        numbers: (frame,) int64, for each kept frame its number within the file.
        sampling: (frame,) float64, for each kept frame its pixel size [Å].
        mean: (row, col) float32, time average without drift, in the frame of reference that
            sites have; NaN where no frame reaches.  None for images that are no movie.
    """

    frames: np.ndarray
    names: tuple[str, ...]
    numbers: np.ndarray
    sampling: np.ndarray
    mean: np.ndarray | None = None

    def __post_init__(self) -> None:
        count = len(self.frames)
        each = len(self.names), len(self.numbers), len(self.sampling)
        if self.frames.ndim != 3 or each != (count,) * 3:
            raise ValueError(
                "Frames need frames (frame, row, col) and for each a name, a number and a pixel "
                f"size; got {self.frames.shape}, and {each[0]}, {each[1]} and {each[2]} of these."
            )


@dataclass(frozen=True)
class Picture:
    """A simulated image with its true columns and, after evaluation, the found ones.

    Attributes:
        image: (row, col) float32.
        sampling: Pixel size [Å].
        index: Number of the example in its split.
        caption: What to say of it in a few words.
        true_positions: (N, 2) float64, (row, col) [Å].
        true_class: (N,) int64; -1 is neither labelled nor scored.
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


def write_frames(path: Path, frames: Frames) -> None:
    """Writes frames in one step."""
    arrays = {
        "frames": np.asarray(frames.frames, np.float32),
        "names": np.array(frames.names, dtype=np.str_),
        "numbers": frames.numbers,
        "sampling": frames.sampling,
    }
    if frames.mean is not None:
        arrays["mean"] = np.asarray(frames.mean, np.float32)
    _write(path, arrays)


def read_frames(path: Path) -> Frames:
    """Reads what :func:`write_frames` wrote.

    Without ``numbers`` the frames count from 0; one name and one pixel size stand for all frames.

    Raises:
        InputError: The file is missing or damaged.
    """
    arrays = _read(path, ("frames", "sampling"))
    frames = arrays["frames"]
    names = tuple(str(name) for name in np.atleast_1d(arrays.get("names", "")))
    if len(names) == 1:
        names = names * len(frames)
    sampling = np.atleast_1d(arrays["sampling"])
    if len(sampling) == 1:
        sampling = np.repeat(sampling, len(frames))
    try:
        return Frames(
            frames,
            names,
            arrays.get("numbers", np.arange(len(frames))).astype(np.int64),
            sampling,
            arrays.get("mean"),
        )
    except ValueError as error:
        raise InputError(f"{path}: {error} Run the stage that writes it again.") from error


def write_pictures(path: Path, pictures: Sequence[Picture]) -> None:
    """Writes pictures in one step; they may differ in size."""
    arrays: dict[str, Any] = {"count": np.int64(len(pictures))}
    for i, picture in enumerate(pictures):
        for name in PICTURE_ARRAYS:
            arrays[f"{name}_{i}"] = np.asarray(getattr(picture, name))
    _write(path, arrays)


def read_pictures(path: Path) -> list[Picture]:
    """Reads what :func:`write_pictures` wrote.

    Raises:
        InputError: The file is missing or damaged.
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
