"""How often sites are occupied, and how often that changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from temnet.movies.histories import Histories
from temnet.movies.regions import REGIONS, edge_distance, neighbours, region
from temnet.movies.sites import Sites

CONFIDENCE_Z = 1.959964
"""Standard normal quantile of a 95 % interval."""

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


def site_rows(
    sites: Sites, class_names: Sequence[str], inferred: Histories | None = None
) -> list[dict[str, Any]]:
    """Rows of sites.csv.

    ``frames`` counts the usable frames in view, ``occupancy`` is the fraction of these in which
    the site was occupied, ``transition_fraction`` the appearances and disappearances as a
    fraction of the pairs of consecutive frames of that kind; NaN where there are none.  They
    count columns as they were found; what a hidden Markov model makes of them stands beside as
    ``inferred_…``.

    Args:
        sites: The sites.
        class_names: Name of each class index.
        inferred: The histories by a hidden Markov model; without them the cells are NaN.
    """
    change, pairs = changes(sites)
    frames = sites.observed.sum(axis=1)
    occupied = (sites.presence & sites.observed).sum(axis=1)
    edge, where, around = edge_distance(sites), region(sites), neighbours(sites)
    model = _inferred(inferred, len(sites))
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
                "region": REGIONS[where[site]],
                "neighbours": int(around[site]),
                **{name: float(values[site]) for name, values in model.items()},
            }
        )
    return rows


def _inferred(histories: Histories | None, count: int) -> dict[str, np.ndarray]:
    """(S,) values of sites.csv that a hidden Markov model gives."""
    if histories is None:
        names = ("occupancy", "appearances", "disappearances", "transition_fraction")
        return {f"inferred_{name}": np.full(count, np.nan) for name in names}
    return {
        "inferred_occupancy": histories.occupancy,
        "inferred_appearances": histories.appeared.sum(axis=1),
        "inferred_disappearances": histories.disappeared.sum(axis=1),
        "inferred_transition_fraction": histories.transition_fraction,
    }


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def transition_rows(histories: Histories) -> list[dict[str, Any]]:
    """Rows of transitions.csv, by frame and site.

    ``frame`` is the first frame in the new state; ``from`` and ``to`` are `occupied` or `empty`.
    A hidden Markov model's are those between each frame's likelier states.
    """
    change = np.where(histories.pairs, np.diff(histories.state.astype(np.int8), axis=1), 0)
    rows = []
    for frame, site in np.argwhere(change.T != 0).tolist():
        states = (EMPTY, OCCUPIED) if change[site, frame] > 0 else (OCCUPIED, EMPTY)
        rows.append({"frame": frame + 1, "site": site, "from": states[0], "to": states[1]})
    return rows
