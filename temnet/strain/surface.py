"""Layers of columns, counted from the surface inwards."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

WITHIN = 2.0
"""Neighbours whose directions are compared lie within this many distances of nearest neighbours."""

GAP = 140.0
"""A column is at the surface if no neighbour lies in a sector of this angle [degrees].  It is 180
at a flat surface, up to 110 one layer below it, and up to 90 around a missing column."""

BURIED = -1
"""Layer of a column that is not connected with a surface, or is in no grain."""


def surface(
    points: np.ndarray, nearest: np.ndarray, box: tuple[float, float, float, float] | None = None
) -> np.ndarray:
    """(N,) bool, whether columns are at the surface of the crystal.

    Columns whose empty sector points beyond the edge of the image are not.

    Args:
        points: (N, 2) columns of crystals [Å], x to the right and y up.
        nearest: (N,) distance of nearest neighbours in the grain of each [Å].
        box: Smallest and largest x, smallest and largest y of the image [Å]; None where it is not
            known.
    """
    if not len(points):
        return np.zeros(0, bool)
    near = cKDTree(points).query_ball_point(points, WITHIN * nearest)
    at_surface = np.zeros(len(points), bool)
    for number, others in enumerate(near):
        offsets = points[[each for each in others if each != number]] - points[number]
        gap, middle = _largest_gap(offsets)
        at_surface[number] = gap >= GAP
        if at_surface[number] and box is not None:
            beyond = points[number] + WITHIN * nearest[number] * middle
            at_surface[number] = box[0] <= beyond[0] <= box[1] and box[2] <= beyond[1] <= box[3]
    return at_surface


def _largest_gap(offsets: np.ndarray) -> tuple[float, np.ndarray]:
    """The largest angle between neighbouring directions [degrees], and the one in its middle."""
    if not len(offsets):
        return 360.0, np.zeros(2)
    angles = np.sort(np.arctan2(offsets[:, 1], offsets[:, 0]))
    gaps = np.diff(angles, append=angles[0] + 2 * np.pi)
    widest = int(np.argmax(gaps))
    middle = angles[widest] + gaps[widest] / 2
    return float(np.degrees(gaps[widest])), np.array([np.cos(middle), np.sin(middle)])


def layers(points: np.ndarray, reach: np.ndarray, at_surface: np.ndarray) -> np.ndarray:
    """(N,) int64, layer of each column: 1 at the surface, `BURIED` where no surface is connected.

    Args:
        points: (N, 2) columns [Å].
        reach: (N,) distance within which columns are neighbours [Å].
        at_surface: (N,) bool.
    """
    result = np.full(len(points), BURIED, np.int64)
    if not at_surface.any():
        return result
    pairs = cKDTree(points).query_pairs(float(reach.max()), output_type="ndarray")
    distance = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    pairs = pairs[distance <= reach[pairs].max(axis=1)]
    links = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(points), len(points)))
    steps = dijkstra(
        links.tocsr(),
        directed=False,
        indices=np.flatnonzero(at_surface),
        unweighted=True,
        min_only=True,
    )
    connected = np.isfinite(steps)
    result[connected] = 1 + steps[connected].astype(np.int64)
    return result


def depth(points: np.ndarray, at_surface: np.ndarray) -> np.ndarray:
    """(N,) float64, distance of each column from the nearest one at the surface [Å].

    NaN if there is no surface.
    """
    if not at_surface.any():
        return np.full(len(points), np.nan)
    return cKDTree(points[at_surface]).query(points)[0]
