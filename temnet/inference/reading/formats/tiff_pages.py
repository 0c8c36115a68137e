"""Pages of TIFF files: their kind, whether they are whole, and their values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temnet.inference.reading.formats.data_set_choice import Candidate

REDUCED = 0b101
"""Bits of a page's NewSubfileType: a smaller copy of another page, or a mask of it."""

COLOURED = (
    tifffile.PHOTOMETRIC.RGB,
    tifffile.PHOTOMETRIC.PALETTE,
    tifffile.PHOTOMETRIC.YCBCR,
)
"""Photometric interpretations of pictures in colours."""


class TiffPages:
    """Images of a TIFF, one page each, read when they are indexed.

    A file of several images stays open, since opening it walks through the list of pages.  A file
    of one image is closed, so that a folder of single images does not keep thousands of files open.

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
        self._file = file if len(numbers) > 1 else None
        if self._file is None:
            file.close()

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        number = self._numbers[int(np.ravel_multi_index(index, self._outer)) if index else 0]
        if self._file is not None:
            return self._file.pages[number].asarray()
        with tifffile.TiffFile(self._path) as file:
            return file.pages[number].asarray()


def page_candidate(page: Any, count: int) -> Candidate:
    """A page as a candidate for the measurement.

    Args:
        page: Any of tifffile's kinds of pages.
        count: Number of pages of its kind.
    """
    return Candidate(
        rows=page.imagelength,
        cols=page.imagewidth,
        bits=page.bitspersample,
        coloured=page.photometric in COLOURED,
        reduced=bool(page.subfiletype & REDUCED),
        count=count,
    )


def page_is_whole(page: Any, size: int) -> bool:
    """Whether all bytes of a page are in a file of ``size`` bytes."""
    pieces = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    return bool(pieces) and all(
        start > 0 and count > 0 and start + count <= size for start, count in pieces
    )
