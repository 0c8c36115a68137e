"""Which peak stands for which column, and what is left over on either side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from temnet.evaluation.matching import match
from temnet.records import IGNORED, Columns, Peaks


@dataclass(frozen=True)
class Pairs:
    """What a matching leaves to be counted.

    Attributes:
        found: (K,) int64, peaks of the pairs that count.
        true: (K,) int64, their columns.
        displacements: (K, 2) found minus true position of these pairs [Å].
        false: Indices of peaks that have no column.
        missed: Indices of columns that have no peak.
    """

    found: np.ndarray
    true: np.ndarray
    displacements: np.ndarray
    false: np.ndarray
    missed: np.ndarray


def pair_by_place(
    peaks: Peaks,
    columns: Columns,
    radius: float,
    shape_angstrom: tuple[float, float],
    border: float = 0.0,
) -> Pairs:
    """Pairs of peaks and columns that do not look at the class.

    Near the border a peak and its column may lie on different sides of the line: everything is
    matched first, then a pair counts where its column is inside, and what is alone counts where
    it is inside itself.  Peaks that are left over and match an ignored column (class -1) or one
    beyond the line are out of the count.

    Args:
        peaks: Peaks of one image.
        columns: Its true columns.
        radius: A column is found if a peak lies within this distance [Å].
        shape_angstrom: Height and width of the image [Å].
        border: Columns and peaks this close to the border count not [Å].
    """
    known = columns.class_index != IGNORED
    pairs = _pair(peaks, columns, np.zeros_like(peaks.class_index), np.where(known, 0, -1), radius)
    return _count(pairs, *_inside(peaks, columns, shape_angstrom, border))


def pair_by_class(
    peaks: Peaks,
    columns: Columns,
    radius: float,
    shape_angstrom: tuple[float, float],
    border: float = 0.0,
) -> Pairs:
    """Pairs of peaks and columns of equal class, each class by itself.

    A peak of the wrong class takes no column from a peak of the right one.  Arguments are those
    of `pair_by_place`.
    """
    pairs = _pair(peaks, columns, peaks.class_index, columns.class_index, radius)
    return _count(pairs, *_inside(peaks, columns, shape_angstrom, border))


def _inside(
    peaks: Peaks, columns: Columns, shape: tuple[float, float], border: float
) -> tuple[np.ndarray, np.ndarray]:
    """Which columns count, and which peaks do."""
    high = np.asarray(shape, float) - border
    peak_counts = np.all((peaks.positions >= border) & (peaks.positions <= high), axis=1)
    return columns.inside(*shape, border) & (columns.class_index != IGNORED), peak_counts


def _pair(
    peaks: Peaks,
    columns: Columns,
    peak_class: np.ndarray,
    column_class: np.ndarray,
    radius: float,
) -> Pairs:
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
    return Pairs(
        found=found_index,
        true=true_index,
        displacements=peaks.positions[found_index] - columns.positions[true_index],
        false=np.setdiff1d(false, excused),
        missed=np.setdiff1d(np.flatnonzero(column_class != IGNORED), true_index),
    )


def _count(pairs: Pairs, column_counts: np.ndarray, peak_counts: np.ndarray) -> Pairs:
    """The part of the pairs, peaks and columns that is inside."""
    inside = column_counts[pairs.true]
    return Pairs(
        found=pairs.found[inside],
        true=pairs.true[inside],
        displacements=pairs.displacements[inside],
        false=pairs.false[peak_counts[pairs.false]],
        missed=pairs.missed[column_counts[pairs.missed]],
    )


def of_class(pairs: Pairs, peaks: Peaks, columns: Columns, index: int) -> Pairs:
    """The part of `pair_by_class` that belongs to one class."""
    mine = columns.class_index[pairs.true] == index
    return Pairs(
        found=pairs.found[mine],
        true=pairs.true[mine],
        displacements=pairs.displacements[mine],
        false=pairs.false[peaks.class_index[pairs.false] == index],
        missed=pairs.missed[columns.class_index[pairs.missed] == index],
    )
