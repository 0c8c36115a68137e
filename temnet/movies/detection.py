"""How often a column that is there is found, measured from the frames before and after.

A site with a column in two frames and none between them was probably occupied all the time: columns
that leave stay away for longer.  The fraction of such frames in which the column is found is the
probability of detection.  Where columns leave for a single frame it is too low; the hidden Markov
model has the same limit.
"""

from __future__ import annotations

import numpy as np

from temnet.movies.occupancy import FittedRates
from temnet.movies.sites import Sites

WEIGHT = 8.0
"""Frames that the other sites of a site's class and region count for in its own probability."""

LEAST = 0.05
"""Least probability by which an occupancy is divided."""


def gaps(sites: Sites, apart: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Frames of each site that lie between two with a column, and those of them with a column.

    Args:
        sites: The sites.
        apart: Distance of the three frames, the number of frames of a running average.

    Returns:
        (S,) int frames with a column, and (S,) int frames.

    >>> from types import SimpleNamespace
    >>> presence = np.array([[1, 1, 1, 0, 1, 0, 0]], bool)
    >>> gaps(SimpleNamespace(presence=presence, observed=np.ones_like(presence)))
    (array([1]), array([2]))
    """
    if sites.presence.shape[1] <= 2 * apart:
        none = np.zeros(len(sites.presence), np.int64)
        return none, none
    before, middle, after = slice(None, -2 * apart), slice(apart, -apart), slice(2 * apart, None)
    seen, found = sites.observed, sites.presence
    between = seen[:, before] & seen[:, middle] & seen[:, after] & found[:, before]
    between &= found[:, after]
    return (between & found[:, middle]).sum(axis=1), between.sum(axis=1)


def detection(sites: Sites, group: np.ndarray, apart: int = 1) -> np.ndarray:
    """(S,) probability that the column of a site is found in a frame; NaN where unknown.

    Each site's own frames are joined by those of its group, which count as `WEIGHT` frames.

    Args:
        sites: The sites.
        group: (S,) int, group of each site.
        apart: See `gaps`.
    """
    found, frames = gaps(sites, apart)
    if not len(group):
        return np.zeros(0)
    groups = int(group.max()) + 1
    totals = np.bincount(group, frames, groups)
    common = np.bincount(group, found, groups) / np.where(totals > 0, totals, np.nan)
    return (found + WEIGHT * common[group]) / (frames + WEIGHT)


def modelled_detection(fitted: FittedRates, group: np.ndarray) -> np.ndarray:
    """(S,) the same by the hidden Markov model, of which the sites of a group share it."""
    return fitted.hit[group] if len(group) else np.zeros(0)


def corrected(occupancy: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(S,) occupancy that a counted one stands for, where columns are missed.

    >>> corrected(np.array([0.4, 0.9, 0.9]), np.array([0.8, 0.8, np.nan])).tolist()
    [0.5, 1.0, nan]
    """
    return np.minimum(occupancy / np.maximum(probability, LEAST), 1.0)
