"""One-to-one matching of found and true points."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import cKDTree


def match(found: np.ndarray, true: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points within ``radius`` of each other, each point in one pair at most.

    As many pairs as possible are made; of all ways to make that many, the one with the least
    sum of squared distances is taken.

    Args:
        found: (N, 2) positions, finite.
        true: (M, 2) positions, finite, in the same unit.
        radius: Largest distance of a pair; a pair at this distance counts.

    Returns:
        found_index (K,) and true_index (K,), int64, by rising found_index; empty where there is
        nothing to pair.

    Raises:
        ValueError: The radius is not positive.

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
    # Two points that are near nobody else need no search; they are nine in ten of a good image.
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
