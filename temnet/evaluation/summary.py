"""The scores of many images as a few numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from temnet.evaluation.scores import LOCALISATION, SPECIES, macro_f1, rates

COUNTS = ("true_positives", "false_positives", "false_negatives")


def summarise(rows: Sequence[Mapping[str, Any]], class_names: Sequence[str]) -> dict[str, Any]:
    """Scores over all images together, by class, and the macro F1.

    Args:
        rows: Rows of scores.csv.
        class_names: The classes.

    Returns:
        ``images``, ``macro_f1`` (see `temnet.evaluation.scores.macro_f1`) and ``classes``: for
        each class, for ``any`` and for ``all`` the counts, precision, recall, f1 and
        rms_error_pm.  What cannot be told is None, as JSON has no NaN.
    """
    names = [*class_names, LOCALISATION, SPECIES]
    return {
        "images": len({row["index"] for row in rows}),
        "macro_f1": _known(macro_f1(rows)),
        "classes": {name: _pooled([row for row in rows if row["class"] == name]) for name in names},
    }


def _pooled(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Scores of one class from the counts of all images."""
    counts = [sum(int(row[name]) for row in rows) for name in COUNTS]
    known = [row for row in rows if not math.isnan(row["rms_error_pm"])]
    pairs = sum(row["true_positives"] for row in known)
    squares = sum(row["true_positives"] * row["rms_error_pm"] ** 2 for row in known)
    error = math.sqrt(squares / pairs) if pairs else math.nan
    scores = {**rates(*counts), "rms_error_pm": error}
    return {
        **dict(zip(COUNTS, counts, strict=True)),
        **{name: _known(value) for name, value in scores.items()},
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
