"""The choice of the measurement among the data sets of a file, such as previews of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

THUMBNAIL_FRACTION = 0.25
"""Images with less than this fraction of the pixels of the largest one count as thumbnails."""

DISPLAY_BITS = 8
"""Bits per value of pictures for screens; cameras have more."""


@dataclass(frozen=True)
class Candidate:
    """The properties of a data set that the choice depends on.

    Attributes:
        rows: Rows of one image.
        cols: Columns of one image.
        bits: Bits per value.
        coloured: Whether it is a colour picture.
        reduced: Whether the file marks it as a thumbnail or a mask.
        count: Number of images.
    """

    rows: int
    cols: int
    bits: int
    coloured: bool = False
    reduced: bool = False
    count: int = 1

    def __str__(self) -> str:
        size = f"{self.rows} x {self.cols} pixels, {self.bits} bit"
        kind = ", colours" if self.coloured else ", a thumbnail" if self.reduced else ""
        return f"{self.count} of {size}{kind}" if self.count > 1 else f"{size}{kind}"


def measurements(candidates: Sequence[Candidate]) -> list[int]:
    """Numbers of the data sets that rank highest; the first of them is the measurement.

    Grey values rank above colours, full images above thumbnails, and more than 8 bits above 8.

    Args:
        candidates: All images of the file, at least one.

    >>> preview, data = Candidate(64, 64, 8, coloured=True), Candidate(64, 64, 16)
    >>> measurements([preview, data]), measurements([Candidate(16, 16, 16), data, data])
    ([1], [1, 2])
    """
    grey = [c for c in candidates if not (c.coloured or c.reduced)]
    largest = max((c.rows * c.cols for c in grey), default=0)

    def rank(candidate: Candidate) -> tuple[bool, bool, bool, bool]:
        return (
            candidate.coloured,
            candidate.reduced,
            candidate.rows * candidate.cols < THUMBNAIL_FRACTION * largest,
            candidate.bits <= DISPLAY_BITS,
        )

    ranks = [rank(candidate) for candidate in candidates]
    return [number for number, one in enumerate(ranks) if one == min(ranks)]


def choice_note(candidates: Sequence[Candidate], chosen: int) -> str:
    """A sentence on the data set that was chosen among several, and on those left out."""
    others = "; ".join(str(c) for number, c in enumerate(candidates) if number != chosen)
    return (
        f"of {len(candidates)} data sets number {chosen + 1} is used as the measurement "
        f"({candidates[chosen]}); {len(candidates) - 1} more left out ({others})"
    )
