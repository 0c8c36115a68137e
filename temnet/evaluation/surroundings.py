"""Where a site lies in the particle: at its edge, how deep, and with how many neighbours."""

from __future__ import annotations

import numpy as np
from scipy.spatial import Delaunay, QhullError, cKDTree

from temnet.evaluation.sites import Sites
from temnet.structures.coordination import neighbour_count

LONGEST_BOND = 2.3
"""Triangles with a side of more than this many nearest-neighbour distances lie outside the
outline.  Those of fcc [110] have 1.2, of a square lattice 1.4, of the ring of graphene 2.0."""

EDGE_WIDTH = 0.5
"""Sites nearer to the outline than this many nearest-neighbour distances are edge sites: the
outermost row and no other."""

INTERIOR, EDGE = 0, 1
REGIONS = ("interior", "edge")
"""Names of the regions."""


def spacing(sites: Sites) -> np.ndarray:
    """(S,) typical distance of neighbours of each site's class [Å]; NaN for a site alone."""
    typical = np.full(len(sites), np.nan)
    for index in np.unique(sites.class_index):
        mine = sites.class_index == index
        if mine.sum() > 1:
            points = sites.positions[mine]
            typical[mine] = np.median(cKDTree(points).query(points, k=2)[0][:, 1])
    return typical


def region(sites: Sites) -> np.ndarray:
    """(S,) int64, `EDGE` for sites on the outline of their class and `INTERIOR` for others.

    Where the outline lies outside of the image all are interior.
    """
    distance = edge_distance(sites)
    width = np.nan_to_num(EDGE_WIDTH * spacing(sites), nan=np.inf)
    return np.where(distance < width, EDGE, INTERIOR).astype(np.int64)


def layer(sites: Sites) -> np.ndarray:
    """(S,) distance from the outline in nearest-neighbour distances, rounded; NaN if unknown."""
    return np.rint(edge_distance(sites) / spacing(sites))


def neighbours(sites: Sites) -> np.ndarray:
    """(S,) int64, sites of the same class around each one, in projection."""
    count = np.zeros(len(sites), np.int64)
    for index in np.unique(sites.class_index):
        mine = sites.class_index == index
        count[mine] = neighbour_count(sites.positions[mine])
    return count


def edge_distance(sites: Sites) -> np.ndarray:
    """Distance of each site from the outline of the sites of its own class.

    The outline is that of the Delaunay triangles whose sides are at most `LONGEST_BOND`
    nearest-neighbour distances long, so that it follows bays and holes.  Where the image ends
    there is no edge: sides near its border are left out if the image's size is known.

    Returns:
        (S,) [Å]; 0 on the outline and for sites in no triangle, NaN for all of a class whose
        outline lies outside the image.
    """
    distance = np.zeros(len(sites))
    for index in np.unique(sites.class_index):
        mine = sites.class_index == index
        distance[mine] = _outline_distance(sites.positions[mine], _view(sites))
    return distance


def _view(sites: Sites) -> tuple[np.ndarray, np.ndarray] | None:
    """Corners of the part of the specimen that the image showed in any usable frame [Å]."""
    if sites.extent is None or not np.any(sites.usable):
        return None
    drift = sites.drift[sites.usable]
    return -drift.max(axis=0), np.asarray(sites.extent, float) - drift.min(axis=0)


def _outline_distance(points: np.ndarray, view: tuple[np.ndarray, np.ndarray] | None) -> np.ndarray:
    """(N,) distance of points from their own outline."""
    if len(points) < 3:
        return np.zeros(len(points))
    try:
        triangles = Delaunay(points).simplices
    except QhullError:  # all on one line
        return np.zeros(len(points))
    spacing = float(np.median(cKDTree(points).query(points, k=2)[0][:, 1]))
    corners = points[triangles]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    triangles = triangles[sides.max(axis=1) <= LONGEST_BOND * spacing]
    lone = np.setdiff1d(np.arange(len(points)), triangles)
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edges, times = np.unique(edges, axis=0, return_counts=True)
    outline = points[edges[times == 1]]
    if view is not None:
        outline = outline[~_at_border(outline.mean(axis=1), view, spacing)]
    distance = _segment_distance(points, outline)
    distance[lone] = 0
    return distance


def _at_border(
    points: np.ndarray, view: tuple[np.ndarray, np.ndarray], margin: float
) -> np.ndarray:
    low, high = view
    return np.any((points < low + margin) | (points > high - margin), axis=1)


def _segment_distance(points: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """(N,) distance of points from the nearest of segments (M, 2 ends, 2); NaN for none."""
    nearest = np.full(len(points), np.nan)
    for start, end in segments:
        along = end - start
        part = np.clip((points - start) @ along / (along @ along), 0, 1)
        distance = np.linalg.norm(points - start - part[:, None] * along, axis=1)
        nearest = np.fmin(nearest, distance)
    return nearest
