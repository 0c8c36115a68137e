"""Precision and recall as the lowest score of a column rises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import LOCALISATION, SPECIES, rates

LOWEST_THRESHOLD = 0.05
"""Peaks are searched for once, down to this score; higher thresholds select from them."""

THRESHOLDS = tuple(np.round(np.arange(0.05, 0.951, 0.05), 2).tolist())
"""Thresholds among which that of a network is chosen."""

HIGH_THRESHOLDS = (0.98, 0.99)
"""Further ones for curves: many networks give nearly all columns a score above 0.95."""


@dataclass(frozen=True)
class ThresholdRow:
    """A line of thresholds.csv: scores over all images at one threshold.

    Attributes:
        network: Name of the network.
        class_: ``any`` for localisation alone, ``all`` for class and position.
        threshold: Lowest score of a column.
        true_positives: Columns that were found.
        false_positives: Peaks without a column.
        false_negatives: Columns that were missed.
        precision: Fraction of the peaks that are columns; empty without peaks.
        recall: Fraction of the columns that were found; empty without columns.
        f1: Harmonic mean of both.
    """

    network: str
    class_: str
    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    precision: float
    recall: float
    f1: float


def threshold_rows(
    results: Sequence[ImageResult], settings: Evaluation, network: str = ""
) -> list[ThresholdRow]:
    """Counts over all images, precision, recall and F1 at each threshold.

    Peaks are matched anew at each threshold, since a column whose peak is left out may have
    another one nearby.

    Args:
        results: The images, with peaks down to `LOWEST_THRESHOLD`.
        settings: Uses `radius` and `border`.
        network: Name of the network.
    """
    rows = []
    for threshold in (*THRESHOLDS, *HIGH_THRESHOLDS):
        counts = {LOCALISATION: np.zeros(3, np.int64), SPECIES: np.zeros(3, np.int64)}
        for image in results:
            part = image.above(threshold)
            for name, pairs in (
                (LOCALISATION, part.by_position(settings)),
                (SPECIES, part.by_class(settings)),
            ):
                counts[name] += [len(pairs.true), len(pairs.false), len(pairs.missed)]
        rows += [
            ThresholdRow(network, name, threshold, *total.tolist(), *map(float, rates(total)))
            for name, total in counts.items()
        ]
    return rows
