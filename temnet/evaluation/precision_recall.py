"""Precision and recall as the lowest score of a column rises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import LOCALISATION, SPECIES, rates

LOWEST_THRESHOLD = 0.05
"""Peaks are looked for once, down to this score; higher thresholds are read off."""

THRESHOLDS = tuple(np.round(np.arange(0.05, 0.951, 0.05), 2).tolist())
"""Thresholds that are tried."""

HIGH_THRESHOLDS = (0.98, 0.99)
"""Further ones for curves: many a network is sure of nearly all that it finds."""


def threshold_rows(looked: Sequence[ImageResult], settings: Evaluation) -> list[dict[str, Any]]:
    """Counts over all images, precision, recall and F1 at each threshold.

    Args:
        looked: The images, with peaks down to `LOWEST_THRESHOLD`.
        settings: Radius and border.

    Returns:
        For each threshold a row ``any`` (place only) and a row ``all`` (species-aware): class,
        threshold, true_positives, false_positives, false_negatives, precision, recall, f1.
    """
    rows = []
    for threshold in (*THRESHOLDS, *HIGH_THRESHOLDS):
        counts = {LOCALISATION: np.zeros(3, np.int64), SPECIES: np.zeros(3, np.int64)}
        for image in looked:
            part = image.above(threshold)
            for name, pairs in (
                (LOCALISATION, part.by_place(settings)),
                (SPECIES, part.by_class(settings)),
            ):
                counts[name] += [len(pairs.true), len(pairs.false), len(pairs.missed)]
        for name, total in counts.items():
            true, false, missed = total.tolist()
            rows.append(
                {
                    "class": name,
                    "threshold": threshold,
                    "true_positives": true,
                    "false_positives": false,
                    "false_negatives": missed,
                    **rates(true, false, missed),
                }
            )
    return rows
