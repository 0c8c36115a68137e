"""Mean positions of the sites of a movie, and their standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from temnet.movies.sites import majority
from temnet.records import Peaks
from temnet.strain.local_lattice import PRIOR_FREEDOM

ROUNDS = 30
"""Rounds in which drift and sites are fitted in turn; each makes the rest ten times smaller or
more, as long as most sites are found in most frames."""


@dataclass(frozen=True)
class SiteMeans:
    """Sites of a movie.

    Attributes:
        peaks: One column for each site, in frame 0, at the mean of its positions without drift,
            in the place of the first frame.
        site: (S,) int64, the number of each site.
        frames: (S,) int64, frames in which it was found.
        error: (S,) float64, standard error of the mean position along an axis [Å], by the scatter
            of the site's positions, to which that of all sites counts as `PRIOR_FREEDOM` frames
            more; NaN where all sites were found in one frame.
    """

    peaks: Peaks
    site: np.ndarray
    frames: np.ndarray
    error: np.ndarray


def site_means(peaks: Peaks, site: np.ndarray, averaged: int = 1) -> SiteMeans:
    """Averages the positions of each site over the frames of a movie.

    The drift of a frame is the mean shift of its columns from their sites; both are fitted
    together, so that a site that is missing in some frames is not shifted.

    Args:
        peaks: Columns of all frames.
        site: (N,) int64, the site of each column; -1 without a site.
        averaged: Frames of the running average in which columns were found, which are not
            independent.
    """
    known = site >= 0
    numbers, index = np.unique(site[known], return_inverse=True)
    used = peaks.select(known)
    frames, frame = np.unique(used.frame, return_inverse=True)
    positions = used.positions
    drift = np.zeros((len(frames), 2))
    means = _means(positions, index, len(numbers))
    for _ in range(ROUNDS):
        drift = _means(positions - means[index], frame, len(frames))
        drift = drift - drift[:1]
        means = _means(positions - drift[frame], index, len(numbers))
    rest = positions - drift[frame] - means[index]
    count = np.bincount(index, minlength=len(numbers))
    square = np.bincount(index, (rest**2).sum(axis=1) / 2, minlength=len(numbers))
    independent = np.maximum(count / max(averaged, 1), 1)
    freedom = count - 1
    pooled = square.sum() / freedom.sum() if freedom.any() else math.nan
    variance = (PRIOR_FREEDOM * pooled + square) / (PRIOR_FREEDOM + freedom)
    error = np.sqrt(variance / independent)
    first = np.full(len(numbers), len(used), np.int64)
    np.minimum.at(first, index, np.arange(len(used)))
    chosen = used.select(first)
    averages = Peaks(
        frame=np.zeros(len(numbers), np.int64),
        positions=means,
        class_index=majority(index, used.class_index, len(numbers)),
        score=_means(used.score[:, None], index, len(numbers))[:, 0],
        probabilities=_means(used.probabilities, index, len(numbers)),
        spread=error,
        class_spread=np.full(len(numbers), math.nan),
        flags=chosen.flags,
    )
    return SiteMeans(averages, numbers, count, error)


def _means(values: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """(count, K) mean of the values (N, K) of each group."""
    number = np.bincount(group, minlength=count)[:, None]
    columns = [np.bincount(group, each, minlength=count) for each in values.T]
    return np.stack(columns, axis=1) / np.maximum(number, 1)
