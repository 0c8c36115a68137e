"""Pages of TIFF files: what each is, whether it is whole, and its values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temnet.inference.reading.formats.data_set_choice import Candidate

REDUCED = 0b101
"""Bits of a page's NewSubfileType: a smaller copy of another page, or a mask of it."""


class TiffPages:
    """A TIFF's images, one page each, read by their number.

    The file stays open, since each opening walks through the list of pages, unless there is but
    one: of a folder of single images none stays open.

    Args:
        path: The file.
        numbers: Numbers of the pages.
        outer: Sizes of the axes before rows and columns.
    """

    def __init__(self, path: Path, numbers: Sequence[int], outer: Sequence[int]) -> None:
        self._path, self._numbers, self._outer = path, numbers, tuple(outer)
        file = tifffile.TiffFile(path)
        page = file.pages[numbers[0]]
        self.shape, self.dtype = (*self._outer, *page.shape), page.dtype
        self.ndim = len(self.shape)
        self._file = file if len(numbers) > 1 else None
        if self._file is None:
            file.close()

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        number = int(np.ravel_multi_index(index, self._outer)) if index else 0
        if self._file is not None:
            return self._file.pages[self._numbers[number]].asarray()
        with tifffile.TiffFile(self._path) as file:
            return file.pages[self._numbers[number]].asarray()


def page_candidate(page: Any, count: int) -> Candidate:
    """A page and how many there are of its kind."""
    coloured = page.photometric in (
        tifffile.PHOTOMETRIC.RGB,
        tifffile.PHOTOMETRIC.PALETTE,
        tifffile.PHOTOMETRIC.YCBCR,
    )
    return Candidate(
        rows=page.imagelength,
        cols=page.imagewidth,
        bits=page.bitspersample,
        coloured=coloured,
        reduced=bool(page.subfiletype & REDUCED),
        count=count,
    )


def page_is_there(page: Any, size: int) -> bool:
    """Whether all bytes of a page are in a file of ``size`` bytes."""
    pieces = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    return bool(pieces) and all(
        start > 0 and count > 0 and start + count <= size for start, count in pieces
    )
