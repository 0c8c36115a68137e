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
    """

    extent: tuple[float, float]
    masked: Sequence[Area] = ()

    def shows(self, places: np.ndarray, margin: float = 0.0) -> np.ndarray:
        """Which places are in view.

        Args:
            places: (..., 2), (row, col) [Å] from the centre of pixel [0, 0].
            margin: Places that are nearer than this to the image's border or to a masked area are
                not, since their columns may lie beyond [Å].

        Returns:
            (...) bool.
        """
        high = np.asarray(self.extent, float) - margin
        inside = np.all((places >= margin) & (places <= high), axis=-1)
        row, col = places[..., 0], places[..., 1]
        for first_row, last_row, first_col, last_col in self.masked:
            inside &= ~(
                (row > first_row - margin)
                & (row < last_row + margin)
                & (col > first_col - margin)
                & (col < last_col + margin)
            )
        return inside
