"""How the values of large files are read: a part when it is asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from temnet.errors import InputError


def refuse_transparency(path: Path) -> None:
    """RosettaSciIO's reader fails on grey PNG files with a channel of transparency."""
    with path.open("rb") as file:
        header = file.read(26)
    if header[:4] == b"\x89PNG" and header[25:] == b"\x04":  # colour type 4 of RFC 2083
        raise InputError(
            f"{path}: this grey picture has a channel of transparency (alpha); save it without."
        )


class Mapped:
    """Values in one piece of a file, mapped into memory for as long as it takes to read some.

    (A map that stays is counted as this process' memory, up to the whole file.)

    Args:
        path: The file.
        dtype: Type of a value.
        offset: Bytes before the first.
        shape: Size of each axis as the file has them.
        order: ``C`` where the last axis is the fastest, ``F`` where the first one is.
        axes: Which of the file's axes each axis here is; all in their order by default.
    """

    def __init__(
        self,
        path: Path,
        dtype: np.dtype,
        offset: int,
        shape: Sequence[int],
        order: Literal["C", "F"] = "C",
        axes: Sequence[int] | None = None,
    ) -> None:
        self._path, self.dtype, self.offset = path, dtype, offset
        self._where: dict[str, Any] = {"offset": offset, "shape": tuple(shape), "order": order}
        self._axes = tuple(range(len(shape)) if axes is None else axes)
        self.shape = tuple(shape[axis] for axis in self._axes)

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        values = np.memmap(self._path, self.dtype, "r", **self._where)
        return np.array(values.transpose(self._axes)[index])

    def whole(self) -> np.ndarray:
        """All values, read without a map."""
        shape, order = self._where["shape"], self._where["order"]
        values = np.fromfile(self._path, self.dtype, math.prod(shape), offset=self.offset)
        return values.reshape(shape, order=order).transpose(self._axes)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def transpose(self, axes: Sequence[int]) -> Mapped:
        """The same values with other axes first, which reads nothing."""
        chosen = [self._axes[axis] for axis in axes]
        return Mapped(self._path, self.dtype, **self._where, axes=chosen)

    def first(self) -> Mapped:
        """The only part along the first axis, without that axis."""
        axis, *rest = self._axes
        where = dict(self._where)
        where["shape"] = tuple(n for k, n in enumerate(where["shape"]) if k != axis)
        chosen = [other - (other > axis) for other in rest]
        return Mapped(self._path, self.dtype, **where, axes=chosen)


class Nibbles:
    """Values of 4 bits, two in each byte, the lower half first; unpacked when they are read.

    Args:
        values: (image, row, byte), an array or mapped.
        cols: Columns of the image; where they are odd the last half byte of a row is empty.
    """

    def __init__(self, values: Any, cols: int) -> None:
        self._values, self._cols, self.dtype = values, cols, np.dtype("u1")
        self.shape = (*values.shape[:-1], cols)
        self.ndim = len(self.shape)

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        return self._unpacked(np.asarray(self._values[index]))

    def whole(self) -> np.ndarray:
        """All values."""
        return self._unpacked(self._values.whole())

    def first(self) -> Nibbles:
        """The first image."""
        return Nibbles(self._values.first(), self._cols)

    def _unpacked(self, packed: np.ndarray) -> np.ndarray:
        both = np.stack([packed & 15, packed >> 4], axis=-1)
        return both.reshape(*packed.shape[:-1], -1)[..., : self._cols]


class Blocks:
    """A movie that is stored in pieces of many frames: so many are read and held at once.

    (An EMD file as RosettaSciIO writes it has pieces of a few rows of all frames; one frame takes
    as long as all of them.)
    """

    def __init__(self, movie: Any, most_bytes: int) -> None:
        frame = movie.dtype.itemsize * movie.shape[1] * movie.shape[2]
        self._count = max(min(movie.chunks[0][0], most_bytes // frame), 1)
        self._movie, self._first, self._block = movie, -1, np.empty(0)
        self.shape, self.dtype, self.ndim = movie.shape, movie.dtype, movie.ndim

    def __getitem__(self, index: tuple[int]) -> np.ndarray:
        first = index[0] - index[0] % self._count
        if first != self._first:
            self._first = first
            self._block = np.asarray(self._movie[first : first + self._count])
        return self._block[index[0] - first]
