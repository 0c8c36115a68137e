"""Values of large files: they stay on disk, and a part is read when it is indexed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from temnet.inference.reading.formats.data_set import Values

SMALL_FILE = 2**25
"""Files of up to this many bytes are read whole, so that none of them stays open.

A movie's values are then held as they were stored; of a single image none are held.  Of larger
files at most this many bytes are held, however long the movie.
"""

View = Callable[[np.ndarray], np.ndarray]
"""Another view of an array: axes reordered or removed, no value copied."""


def is_large(size: int) -> bool:
    """Whether so many bytes stay in their file."""
    return size > SMALL_FILE


def cut_off_note(promised: int, whole: int) -> str:
    """A sentence on a file that was cut off."""
    return (
        f"the file is cut off: its header promises {promised} images and {whole} are whole; those "
        "were read"
    )


class Mapped:
    """Values in one contiguous piece of a file, memory-mapped for each access.

    (A map that stays open counts as memory of this process, up to the whole file.)

    Args:
        path: The file.
        dtype: Type of a value.
        offset: Bytes before the first value.
        shape: Sizes of the axes in the file.
        order: ``C`` where the last axis is the fastest, ``F`` where the first one is.
        view: How the axes are presented; as in the file by default.
    """

    def __init__(
        self,
        path: Path,
        dtype: np.dtype,
        offset: int,
        shape: Sequence[int],
        order: Literal["C", "F"] = "C",
        view: View = lambda values: values,
    ) -> None:
        self._path, self.dtype, self._offset, self._view = path, dtype, offset, view
        self._shape, self._order = tuple(shape), order
        self.shape = view(np.broadcast_to(np.zeros((), dtype), self._shape)).shape

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        values = np.memmap(self._path, self.dtype, "r", self._offset, self._shape, self._order)
        return np.array(self._view(values)[index])

    def whole(self) -> np.ndarray:
        """All values, read without a map."""
        values = np.fromfile(self._path, self.dtype, math.prod(self._shape), offset=self._offset)
        return self._view(values.reshape(self._shape, order=self._order))

    def viewed(self, view: View) -> Mapped:
        """The same values in another view, without reading any."""
        before = self._view
        return Mapped(
            self._path,
            self.dtype,
            self._offset,
            self._shape,
            self._order,
            lambda values: view(before(values)),
        )


class Nibbles:
    """Values of 4 bits, two in each byte, the lower half first; unpacked when they are read.

    Args:
        packed: (image, row, byte) uint8, or (row, byte).
        cols: Columns of the image; where they are odd, the last half byte of a row is unused.
    """

    dtype = np.dtype("u1")

    def __init__(self, packed: Mapped, cols: int) -> None:
        self._packed, self._cols = packed, cols
        self.shape = (*packed.shape[:-1], cols)

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        return self._unpacked(self._packed[index])

    def whole(self) -> np.ndarray:
        """All values."""
        return self._unpacked(self._packed.whole())

    def first(self) -> Nibbles:
        """The first image."""
        return Nibbles(self._packed.viewed(lambda packed: packed[0]), self._cols)

    def _unpacked(self, packed: np.ndarray) -> np.ndarray:
        both = np.stack([packed & 15, packed >> 4], axis=-1)
        return both.reshape(*packed.shape[:-1], -1)[..., : self._cols]


class Blocks:
    """A movie that is stored in pieces of many frames: one piece is read and held at a time.

    (An EMD file as RosettaSciIO writes it has pieces of a few rows of all frames; reading one
    frame takes as long as reading all of them.)

    Args:
        movie: A Dask array (frame, row, col).
    """

    def __init__(self, movie: Values, frames_in_piece: int) -> None:
        frame = movie.dtype.itemsize * movie.shape[1] * movie.shape[2]
        self._count = max(min(frames_in_piece, SMALL_FILE // frame), 1)
        self._movie, self._first, self._block = movie, -1, np.empty(0)
        self.shape, self.dtype = movie.shape, movie.dtype

    def __getitem__(self, index: tuple[int]) -> np.ndarray:
        first = index[0] - index[0] % self._count
        if first != self._first:
            self._first = first
            self._block = np.asarray(self._movie[first : first + self._count])
        return self._block[index[0] - first]


def viewed(data: Values, view: View) -> Values:
    """Values in another view: of an array at once, of values in a file when they are read."""
    return data.viewed(view) if isinstance(data, Mapped) else view(data)  # type: ignore[arg-type]
