"""Steps of the drift that are off by a period of the lattice, judged by gaps between columns.

A crystal shifted by a period looks like itself, except for its outline and its vacancies.  With
the right drift a gap stays a gap; with a wrong period it seems to close and another one to open.
The shifts of all frames together are judged by the likelihood of the detections at each place of
the specimen: it holds either a column, which is missed by chance, or a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from temnet.movies.drift_votes import count_votes, overlap, peaks_of

CHUNK = 10
"""Frames that are judged together; neighbouring chunks share one frame."""

LEAST_PERIOD = 1.0
"""Shorter than the periods of crystals and projections of them [Å]."""

LEAST_ALIKE, OF_BEST = 0.2, 0.85
"""Least votes of a period, relative to those of no shift and to those of the best period.
Neighbours of another kind, such as the two atoms of graphene's cell, get half of them."""

MOST_PERIODS = 12
"""Number of periods that are tried: those with the shortest steps."""

NEAR = 0.35
"""Columns nearer than this fraction of the shortest period are at one place, at most `FAR`."""

FAR = 0.8
"""Largest distance of a column from its place [Å]."""

OFTEN = 0.3
"""Smallest fraction of the frames in which a column of the lattice is found."""

FEWEST_NEIGHBOURS = 2
"""Fewest places a period away from a place of a lattice."""

CLEAR = 10.0
"""Log likelihood ratio by which another period must win."""

DOUBTFUL = 6.0
"""Shifts whose log likelihoods differ by less than this are about equally good."""

UNLIKE, MOST_JUMPS = 0.25, 2
"""A step that differs from the others by more than this fraction of the shortest period is judged
by itself, at most this many per chunk."""

LIKELIER = 8.0
"""Other steps of any length are reported as a doubt if their log likelihood is larger by this."""

ALIKE_STEPS = 2.0
"""A step is in doubt only if another one is at most this many times as long: in a crystal without
a gap the shortest step is the likeliest."""

GAP = 0.95
"""Probability that nothing is found in a gap."""

MISSED = np.array([0.003, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4])
GAPS = np.array([1e-4, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4])
"""Probabilities of missing a column, and fractions of places that are gaps; the likeliest pair is
used."""


@dataclass(frozen=True)
class Judgement:
    """Corrections of the steps between frames.

    Attributes:
        change: (frames, 2) float64 [Å], correction of the step to each frame.
        doubtful: (frames,) bool, whether a step may be off by a period.
        period: Shortest period [Å]; NaN if no period was found.
    """

    change: np.ndarray
    doubtful: np.ndarray
    period: float


def judge_steps(
    points: Sequence[np.ndarray],
    drift: np.ndarray,
    extent: tuple[float, float] | None,
    max_drift: float,
) -> Judgement:
    """Find the steps between frames that are off by a period.

    Args:
        points: (N, 2) columns of each frame [Å].
        drift: (frames, 2) shift of each frame, correct up to periods [Å].
        extent: Height and width of the image [Å]; without it, the largest positions of columns.
        max_drift: Largest step [Å].
    """
    count = len(points)
    change, doubtful = np.zeros((count, 2)), np.zeros(count, bool)
    periods = find_periods(points, extent, 2 * max_drift)
    if count < 2 or not len(periods):
        return Judgement(change, doubtful, np.nan)
    shortest = float(np.linalg.norm(periods, axis=1).min())
    size = extent or tuple(np.max([p.max(axis=0) for p in points if len(p)], axis=0))
    steps = np.diff(drift, axis=0)
    for first in range(0, count - 1, CHUNK - 1):
        chunk = slice(first, min(first + CHUNK, count))
        own = steps[first : chunk.stop - 1]
        seen = _Detections(points[chunk], drift[chunk], size, periods, shortest)
        tried = _tried(own, periods, max_drift)
        gain = np.array([seen.likelihood(added) for added in tried])
        gain -= gain[0]
        best = int(np.argmax(gain)) if gain.max() >= CLEAR else 0
        change[first + 1 : chunk.stop] = tried[best]
        doubtful[first + 1 : chunk.stop] = _doubted(own, tried, gain, best)
    return Judgement(change, doubtful, shortest)


def _tried(steps: np.ndarray, periods: np.ndarray, max_drift: float) -> list[np.ndarray]:
    """Return candidate corrections of the steps of a chunk, no change first, (steps, 2) each [Å].

    A candidate adds one period to all steps, after outliers by half a lattice were brought near
    to the others, or one period to a single step that differs from the others.
    """
    middle = steps[np.argmin(_lengths(steps[:, None] - steps).sum(axis=1))]
    every = np.concatenate([np.zeros((1, 2)), periods])
    nearest = np.argmin(_lengths(steps[:, None] + every - middle), axis=1)
    together = every[nearest]
    tried = [np.zeros_like(steps)]
    length = _lengths(middle + every)
    for number in np.argsort(length)[:MOST_PERIODS]:
        change = together + every[number]
        if length[number] <= max_drift and np.any(change):
            tried.append(change)
    unlike = _lengths(steps - middle)
    for place in np.argsort(-unlike)[:MOST_JUMPS]:
        if unlike[place] > UNLIKE * _lengths(periods).min():
            for period in periods[np.argsort(_lengths(steps[place] + periods))[:MOST_PERIODS]]:
                if _lengths(steps[place] + period) <= max_drift:
                    change = np.zeros_like(steps)
                    change[place] = period
                    tried.append(change)
    return tried


def _doubted(
    steps: np.ndarray, tried: Sequence[np.ndarray], gain: np.ndarray, best: int
) -> np.ndarray:
    """Return (steps,) bool, steps that another period of about that length explains as well."""
    own = _lengths(steps + tried[best])
    doubted = np.zeros(len(steps), bool)
    for change, value in zip(tried, gain, strict=True):
        if value >= gain[best] - DOUBTFUL:
            differ = np.any(np.abs(change - tried[best]) > 0.1, axis=1)
            longer = _lengths(steps + change) > ALIKE_STEPS * own
            if value >= gain[best] + LIKELIER or not np.any(differ & longer):
                doubted |= differ
    return doubted


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1)


def find_periods(
    points: Sequence[np.ndarray], extent: tuple[float, float] | None, reach: float
) -> np.ndarray:
    """Return (N, 2) the periods of a crystal up to a length [Å]; N is 0 if it is not periodic.

    Args:
        points: (N, 2) columns of each frame [Å].
        extent: Height and width of the image [Å].
        reach: Longest period [Å].
    """
    frames = [p for p in points if len(p) > 1]
    chosen = frames[:: -(-len(frames) // CHUNK)] if frames else []
    if not chosen:
        return np.zeros((0, 2))
    size = extent or tuple(np.max([p.max(axis=0) for p in chosen], axis=0))
    votes = np.mean([count_votes([p], p, reach) / len(p) for p in chosen], axis=0)
    votes /= overlap(np.zeros((1, 2)), len(votes), size)
    shifts, heights = peaks_of(votes)
    length = np.linalg.norm(shifts, axis=1)
    real = (length >= LEAST_PERIOD) & (length <= reach)
    shifts, heights = shifts[real], heights[real]
    if not len(shifts) or heights.max() < LEAST_ALIKE:
        return np.zeros((0, 2))
    return shifts[heights >= OF_BEST * heights.max()]


class _Detections:
    """Detections at each place of the specimen in a chunk of frames.

    Places are positions with a given drift subtracted; the lattice is the same if that drift is
    off by a period.
    """

    def __init__(
        self,
        points: Sequence[np.ndarray],
        drift: np.ndarray,
        extent: tuple[float, ...],
        periods: np.ndarray,
        shortest: float,
    ) -> None:
        self.near = min(NEAR * shortest, FAR)
        size = np.asarray(extent)
        shown = [p - d for p, d in zip(points, drift, strict=True)]
        place = _merged(np.concatenate(shown), self.near)
        place = place[self._often_found(place, points, drift, size)]
        if len(place):
            first = periods[np.argsort(_lengths(periods))[:6]]
            there = cKDTree(place).query(place[:, None] + first)[0] <= self.near
            place = place[there.sum(axis=1) >= FEWEST_NEIGHBOURS]
        if len(place):
            copies = (place[:, None] + first).reshape(-1, 2)
            far = cKDTree(place).query(copies)[0] > self.near
            place = np.concatenate([place, _merged(copies[far], self.near)])
        self.place = place
        self.shown = np.array([self._inside(place + shift, size) for shift in drift])
        self.missing = np.array(
            [~self._found(place + shift, p) for p, shift in zip(points, drift, strict=True)]
        )
        self.partners: dict[bytes, np.ndarray] = {}

    def _inside(self, places: np.ndarray, size: np.ndarray) -> np.ndarray:
        """Return (N,) bool, places in an image and not at its border."""
        return np.all((places >= self.near) & (places <= size - self.near), axis=1)

    def _found(self, places: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Return (N,) bool, places with a column."""
        if not len(found):
            return np.zeros(len(places), bool)
        return cKDTree(found).query(places)[0] <= self.near

    def _often_found(
        self, place: np.ndarray, points: Sequence[np.ndarray], drift: np.ndarray, size: np.ndarray
    ) -> np.ndarray:
        """Return (N,) bool, places with a column in many of the frames that show them.

        False positives have places of their own where nothing else is found, which would favour
        the drift with which they were counted.
        """
        shown, seen = np.zeros(len(place)), np.zeros(len(place))
        for found, shift in zip(points, drift, strict=True):
            inside = self._inside(place + shift, size)
            shown += inside
            seen[inside] += self._found(place[inside] + shift, found)
        return seen >= OFTEN * np.maximum(shown, 1)

    def likelihood(self, change: np.ndarray) -> float:
        """Log likelihood of all detections with other steps.

        Args:
            change: (frames - 1, 2) correction of the step to each frame after the first [Å].
        """
        own = np.arange(len(self.place))
        count = len(own)
        numbers = [own]
        for added in change:
            partner = self._partner(added)
            new = partner < 0
            own = np.where(new, 0, own[partner])
            own[new] = count + np.arange(int(new.sum()))
            count += int(new.sum())
            numbers.append(own)
        every = np.array(numbers)[self.shown]
        shown = np.bincount(every, minlength=count)
        lost = np.bincount(every, weights=self.missing[self.shown], minlength=count)
        return _log_likelihood(shown[shown > 0], lost[shown > 0])

    def _partner(self, added: np.ndarray) -> np.ndarray:
        """Return (N,) the place that each was one frame earlier if the step changes, or -1."""
        key = np.round(added, 3).tobytes()
        if key not in self.partners:
            distance, nearest = cKDTree(self.place).query(self.place - added)
            self.partners[key] = np.where(distance <= self.near, nearest, -1)
        return self.partners[key]


def _log_likelihood(shown: np.ndarray, lost: np.ndarray) -> float:
    """Log likelihood of places that hold a column or a gap each, with the likeliest parameters.

    Args:
        shown: (N,) number of frames that show each place.
        lost: (N,) number of those frames without a detection there.
    """
    kinds, count = np.unique(np.stack([shown, lost]), axis=1, return_counts=True)
    n, k = kinds
    gap = k * np.log(GAP) + (n - k) * np.log(1 - GAP)
    column = k * np.log(MISSED[:, None]) + (n - k) * np.log(1 - MISSED[:, None])
    part = GAPS[:, None, None]
    both = np.logaddexp(np.log(part) + gap, np.log(1 - part) + column[None])
    return float((both @ count).max())


def _merged(places: np.ndarray, near: float) -> np.ndarray:
    """Return (N, 2) one place for all that are near to each other."""
    if not len(places):
        return places
    neighbours = cKDTree(places).query_ball_point(places, near)
    done = np.zeros(len(places), bool)
    found = []
    for number, group in enumerate(neighbours):
        if not done[number]:
            done[group] = True
            found.append(places[group].mean(axis=0))
    return np.array(found)
