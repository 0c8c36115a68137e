"""How well the columns that were found agree with the true ones."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from temnet.evaluation.matching import match
from temnet.records import IGNORED, Columns, Peaks

LOCALISATION, SPECIES = "any", "all"
"""Names of the two rows over all classes: without and with regard to the species."""

PICOMETRE_PER_ANGSTROM = 100.0


@dataclass(frozen=True)
class _Pairs:
    """What a matching leaves to be counted.

    Attributes:
        true: (K,) columns of the pairs that count.
        displacements: (K, 2) found minus true position of these pairs [Å].
        false: Indices of peaks that have no column.
        missed: Indices of columns that have no peak.
    """

    true: np.ndarray
    displacements: np.ndarray
    false: np.ndarray
    missed: np.ndarray


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

    Near the border a peak and its column may lie on different sides of the line: everything is
    matched first, then a pair counts where its column is inside, and what is alone counts where
    it is inside itself.  Peaks that are left over and match an ignored column (class -1) or one
    beyond the line are out of the count.

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
        false_negatives, precision, recall, f1, rms_error_pm.  Precision is NaN where nothing was
        found, recall where there is nothing to find, F1 where both hold; the error is NaN where
        there are fewer than two pairs to take the shift from.
    """
    inside = columns.inside(*shape_angstrom, border)
    known = columns.class_index != IGNORED
    counted = _inside(peaks.positions, shape_angstrom, border)
    blind = _pair(peaks, columns, np.zeros_like(peaks.class_index), np.where(known, 0, -1), radius)
    species = _pair(peaks, columns, peaks.class_index, columns.class_index, radius)
    blind, species = (_count(pairs, inside & known, counted) for pairs in (blind, species))
    shift = position_error(blind.displacements)[1]
    degrees = len(blind.displacements)
    rows = []
    for index, name in enumerate(class_names):
        part = _of_class(species, peaks.class_index, columns.class_index, index)
        rows.append(_row(name, part, shift, degrees))
    rows.append(_row(LOCALISATION, blind, shift, degrees))
    rows.append(_row(SPECIES, species, shift, degrees))
    return rows


def _inside(positions: np.ndarray, shape: tuple[float, float], border: float) -> np.ndarray:
    low, high = border, np.asarray(shape, float) - border
    return np.all((positions >= low) & (positions <= high), axis=1)


def _pair(
    peaks: Peaks,
    columns: Columns,
    peak_class: np.ndarray,
    column_class: np.ndarray,
    radius: float,
) -> _Pairs:
    """Pairs of equal class; what is left over is then compared with the ignored columns."""
    found, true = [], []
    for index in np.unique(column_class[column_class != IGNORED]):
        mine, theirs = np.flatnonzero(peak_class == index), np.flatnonzero(column_class == index)
        first, second = match(peaks.positions[mine], columns.positions[theirs], radius)
        found.append(mine[first])
        true.append(theirs[second])
    found_index = np.concatenate([np.zeros(0, np.int64), *found])
    true_index = np.concatenate([np.zeros(0, np.int64), *true])
    false = np.setdiff1d(np.arange(len(peaks)), found_index)
    ignored = columns.positions[column_class == IGNORED]
    excused = false[match(peaks.positions[false], ignored, radius)[0]]
    return _Pairs(
        true=true_index,
        displacements=peaks.positions[found_index] - columns.positions[true_index],
        false=np.setdiff1d(false, excused),
        missed=np.setdiff1d(np.flatnonzero(column_class != IGNORED), true_index),
    )


def _count(pairs: _Pairs, column_counts: np.ndarray, peak_counts: np.ndarray) -> _Pairs:
    """The part of the pairs, peaks and columns that is inside."""
    inside = column_counts[pairs.true]
    return _Pairs(
        true=pairs.true[inside],
        displacements=pairs.displacements[inside],
        false=pairs.false[peak_counts[pairs.false]],
        missed=pairs.missed[column_counts[pairs.missed]],
    )


def _of_class(
    pairs: _Pairs, peak_class: np.ndarray, column_class: np.ndarray, index: int
) -> _Pairs:
    mine = column_class[pairs.true] == index
    return _Pairs(
        true=pairs.true[mine],
        displacements=pairs.displacements[mine],
        false=pairs.false[peak_class[pairs.false] == index],
        missed=pairs.missed[column_class[pairs.missed] == index],
    )


def _row(name: str, pairs: _Pairs, shift: np.ndarray, degrees: int) -> dict[str, Any]:
    counts = {
        "true_positives": len(pairs.true),
        "false_positives": len(pairs.false),
        "false_negatives": len(pairs.missed),
    }
    rms = _rms(pairs.displacements - shift, degrees)
    return {
        "class": name,
        **counts,
        **rates(*counts.values()),
        "rms_error_pm": rms * PICOMETRE_PER_ANGSTROM,
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


def chance_f1(
    peaks: Peaks,
    columns: Columns,
    class_names: Sequence[str],
    radius: float,
    shape_angstrom: tuple[float, float],
    border: float,
    rng: np.random.Generator,
    name: str = LOCALISATION,
    draws: int = 20,
) -> float:
    """F1 that the same peaks reach by chance, scattered evenly over the image.

    Args:
        peaks: Peaks of one image; their number and classes are kept.
        columns: Its true columns.
        class_names: Name of each class index.
        radius: A column is found if a peak lies within this distance [Å].
        shape_angstrom: Height and width of the image [Å].
        border: Columns and peaks this close to the border count not [Å].
        rng: Draws the positions.
        name: The row of `score_image` that is wanted.
        draws: How many times the peaks are scattered.

    Returns:
        The mean; NaN where there is nothing to count.
    """
    values = []
    for _ in range(draws):
        positions = rng.uniform(0, 1, (len(peaks), 2)) * shape_angstrom
        scattered = replace(peaks, positions=positions)
        rows = score_image(scattered, columns, class_names, radius, shape_angstrom, border)
        values.append(next(row["f1"] for row in rows if row["class"] == name))
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
