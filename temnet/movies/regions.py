"""Regions of a particle: edge and interior, layers, and numbers of neighbours of its sites."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial import Delaunay, QhullError, cKDTree

from temnet.movies.sites import LEAST_SEEN, Sites
from temnet.structures.coordination import neighbour_count

LONGEST_BOND = 2.3
"""Triangles with a side of more than this many nearest-neighbour distances lie outside the
outline.  Those of fcc [110] have 1.2, of a square lattice 1.4, of the ring of graphene 2.0."""

EDGE_WIDTH = 0.5
"""Sites nearer to the outline than this many nearest-neighbour distances are edge sites: only the
outermost row."""

INTERIOR, EDGE = 0, 1
REGIONS = ("interior", "edge")
"""Names of the regions."""


def spacing(sites: Sites) -> np.ndarray:
    """Return (S,) the median neighbour distance in each site's class [Å]; NaN for a lone site."""
    typical = np.full(len(sites), np.nan)
    for index in np.unique(sites.class_index):
        mine = sites.class_index == index
        if mine.sum() > 1:
            points = sites.positions[mine]
            typical[mine] = np.median(cKDTree(points).query(points, k=2)[0][:, 1])
    return typical


def region(sites: Sites) -> np.ndarray:
    """Return (S,) int64, `EDGE` for sites on the outline of their class, else `INTERIOR`.

    All are interior if the outline lies outside the image.
    """
    distance = edge_distance(sites)
    width = np.nan_to_num(EDGE_WIDTH * spacing(sites), nan=np.inf)
    return np.where(distance < width, EDGE, INTERIOR).astype(np.int64)


def layer(sites: Sites) -> np.ndarray:
    """Return (S,) the distance from the outline in neighbour distances, rounded, or NaN."""
    return np.rint(edge_distance(sites) / spacing(sites))


def neighbours(sites: Sites) -> np.ndarray:
    """Return (S,) int64, the number of neighbouring sites of the same class, in projection."""
    count = np.zeros(len(sites), np.int64)
    for index in np.unique(sites.class_index):
        mine = sites.class_index == index
        count[mine] = neighbour_count(sites.positions[mine])
    return count


def edge_distance(sites: Sites) -> np.ndarray:
    """Distance of each site from the outline of the sites of its own class.

    The outline is that of the Delaunay triangles whose sides are at most `LONGEST_BOND`
    nearest-neighbour distances long, so that it follows bays and holes.  The end of the image is
    not an edge: a side counts if a column one nearest-neighbour distance beyond it would have been
    in view.

    Returns:
        (S,) [Å]; 0 on the outline and for sites in no triangle, NaN for all of a class whose
        outline lies outside the image.
    """
    distance = np.zeros(len(sites))
    for index in np.unique(sites.class_index):
        mine = sites.class_index == index
        distance[mine] = _outline_distance(sites.positions[mine], sites.seen)
    return distance


def _outline_distance(points: np.ndarray, seen: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return (N,) the distance of points from the part of their outline that was in view."""
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
    edges = triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    opposite = triangles[:, [2, 0, 1]].reshape(-1)
    _, first, times = np.unique(
        np.sort(edges, axis=1), axis=0, return_index=True, return_counts=True
    )
    chosen = first[times == 1]
    outline = points[edges[chosen]]
    beyond = _beyond(outline, points[opposite[chosen]], spacing)
    distance = _segment_distance(points, outline[seen(beyond) >= LEAST_SEEN])
    distance[lone] = 0
    return distance


def _beyond(segments: np.ndarray, inside: np.ndarray, distance: float) -> np.ndarray:
    """Return (M, 2) places a distance from the middles of segments, away from points inside.

    Args:
        segments: (M, 2 ends, 2) [Å].
        inside: (M, 2) a point on the inner side of each segment [Å].
        distance: Distance from the segment [Å].
    """
    along = segments[:, 1] - segments[:, 0]
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    middle = segments.mean(axis=1)
    outwards = np.sign(np.sum((middle - inside) * normal, axis=1, keepdims=True))
    return middle + distance * outwards * normal


def _segment_distance(points: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Return (N,) the distance of points from the nearest of segments (M, 2 ends, 2), or NaN."""
    nearest = np.full(len(points), np.nan)
    for start, end in segments:
        along = end - start
        part = np.clip((points - start) @ along / (along @ along), 0, 1)
        distance = np.linalg.norm(points - start - part[:, None] * along, axis=1)
        nearest = np.fmin(nearest, distance)
    return nearest
