"""How often sites are occupied, and how often that changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial import Delaunay, QhullError, cKDTree

from temnet.evaluation.sites import Sites

CONFIDENCE_Z = 1.959964
"""Standard normal quantile of a 95 % interval."""

LONGEST_BOND = 2.3
"""Triangles with a side of more than this many nearest-neighbour distances lie outside the
outline.  Those of fcc [110] have 1.2, of a square lattice 1.4, of the ring of graphene 2.0."""

OCCUPIED, EMPTY = "occupied", "empty"
"""The states of a site."""


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a fraction: Wilson, J. Am. Stat. Assoc. 22, 209 (1927).

    Frames are taken as independent, which makes it too narrow where a site changes slowly.

    Args:
        successes: How often.
        trials: Of how many.

    Returns:
        Lower and upper end; NaN where there were no trials.

    >>> [round(value, 3) for value in wilson_interval(0, 10)]
    [0.0, 0.278]
    """
    if trials == 0:
        return math.nan, math.nan
    fraction, square = successes / trials, CONFIDENCE_Z**2
    centre = (fraction + square / (2 * trials)) / (1 + square / trials)
    half = CONFIDENCE_Z * math.sqrt(
        fraction * (1 - fraction) / trials + square / (4 * trials**2)
    ) / (1 + square / trials)  # fmt: skip
    return max(centre - half, 0.0), min(centre + half, 1.0)


def changes(sites: Sites) -> tuple[np.ndarray, np.ndarray]:
    """Appearances and vanishings, and the pairs of frames in which one would have been seen.

    Args:
        sites: The sites.

    Returns:
        change (S, F - 1) int8, +1 where frame f is empty and f + 1 occupied, -1 for the reverse;
        pairs (S, F - 1) bool, whether the site was observed in both.  Frames that were dropped
        belong to no pair: what happened across them is not told.
    """
    observed = sites.observed
    state = sites.presence.astype(np.int8)
    pairs = observed[:, :-1] & observed[:, 1:]
    return np.where(pairs, np.diff(state, axis=1), 0).astype(np.int8), pairs


def site_rows(sites: Sites, class_names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of sites.csv.

    ``frames`` counts the usable frames in view, ``occupancy`` is the fraction of these in which
    the site was occupied, ``transition_fraction`` the appearances and disappearances as a
    fraction of the pairs of consecutive frames of that kind; NaN where there are none.

    Args:
        sites: The sites.
        class_names: Name of each class index.
    """
    change, pairs = changes(sites)
    frames = sites.observed.sum(axis=1)
    occupied = (sites.presence & sites.observed).sum(axis=1)
    edge = edge_distance(sites)
    rows = []
    for site in range(len(sites)):
        low, high = wilson_interval(int(occupied[site]), int(frames[site]))
        appearances, disappearances = (int(np.sum(change[site] == sign)) for sign in (1, -1))
        rows.append(
            {
                "site": site,
                "row_angstrom": float(sites.positions[site, 0]),
                "col_angstrom": float(sites.positions[site, 1]),
                "class": class_names[sites.class_index[site]],
                "frames": int(frames[site]),
                "occupancy": _ratio(int(occupied[site]), int(frames[site])),
                "occupancy_low": low,
                "occupancy_high": high,
                "appearances": appearances,
                "disappearances": disappearances,
                "transition_fraction": _ratio(appearances + disappearances, int(pairs[site].sum())),
                "edge_distance_angstrom": float(edge[site]),
            }
        )
    return rows


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def transition_rows(sites: Sites) -> list[dict[str, Any]]:
    """Rows of transitions.csv, by frame and site.

    ``frame`` is the first frame in the new state; ``from`` and ``to`` are `occupied` or `empty`.
    """
    change, _ = changes(sites)
    rows = []
    for frame, site in np.argwhere(change.T != 0).tolist():
        states = (EMPTY, OCCUPIED) if change[site, frame] > 0 else (OCCUPIED, EMPTY)
        rows.append({"frame": frame + 1, "site": site, "from": states[0], "to": states[1]})
    return rows


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
