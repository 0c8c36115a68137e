"""Scores of the columns that have at least so many atoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult, score_rows
from temnet.evaluation.metrics import tally
from temnet.evaluation.score_curves import curve_rows
from temnet.randomness import generator
from temnet.records import IGNORED

EVERYWHERE, VACUUM = "all", "vacuum"
"""Surroundings: all specimens, and those that stand in vacuum."""


def without_lower(image: ImageResult, atoms: int) -> ImageResult:
    """The image with its columns of fewer than ``atoms`` atoms ignored.

    They do not count as missed, nor do peaks on them count as found or as false.
    """
    columns = image.columns
    class_index = np.where(columns.atom_count < atoms, IGNORED, columns.class_index)
    return replace(image, columns=replace(columns, class_index=class_index))


def in_vacuum(image: ImageResult) -> bool:
    """Whether an image shows columns of a specimen that was drawn without a support.

    An image without any column (nothing, a film alone, a crystal off axis) tells nothing of
    columns in vacuum; what is invented there counts among all specimens.
    """
    return "support" not in image.parameters and len(image.columns) > 0


def height_rows(
    looked: Sequence[ImageResult],
    class_names: Sequence[str],
    settings: Evaluation,
    place: Mapping[str, Any],
    seed: int,
) -> list[dict[str, Any]]:
    """A point of the curves of each least height, for all specimens and for those in vacuum.

    Args:
        looked: What one network found in images that differ in nothing but the specimen.
        class_names: Name of each class index.
        settings: Radius, border and the least heights, `evaluation.series.heights`.
        place: What to say of all rows: parameter, low, middle, high.
        seed: The experiment's seed, of the intervals.

    Returns:
        Rows of `curve_rows`, each with its ``surroundings`` and fewest ``atoms``; none of
        surroundings without specimens.
    """
    everywhere = np.ones(len(looked), bool)
    parts = {EVERYWHERE: everywhere, VACUUM: np.array([in_vacuum(image) for image in looked], bool)}
    specimens = {image.index: image.specimen for image in looked}
    rows = []
    for atoms in settings.series.heights:
        scored = score_rows(
            [without_lower(image, atoms) for image in looked], class_names, settings
        )
        counts = tally(scored, class_names, specimens)
        for name, chosen in parts.items():
            if chosen.any():
                # The same draws as for series.csv, so that one atom or more gives its intervals.
                rng = generator(seed, "evaluation/series")
                which = {"surroundings": name, "atoms": atoms, **place}
                rows += curve_rows(counts.select(chosen), which, rng)
    return rows
