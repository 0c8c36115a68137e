"""Field of view of the images of a movie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temnet.images.unseen import UnseenRegions

Area = tuple[float, float, float, float]
"""Lowest and highest row, lowest and highest column [Å]."""


@dataclass(frozen=True)
class View:
    """The part of the plane in which columns are found.

    Attributes:
        extent: Height and width of the image [Å].
        masked: Areas without an image, such as a scale bar.
        unseen: Regions of single frames without an image.
        pixel_size: Height and width of the pixels of ``unseen`` [Å].
    """

    extent: tuple[float, float]
    masked: Sequence[Area] = ()
    unseen: UnseenRegions | None = None
    pixel_size: tuple[float, float] = (1.0, 1.0)

    def shows(
        self, places: np.ndarray, margin: float = 0.0, frames: np.ndarray | None = None
    ) -> np.ndarray:
        """Whether places are in view.

        Args:
            places: (..., 2), (row, col) [Å] from the centre of pixel [0, 0].
            margin: Places nearer than this to the image's border or to a masked area are out of
                view, since their columns may lie beyond [Å].
            frames: (F,) int, frames of the places (..., F, 2).  Without them the regions of
                single frames are ignored.

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
        if self.unseen is not None and frames is not None:
            for place, frame in enumerate(frames.tolist()):
                here = places[..., place, :]
                flat = here.reshape(-1, 2)
                hidden = self.unseen.contains(frame, flat, self.pixel_size, margin)
                inside[..., place] &= ~hidden.reshape(here.shape[:-1])
        return inside
