"""What a network found in an image, beside what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.pairs import Pairs, pair_by_class, pair_by_place
from temnet.evaluation.scores import score_image
from temnet.records import Columns, Peaks


@dataclass(frozen=True)
class ImageResult:
    """An image that a network has looked at.

    Attributes:
        index: Number of the image in its split.
        peaks: What was found, down to some score.
        columns: What is there.
        shape_angstrom: Height and width of the image [Å].
        parameters: What it was drawn with, by name, and the contrast of its columns.
        specimen: Number of the specimen, which several images may share.
    """

    index: int
    peaks: Peaks
    columns: Columns
    shape_angstrom: tuple[float, float]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    specimen: int = 0

    def above(self, threshold: float) -> ImageResult:
        """The same with the peaks of at least this score alone."""
        return replace(self, peaks=self.peaks.select(self.peaks.score >= threshold))

    def by_place(self, settings: Evaluation) -> Pairs:
        """Pairs that do not look at the class; see `pair_by_place`."""
        where = (settings.radius, self.shape_angstrom, settings.border)
        return pair_by_place(self.peaks, self.columns, *where)

    def by_class(self, settings: Evaluation) -> Pairs:
        """Pairs of equal class; see `pair_by_class`."""
        where = (settings.radius, self.shape_angstrom, settings.border)
        return pair_by_class(self.peaks, self.columns, *where)

    def area(self, settings: Evaluation) -> float:
        """Area in which peaks and columns count [Å²]."""
        height, width = (max(side - 2 * settings.border, 0.0) for side in self.shape_angstrom)
        return height * width


def score_rows(
    looked: Sequence[ImageResult], class_names: Sequence[str], settings: Evaluation
) -> list[dict[str, Any]]:
    """The rows of `score_image` of every image, each with the image's ``index``.

    Args:
        looked: The images.
        class_names: Name of each class index.
        settings: Radius and border.
    """
    rows = []
    for image in looked:
        table = score_image(
            image.peaks,
            image.columns,
            class_names,
            settings.radius,
            image.shape_angstrom,
            settings.border,
        )
        rows += [{"index": image.index, **row} for row in table]
    return rows
