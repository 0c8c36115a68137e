"""How well the columns that were found agree with the true ones."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from temnet.evaluation.pairs import Pairs, of_class, pair_by_class, pair_by_place
from temnet.records import Columns, Peaks

LOCALISATION, SPECIES = "any", "all"
"""Names of the two rows over all classes: without and with regard to the species."""

PICOMETRE_PER_ANGSTROM = 100.0


def score_image(
    peaks: Peaks,
    columns: Columns,
    class_names: Sequence[str],
    radius: float,
    shape_angstrom: tuple[float, float],
    border: float = 0.0,
) -> list[dict[str, Any]]:
    """Scores of one image.

    Each class is matched by itself, so that a peak of the wrong class can take no column from a
    peak of the right one: a column found as another class counts as missed in its own class and
    as invented in the other.  The row ``all`` adds the classes up; the row ``any`` comes from
    one matching that does not look at the class, and is never worse than ``all``.

    Near the border, and with ignored columns, it counts as `temnet.evaluation.pairs` says.

    The position error is the root of the mean squared distance (in the plane, not per axis)
    after one shift of the whole image was taken off, the mean over the pairs of ``any``; see
    `position_error`.

    Args:
        peaks: Peaks of one image.
        columns: Its true columns.
        class_names: Name of each class index.
        radius: A column is found if a peak lies within this distance [Å].
        shape_angstrom: Height and width of the image [Å].
        border: Columns and peaks this close to the border count not [Å].

    Returns:
        One row per class, then ``any`` and ``all``: class, true_positives, false_positives,
        false_negatives, precision, recall, f1, rms_error_pm, and the image's shift_row_pm and
        shift_col_pm, found minus true.  Precision is NaN where nothing was found, recall where
        there is nothing to find, F1 where both hold; error and shift are NaN where there are
        fewer than two pairs to take the shift from.
    """
    where = (radius, shape_angstrom, border)
    blind, species = pair_by_place(peaks, columns, *where), pair_by_class(peaks, columns, *where)
    shift, degrees = position_error(blind.displacements)[1], len(blind.displacements)
    parts = {
        **{name: of_class(species, peaks, columns, i) for i, name in enumerate(class_names)},
        LOCALISATION: blind,
        SPECIES: species,
    }
    return [_row(name, part, shift, degrees) for name, part in parts.items()]


def _row(name: str, pairs: Pairs, shift: np.ndarray, degrees: int) -> dict[str, Any]:
    counts = {
        "true_positives": len(pairs.true),
        "false_positives": len(pairs.false),
        "false_negatives": len(pairs.missed),
    }
    rms = _rms(pairs.displacements - shift, degrees)
    row, col = shift * PICOMETRE_PER_ANGSTROM if degrees >= 2 else (math.nan, math.nan)
    return {
        "class": name,
        **counts,
        **rates(*counts.values()),
        "rms_error_pm": rms * PICOMETRE_PER_ANGSTROM,
        "shift_row_pm": float(row),
        "shift_col_pm": float(col),
    }


def rates(true_positives: int, false_positives: int, false_negatives: int) -> dict[str, float]:
    """Precision, recall and F1 of counts; NaN where there is nothing to divide by.

    >>> rates(1, 1, 0)["precision"], rates(0, 0, 3)["precision"], rates(0, 0, 3)["f1"]
    (0.5, nan, 0.0)
    """
    found, there = true_positives + false_positives, true_positives + false_negatives
    return {
        "precision": true_positives / found if found else math.nan,
        "recall": true_positives / there if there else math.nan,
        "f1": 2 * true_positives / (found + there) if found + there else math.nan,
    }


def position_error(displacements: np.ndarray) -> tuple[float, np.ndarray]:
    """Scatter of displacements about their mean.

    The mean is the shift that misaligned focal images or coma give to all columns alike; since
    it is taken from the same pairs, the squares are divided by N - 1.

    Args:
        displacements: (N, 2) [Å].

    Returns:
        Root mean square in the plane [Å], NaN for fewer than two; the shift (2,) [Å], zero where
        there is none to be told.
    """
    shift = displacements.mean(axis=0) if len(displacements) else np.zeros(2)
    return _rms(displacements - shift, len(displacements)), shift


def _rms(residuals: np.ndarray, degrees: int) -> float:
    """Root mean square in the plane of residuals whose mean was taken from ``degrees`` points."""
    if degrees < 2 or len(residuals) == 0:
        return math.nan
    mean = float(np.mean(np.sum(residuals**2, axis=1)))
    return math.sqrt(mean * degrees / (degrees - 1))


def class_f1(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """F1 of each class over all rows together.

    Classes that neither occur nor were found are left out.

    Args:
        rows: Rows of `score_image`, of one image or of many.
    """
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(3, np.int64))
    for row in rows:
        if row["class"] not in (LOCALISATION, SPECIES):
            counts[row["class"]] += [
                row["true_positives"],
                row["false_positives"],
                row["false_negatives"],
            ]
    return {name: rates(*total.tolist())["f1"] for name, total in counts.items() if total.sum()}


def macro_f1(rows: Iterable[Mapping[str, Any]]) -> float:
    """The mean over the classes of `class_f1`.

    Args:
        rows: Rows of `score_image`, of one image or of many.

    Returns:
        In [0, 1]; NaN where no class has anything to count.
    """
    values = list(class_f1(rows).values())
    return float(np.mean(values)) if values else math.nan
