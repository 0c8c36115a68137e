"""What the images of a movie show of the specimen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Area = tuple[float, float, float, float]
"""Lowest and highest row, lowest and highest column [Å]."""


@dataclass(frozen=True)
class View:
    """The part of the plane in which columns are found.

    Attributes:
        extent: Height and width of the image [Å].
        masked: Areas that hold no image, such as a scale bar.
        margin: A place that is nearer than this to the image's border or to a masked area is not
            in view, since its column may lie beyond [Å].
    """

    extent: tuple[float, float]
    masked: Sequence[Area] = ()
    margin: float = 0.0

    def shows(self, places: np.ndarray) -> np.ndarray:
        """(...) bool, which places (..., 2) [Å] are in view."""
        high = np.asarray(self.extent, float) - self.margin
        inside = np.all((places >= self.margin) & (places <= high), axis=-1)
        row, col = places[..., 0], places[..., 1]
        for first_row, last_row, first_col, last_col in self.masked:
            inside &= ~(
                (row > first_row - self.margin)
                & (row < last_row + self.margin)
                & (col > first_col - self.margin)
                & (col < last_col + self.margin)
            )
        return inside
