"""The scores of many images as a few numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

COUNTS = ("true_positives", "false_positives", "false_negatives")

LOCALISATION, SPECIES = "any", "all"
"""Names of the two rows that pool the classes: without and with regard to the species."""


def summarise(rows: Sequence[Mapping[str, Any]], class_names: Sequence[str]) -> dict[str, Any]:
    """Scores over all images together, by class, and the macro F1.

    Args:
        rows: Rows of scores.csv.
        class_names: Classes that the macro F1 averages over.

    Returns:
        ``images``, ``macro_f1`` (mean over the classes that have columns or peaks) and
        ``classes``: for each class precision, recall, f1, rms_error_pm and the counts.
        What cannot be told is None, as JSON has no NaN.
    """
    names = [*class_names, LOCALISATION, SPECIES]
    classes = {name: _pooled([row for row in rows if row["class"] == name]) for name in names}
    scores = [classes[name]["f1"] for name in class_names if classes[name]["f1"] is not None]
    return {
        "images": len({row["index"] for row in rows}),
        "macro_f1": float(np.mean(scores)) if scores else None,
        "classes": classes,
    }


def _pooled(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Scores of one class from the counts of all images."""
    true, false, missed = (sum(int(row[name]) for row in rows) for name in COUNTS)
    squares = sum(
        int(row["true_positives"]) * float(row["rms_error_pm"]) ** 2
        for row in rows
        if row["true_positives"]
    )
    return {
        **dict(zip(COUNTS, (true, false, missed), strict=True)),
        "precision": _ratio(true, true + false),
        "recall": _ratio(true, true + missed),
        "f1": _ratio(2 * true, 2 * true + false + missed),
        "rms_error_pm": math.sqrt(squares / true) if true else None,
    }


def _ratio(part: int, whole: int) -> float | None:
    """``part / whole``; None where there is nothing.

    >>> _ratio(1, 4), _ratio(0, 0)
    (0.25, None)
    """
    return part / whole if whole else None
