"""Which of a file's data sets is the measurement, where it also holds pictures of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

THUMBNAIL_FRACTION = 0.25
"""Images with less than this fraction of the largest one's pixels are taken for thumbnails."""

DISPLAY_BITS = 8
"""Bits of a picture for a screen; cameras have more."""


@dataclass(frozen=True)
class Candidate:
    """A data set as far as the choice depends on it.

    Attributes:
        rows: Rows of one image.
        cols: Columns of one image.
        bits: Bits of a value.
        coloured: Whether it is a picture in colours.
        reduced: Whether the file itself calls it a thumbnail or a mask.
        count: How many images it has.
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
    """Numbers of the data sets that may be the measurement; the first of them is it.

    Grey values go before colours, what is no thumbnail before what is, and more than 8 bits
    before 8 bits.

    Args:
        candidates: All that are images, at least one.

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
    """A sentence on what was taken of several data sets, and what was left out."""
    others = "; ".join(str(c) for number, c in enumerate(candidates) if number != chosen)
    return (
        f"of {len(candidates)} data sets number {chosen + 1} is taken as the measurement "
        f"({candidates[chosen]}); {len(candidates) - 1} more left out ({others})"
    )
