"""How the values of large files are read: a part when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temnet.errors import InputError


def refuse_colour_planes(path: Path) -> None:
    """Some programs store three or four grey images as the colours of one, which none can tell."""
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        apart = page.planarconfig == tifffile.PLANARCONFIG.SEPARATE
        if apart and page.photometric == tifffile.PHOTOMETRIC.RGB:
            raise InputError(
                f"{path}: its {page.shape[0]} images are stored as red, green and blue of one "
                "picture; save them as a stack of grey images (photometric: minisblack)."
            )


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
    """

    def __init__(self, path: Path, values: np.memmap) -> None:
        order = "C" if values.flags.c_contiguous else "F"
        self._where: dict[str, Any] = {
            "offset": values.offset,
            "shape": values.shape,
            "order": order,
        }
        self._path, self._dtype = path, values.dtype

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        return np.array(np.memmap(self._path, self._dtype, "r", **self._where)[index])


class Blocks:
    """A movie that is stored in pieces of many frames: so many are read and held at once.

    (An EMD file as RosettaSciIO writes it has pieces of a few rows of all frames; one frame takes
    as long as all of them.)
    """

    def __init__(self, movie: Any, most_bytes: int) -> None:
        frame = movie.dtype.itemsize * movie.shape[1] * movie.shape[2]
        self._count = max(min(movie.chunks[0][0], most_bytes // frame), 1)
        self._movie, self._first, self._block = movie, -1, np.empty(0)

    def __getitem__(self, index: tuple[int]) -> np.ndarray:
        first = index[0] - index[0] % self._count
        if first != self._first:
            self._first = first
            self._block = np.asarray(self._movie[first : first + self._count])
        return self._block[index[0] - first]


class _TiffPages:
    """A TIFF's images, one page each, read by their number."""

    def __init__(self, path: Path, pages: Sequence[tuple[int, int]], outer: Sequence[int]) -> None:
        self._file = tifffile.TiffFile(path)
        self._pages, self._outer = pages, tuple(outer)

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        number = int(np.ravel_multi_index(index, self._outer)) if index else 0
        series, page = self._pages[number]
        return self._file.asarray(series=series, key=page)


def tiff_images(path: Path, number: int, like: Any) -> Any:
    """A TIFF's values, mapped into memory where they lie in one piece, else page by page.

    (RosettaSciIO's lazy TIFF copies the whole file for each frame that is asked for.)

    Args:
        path: The file.
        number: Which of its series is read, or the first where ``like`` holds all of them.
        like: Values of the right shape.

    Raises:
        InputError: Its pages are no images one by one.
    """
    outer = like.shape[:-2]
    count = int(np.prod(outer, dtype=np.int64))
    with tifffile.TiffFile(path) as file:
        shapes = [series.shape[:2] for series in file.series]
        pages = [len(series.pages) for series in file.series]
    joined = len(shapes) > 1 and set(shapes) == {like.shape[-2:]}
    if joined and outer == (len(shapes),):
        return _TiffPages(path, [(series, 0) for series in range(count)], outer)
    try:
        return Mapped(path, tifffile.memmap(path, series=number, mode="r"))
    except ValueError:  # compressed, or in strips here and there
        if pages[number] != count:
            raise InputError(
                f"{path}: its pages are no images one by one, and the file is too large to be "
                "read whole; save it as a TIFF with one page for each image."
            ) from None
        return _TiffPages(path, [(number, page) for page in range(count)], outer)
