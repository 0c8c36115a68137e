"""Columns of the tables that the stage `evaluate` writes beside scores.csv."""

from __future__ import annotations

from temnet.evaluation.conditions import CONDITIONS

CONDITION_FIELDS = ("index", "specimen", *(condition.name for condition in CONDITIONS))
"""Columns of conditions.csv: what each image was drawn with."""

CONFUSION_FIELDS = ("network", "true_class", "found_class", "columns")
"""Columns of confusion.csv; `INVENTED` stands for no true class, `MISSED` for none found."""

INVENTED, MISSED = "invented", "missed"

THRESHOLD_FIELDS = (
    "network",
    "class",
    "threshold",
    "true_positives",
    "false_positives",
    "false_negatives",
    "precision",
    "recall",
    "f1",
)
"""Columns of thresholds.csv."""

RELIABILITY_FIELDS = ("network", "class", "low", "high", "peaks", "said", "right")
"""Columns of reliability.csv."""

CURVE_FIELDS = (
    "network",
    "parameter",
    "low",
    "middle",
    "high",
    "class",
    "images",
    "f1",
    "f1_low",
    "f1_high",
    "rms_error_pm",
    "error_low_pm",
    "error_high_pm",
)
"""Columns of dependence.csv and series.csv."""

HEIGHT_FIELDS = ("network", "surroundings", "atoms", *CURVE_FIELDS[1:])
"""Columns of heights.csv: which specimens, and the fewest atoms of a column that counts."""

BOUND_FIELDS = (
    "network",
    "index",
    "specimen",
    "class",
    "row_angstrom",
    "col_angstrom",
    "bound_pm",
    "error_pm",
)
"""Columns of cramer_rao.csv."""

IDEAL_FIELDS = ("rule", "dose", "class", "columns", "f1", "f1_low", "f1_high")
"""Columns of ideal_observer.csv; the dose is NaN for those of the images."""

IDEAL_CONFUSION_FIELDS = ("dose", "true_class", "found_class", "share")
"""Columns of ideal_confusion.csv; `EMPTY` stands for a place without a column."""

EMPTY = "empty"
