"""One-to-one matching of found and true points, and of peaks and columns of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import cKDTree

from temnet.records import IGNORED


class Points(Protocol):
    """Peaks or columns."""

    @property
    def positions(self) -> np.ndarray:
        """(N, 2) float64, (row, col) [Å]."""

    @property
    def class_index(self) -> np.ndarray:
        """(N,) int64; -1 is ignored."""


@dataclass(frozen=True)
class Pairs:
    """The pairs of a matching, and the points without a partner.

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


def image_extent(shape: Sequence[int], sampling: float) -> tuple[float, float]:
    """Height and width between the centres of the outermost pixels [Å].

    Args:
        shape: Rows and columns; further axes are left out.
        sampling: Pixel size [Å].

    >>> image_extent((101, 201, 3), 0.2)
    (20.0, 40.0)
    """
    return sampling * (shape[0] - 1), sampling * (shape[1] - 1)


def pair_by_position(
    peaks: Points,
    columns: Points,
    radius: float,
    extent: tuple[float, float],
    border: float = 0.0,
) -> Pairs:
    """Pairs of peaks and columns by position alone, of any class.

    Near the border a peak and its column may lie on different sides of the line.  Therefore all
    points are matched first; then a pair counts if its column is inside, and a point without a
    partner counts if it is inside itself.  An unpaired peak that matches an ignored column (class
    -1) is not counted.

    Args:
        peaks: Peaks of one image.
        columns: Its true columns.
        radius: A column is found if a peak lies within this distance [Å].
        extent: Height and width of the image [Å]; see `image_extent`.
        border: Columns and peaks this close to the border are not counted [Å].
    """
    known = columns.class_index != IGNORED
    one_class = np.where(known, 0, IGNORED)
    pairs = _pair(peaks, columns, np.zeros_like(peaks.class_index), one_class, radius)
    return _count(pairs, peaks, columns, extent, border)


def pair_by_class(
    peaks: Points,
    columns: Points,
    radius: float,
    extent: tuple[float, float],
    border: float = 0.0,
) -> Pairs:
    """Pairs of peaks and columns of equal class, each class by itself.

    A peak of the wrong class takes no column from a peak of the right one.  Arguments are those
    of `pair_by_position`.
    """
    pairs = _pair(peaks, columns, peaks.class_index, columns.class_index, radius)
    return _count(pairs, peaks, columns, extent, border)


def _pair(
    peaks: Points,
    columns: Points,
    peak_class: np.ndarray,
    column_class: np.ndarray,
    radius: float,
) -> Pairs:
    """Pairs of equal class; unpaired peaks are then compared with the ignored columns."""
    found, true = [], []
    for index in np.unique(column_class[column_class != IGNORED]):
        mine, theirs = np.flatnonzero(peak_class == index), np.flatnonzero(column_class == index)
        first, second = match(peaks.positions[mine], columns.positions[theirs], radius)
        found.append(mine[first])
        true.append(theirs[second])
    found_index = np.concatenate([np.zeros(0, np.int64), *found])
    true_index = np.concatenate([np.zeros(0, np.int64), *true])
    false = np.setdiff1d(np.arange(len(peaks.positions)), found_index)
    ignored = columns.positions[column_class == IGNORED]
    excused = false[match(peaks.positions[false], ignored, radius)[0]]
    return Pairs(
        found=found_index,
        true=true_index,
        displacements=peaks.positions[found_index] - columns.positions[true_index],
        false=np.setdiff1d(false, excused),
        missed=np.setdiff1d(np.flatnonzero(column_class != IGNORED), true_index),
    )


def _count(
    pairs: Pairs, peaks: Points, columns: Points, extent: tuple[float, float], border: float
) -> Pairs:
    """The pairs, peaks and columns that are inside."""
    peak_counts, column_counts = (
        np.all((points.positions >= border) & (points.positions <= np.subtract(extent, border)), 1)
        for points in (peaks, columns)
    )
    column_counts &= columns.class_index != IGNORED
    inside = column_counts[pairs.true]
    return Pairs(
        found=pairs.found[inside],
        true=pairs.true[inside],
        displacements=pairs.displacements[inside],
        false=pairs.false[peak_counts[pairs.false]],
        missed=pairs.missed[column_counts[pairs.missed]],
    )


def of_class(pairs: Pairs, peaks: Points, columns: Points, index: int) -> Pairs:
    """The part of `pair_by_class` that belongs to one class."""
    mine = columns.class_index[pairs.true] == index
    return Pairs(
        found=pairs.found[mine],
        true=pairs.true[mine],
        displacements=pairs.displacements[mine],
        false=pairs.false[peaks.class_index[pairs.false] == index],
        missed=pairs.missed[columns.class_index[pairs.missed] == index],
    )


def match(found: np.ndarray, true: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points within ``radius`` of each other, each point in one pair at most.

    As many pairs as possible are made; of all ways to make that many, the one with the least
    sum of squared distances is taken.

    Args:
        found: (N, 2) positions, finite.
        true: (M, 2) positions, finite, in the same unit.
        radius: Largest distance of a pair; a pair at this distance counts.

    Returns:
        found_index (K,) and true_index (K,), int64, by rising found_index; empty without
        pairs.

    Raises:
        ValueError: If the radius is not positive.

    >>> found, true = np.array([[0.0, 0.0], [0.0, 0.4]]), np.array([[0.0, 0.3], [0.0, 0.7]])
    >>> match(found, true, 0.5)[1].tolist()  # the nearest first would leave one point alone
    [0, 1]
    """
    if not radius > 0:
        raise ValueError(f"a radius must be more than 0; got {radius}")
    found, true = np.reshape(found, (-1, 2)), np.reshape(true, (-1, 2))
    none = np.zeros(0, np.int64)
    if len(found) == 0 or len(true) == 0:
        return none, none
    row, col, distance = _near(found, true, radius)
    if len(row) == 0:
        return none, none
    # Two points without other neighbours need no search; they are nine in ten of a good image.
    lone = (np.bincount(row)[row] == 1) & (np.bincount(col)[col] == 1)
    first, second = row[lone].astype(np.int64), col[lone].astype(np.int64)
    if not np.all(lone):
        others = _assign(row[~lone], col[~lone], (distance[~lone] / radius) ** 2)
        first, second = np.concatenate([first, others[0]]), np.concatenate([second, others[1]])
    order = np.argsort(first)
    return first[order], second[order]


def _near(
    found: np.ndarray, true: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices and distances of all pairs within the radius."""
    # The tree's own comparison may drop a pair at the very radius: a little more, then compare.
    neighbours = cKDTree(found).sparse_distance_matrix(
        cKDTree(true), radius * (1 + 1e-9), output_type="ndarray"
    )
    return neighbours["i"], neighbours["j"], neighbours["v"]


def _assign(row: np.ndarray, col: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Most pairs first, then the least cost, which is at most one per pair."""
    points, row = np.unique(row, return_inverse=True)
    partners, col = np.unique(col, return_inverse=True)
    n, m = len(points), len(partners)
    # Every point gets a place of its own where it may stay alone, at a cost above that of all
    # pairs together.  Costs start at 1, since a stored zero is no edge.
    alone = min(n, m) + 1.0
    places = np.arange(n)
    graph = coo_array(
        (
            np.concatenate([1 + cost, np.full(n, 1 + alone)]),
            (np.concatenate([row, places]), np.concatenate([col, m + places])),
        ),
        shape=(n, m + n),
    )
    first, second = min_weight_full_bipartite_matching(graph.tocsr())
    paired = second < m
    return points[first[paired]].astype(np.int64), partners[second[paired]].astype(np.int64)
