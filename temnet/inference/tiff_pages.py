"""Pages of TIFF files: what each is, whether it is whole, and its values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temnet.inference.choice import Candidate

REDUCED = 0b101
"""Bits of a page's NewSubfileType: a smaller copy of another page, or a mask of it."""


class TiffPages:
    """A TIFF's images, one page each, read by their number."""

    def __init__(self, path: Path, numbers: Sequence[int], outer: Sequence[int]) -> None:
        self._file = tifffile.TiffFile(path)
        self._numbers, self._outer = numbers, tuple(outer)
        page = self._file.pages[numbers[0]]
        self.shape, self.dtype = (*self._outer, *page.shape), page.dtype
        self.ndim = len(self.shape)

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        number = int(np.ravel_multi_index(index, self._outer)) if index else 0
        return self._file.pages[self._numbers[number]].asarray()


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
