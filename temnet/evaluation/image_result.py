"""The columns that a network found in an image, beside the true ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.conditions import Drawn
from temnet.evaluation.matching import Pairs, image_extent, pair_by_class, pair_by_position
from temnet.records import IGNORED, Columns, Example, Peaks


@dataclass(frozen=True)
class ImageResult:
    """Peaks and true columns of an image.

    Attributes:
        index: Number of the image in its split.
        peaks: The network's peaks, down to some score.
        columns: The true columns.
        extent: Height and width of the image [Å].
        parameters: Drawn parameters by name, and the contrast of the columns.
        specimen: Number of the specimen, which several images may share.
    """

    index: int
    peaks: Peaks
    columns: Columns
    extent: tuple[float, float]
    parameters: Drawn = field(default_factory=dict)
    specimen: int = 0

    @classmethod
    def of(cls, peaks: Peaks, example: Example, index: int = 0, specimen: int = 0) -> ImageResult:
        """Peaks beside the columns of the example that they were found in."""
        extent = image_extent(example.images.shape, example.sampling)
        return cls(index, peaks, example.columns, extent, example.parameters, specimen)

    def above(self, threshold: float) -> ImageResult:
        """The same with the peaks of at least this score alone."""
        return replace(self, peaks=self.peaks.select(self.peaks.score >= threshold))

    def by_position(self, settings: Evaluation) -> Pairs:
        """Pairs by position alone; see `pair_by_position`."""
        where = (settings.radius, self.extent, settings.border)
        return pair_by_position(self.peaks, self.columns, *where)

    def by_class(self, settings: Evaluation) -> Pairs:
        """Pairs of equal class; see `pair_by_class`."""
        where = (settings.radius, self.extent, settings.border)
        return pair_by_class(self.peaks, self.columns, *where)

    def scored(self, settings: Evaluation) -> np.ndarray:
        """(N,) bool: true columns that count; uses `border`."""
        inside = self.columns.inside(*self.extent, settings.border)
        return inside & (self.columns.class_index != IGNORED)

    def area(self, settings: Evaluation) -> float:
        """Area in which peaks and columns count [Å²]; uses `border`."""
        height, width = (max(side - 2 * settings.border, 0.0) for side in self.extent)
        return height * width
