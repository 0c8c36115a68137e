"""The microscope frames that a run keeps for its report and for averages: ``images.npz``.

An archive as `numpy.load` reads it, with the arrays ``frames`` (frame, row, col) float32,
``names``, ``numbers`` and ``sampling``.  It is written and read frame by frame, so that a frame
is all that is held of it.  ``occupancy/images.npz`` holds the time average ``mean`` instead of
the frames.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from temnet.errors import InputError
from temnet.system.files import replacing

FAST = 1
"""Level of compression: noise does not get smaller by more of it, which takes ten times as long."""


@dataclass(frozen=True)
class FrameIndex:
    """Which frames are kept.

    Attributes:
        names: For each kept frame, the name of its file.
        numbers: (frame,) int64, for each kept frame its number within the file.
        sampling: (frame,) float64, for each kept frame its pixel size [Å].
    """

    names: tuple[str, ...]
    numbers: np.ndarray
    sampling: np.ndarray

    def __post_init__(self) -> None:
        each = len(self.names), len(self.numbers), len(self.sampling)
        if len(set(each)) > 1:
            raise ValueError(
                f"Each kept frame needs a name, a number and a pixel size; got {each[0]}, "
                f"{each[1]} and {each[2]} of these."
            )

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class MeanImage:
    """The time average of a movie.

    Attributes:
        image: (row, col) float32, without drift, in the frame of reference that sites have; NaN
            where no frame reaches.  None where no frame was usable.
        index: The frames that it was to be made of.
    """

    image: np.ndarray | None
    index: FrameIndex


@contextmanager
def open_frames(path: Path, index: FrameIndex, shape: tuple[int, int]) -> Iterator[FrameWriter]:
    """Opens a file of frames for writing; it is in place at the end of the block.

    Args:
        path: Where to.
        index: The frames, all of which have to be added.
        shape: Rows and columns of each.
    """
    with replacing(path) as temporary, _archive(temporary) as archive:
        _write_index(archive, index)
        with archive.open("frames.npy", "w", force_zip64=True) as file:
            header = {
                "descr": "<f4",
                "fortran_order": False,
                "shape": (len(index), *shape),
            }
            np.lib.format.write_array_header_1_0(file, header)
            writer = FrameWriter(file, shape)
            yield writer
        if writer.count != len(index):
            raise ValueError(f"{path.name}: expected {len(index)} frames, got {writer.count}.")
        archive.close()


class FrameWriter:
    """Appends frames to a file of them."""

    def __init__(self, file: IO[bytes], shape: tuple[int, int]) -> None:
        self._file, self._shape, self.count = file, shape, 0

    def add(self, image: np.ndarray) -> None:
        """Appends a frame, (row, col)."""
        if image.shape != self._shape:
            raise ValueError(f"Frames are {self._shape}; got {image.shape}.")
        self._file.write(np.ascontiguousarray(image, "<f4").tobytes())
        self.count += 1


def write_mean(path: Path, mean: MeanImage) -> None:
    """Writes a time average in one step."""
    with replacing(path) as temporary, _archive(temporary) as archive:
        _write_index(archive, mean.index)
        if mean.image is not None:
            _write_array(archive, "mean", np.asarray(mean.image, np.float32))
        archive.close()


def read_index(path: Path) -> FrameIndex:
    """Which frames a file keeps.

    Raises:
        InputError: If the file is missing or damaged.
    """
    with _opened(path) as archive:
        return _read_index(archive)


def read_mean(path: Path) -> MeanImage:
    """The time average that `write_mean` wrote.

    Raises:
        InputError: If the file is missing or damaged.
    """
    with _opened(path) as archive:
        image = _read_array(archive, "mean") if "mean.npy" in archive.namelist() else None
        return MeanImage(image, _read_index(archive))


def each_frame(path: Path, chosen: Sequence[int] | None = None) -> Iterator[np.ndarray]:
    """Kept frames, (row, col) float32, one at a time.

    Args:
        path: A file of `write_frames`.
        chosen: Their places in the file, ascending; all by default.

    Raises:
        InputError: If the file is missing or damaged.
    """
    with _opened(path) as archive, archive.open("frames.npy") as file:
        shape, dtype = _header(file)
        wanted = range(shape[0]) if chosen is None else chosen
        size = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
        place = 0
        for number in wanted:
            for _ in range(place, number):
                _skip(file, size)
            content = file.read(size)
            if len(content) < size:
                raise EOFError(f"frame {number} is cut off")
            yield np.frombuffer(content, dtype).reshape(shape[1:])
            place = number + 1


def _archive(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=FAST)


def _write_index(archive: zipfile.ZipFile, index: FrameIndex) -> None:
    _write_array(archive, "names", np.array(index.names, dtype=np.str_))
    _write_array(archive, "numbers", np.asarray(index.numbers, np.int64))
    _write_array(archive, "sampling", np.asarray(index.sampling, np.float64))


def _write_array(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array(file, values, allow_pickle=False)


def _read_index(archive: zipfile.ZipFile) -> FrameIndex:
    names, numbers, sampling = (
        _read_array(archive, name) for name in ("names", "numbers", "sampling")
    )
    return FrameIndex(tuple(map(str, names)), numbers.astype(np.int64), sampling)


def _read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and kind of the frames that follow in a file."""
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran_order, dtype = read(file)
    if fortran_order or len(shape) != 3 or dtype.hasobject:
        raise ValueError(f"frames of shape {shape}, expected (frame, row, col)")
    return shape, dtype


def _skip(file: IO[bytes], size: int) -> None:
    """Reads over some bytes of a compressed file, a few at a time."""
    while size > 0:
        part = len(file.read(min(size, 2**20)))
        if not part:
            raise EOFError("the frames are cut off")
        size -= part


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except KeyError as error:
        raise InputError(
            f"{path}: expected the kept frames of a run ({error.args[0]}); run the stage that "
            "writes it again."
        ) from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path}: these images cannot be read ({error}); run the stage that writes them again."
        ) from error
