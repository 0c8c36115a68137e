"""How many frames of a movie must be averaged for its columns to be found.

A column that is found in two averages of frames and not in the one between them was probably
missed: columns that leave stay away for longer.  False positives do not count, since they are
hardly at one place twice.  Gold at 10 e/Å² has 25 detections a frame, few of them columns.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from temnet.inference.column_finder import ColumnFinder, FoundFrame
from temnet.inference.masks import seen
from temnet.inference.running_average import Averager
from temnet.records import ImageSeries

ENOUGH = 0.85
"""Least probability of finding a column that is there.  At it, columns of a still gold particle
are found in 0.83 of the frames, and occupancies that allow for it are within 0.03 of 1; below it
some columns are hardly ever found.  The movie of Pt on CeO2 of the quickstart has 0.93."""

MOST = 0.96
"""Probability that averages of the chosen number of frames reach: it is measured by few of them,
and the average must not be too noisy in turn."""

LARGEST = 64
"""Most frames that are averaged."""

BLOCKS = 12
"""Averages that are compared at most."""

FEWEST = 8
"""Fewer columns in all are no evidence."""

NEAR = 0.7
"""Columns of different frames within this distance are one [Å]."""

REACH, ALIKE, MOST_PAIRS = 1.5, 0.4, 600
"""Largest shift between frames that is allowed for [Å], the distance within which shifts of pairs
of columns agree [Å], and the pairs that are compared."""


@dataclass(frozen=True)
class Hits:
    """Columns that were there, and those of them that were found.

    Attributes:
        found: Number of columns found in three frames.
        there: Number of columns found in the first and the last of three frames.
    """

    found: int = 0
    there: int = 0

    def __add__(self, other: Hits) -> Hits:
        return Hits(self.found + other.found, self.there + other.there)

    @property
    def probability(self) -> float:
        """Probability of finding a column that is there; 0 with too few columns."""
        return self.found / self.there if self.there >= FEWEST else 0.0


def hits(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> Hits:
    """Columns of the first and the last of three frames that the middle one has too.

    Args:
        first: (N, 2) columns [Å] where the specimen lay in the middle frame, as are the others.
        middle: (N, 2).
        last: (N, 2).
    """
    if min(map(len, (first, middle, last))) == 0:
        return Hits()
    both = first[_near(first, last)]
    return Hits(int(np.count_nonzero(_near(both, middle))), len(both))


def hits_near(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> Hits:
    """`hits` of frames between which the specimen drifted by up to `REACH`."""
    first, last = (part - common_shift(part, middle) for part in (first, last))
    return hits(first, middle, last)


def _near(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N,) bool, points with another within `NEAR`."""
    return cKDTree(others).query(points, distance_upper_bound=NEAR)[0] <= NEAR


def common_shift(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(2,) shift of points from others that most columns agree in [Å], up to `REACH`."""
    if min(len(points), len(others)) == 0:
        return np.zeros(2)
    pairs = cKDTree(points).query_ball_point(others, REACH)
    found = [points[near] - other for near, other in zip(pairs, others, strict=True) if near]
    if not found:
        return np.zeros(2)
    shifts = np.concatenate(found)
    shifts = shifts[:: -(-len(shifts) // MOST_PAIRS)]
    alike = np.linalg.norm(shifts[:, None] - shifts, axis=-1) <= ALIKE
    best = alike[np.argmax(alike.sum(axis=1))]
    return shifts[best].mean(axis=0)


class ConsecutiveHits:
    """Counts `Hits` in the frames of a movie as they are processed."""

    def __init__(self, apart: int = 1) -> None:
        """Takes frames ``apart`` from each other: those that share none of the averaged ones."""
        self._apart, self.hits = apart, Hits()
        self._kept: deque[np.ndarray] = deque(maxlen=2 * apart + 1)

    def add(self, frame: FoundFrame) -> None:
        """Takes the next frame."""
        self._kept.append(frame.peaks.positions)
        if len(self._kept) == self._kept.maxlen:
            first, middle, last = (self._kept[place * self._apart] for place in range(3))
            self.hits += hits_near(first, middle, last)


@dataclass(frozen=True)
class FramesNeeded:
    """Number of frames to average.

    Attributes:
        number: Number of frames.
        probability: Of finding a column that is there in an average of as many, by few columns.
        enough: Whether that is `MOST`.
        there: Number of columns that it was measured by.
    """

    number: int
    probability: float
    enough: bool
    there: int


def frames_needed(
    finder: ColumnFinder, series: ImageSeries, drift: np.ndarray, least: int = 1
) -> FramesNeeded:
    """The smallest number of frames, a power of two, whose averages show most columns.

    Where none shows most, columns come and go faster than that: the smallest number that shows
    about as many as any.

    Args:
        finder: Finds columns.
        series: The movie.
        drift: (frame, 2) place of the specimen in each frame [Å].
        least: Smallest number that is tried.
    """
    tried: list[FramesNeeded] = []
    number = least
    while 3 * number <= len(series.images) and number <= LARGEST:
        found = _sampled(finder, series, drift, number)
        probability = found.probability
        tried.append(FramesNeeded(number, probability, probability >= MOST, found.there))
        if tried[-1].enough:
            return tried[-1]
        number *= 2
    if not tried:
        return FramesNeeded(min(least, len(series.images)), 0.0, False, 0)
    best = max(one.probability for one in tried)
    if best == 0:
        return tried[-1]
    return next(one for one in tried if one.probability >= best - ABOUT)


ABOUT = 0.06
"""Probabilities that differ by less, as by chance, are about alike."""


def _sampled(finder: ColumnFinder, series: ImageSeries, drift: np.ndarray, number: int) -> Hits:
    """Hits in averages of frames that follow each other in the middle of a movie."""
    average = Averager(series, number, drift)
    blocks = min(BLOCKS, len(series.images) // number)
    first = (len(series.images) - blocks * number) // 2 + (number - 1) // 2
    columns = []
    for centre in range(first, first + blocks * number, number):
        peaks, _ = finder.find(average(centre), series.sampling)
        peaks = peaks.select(seen(series, centre, peaks.positions))
        columns.append(peaks.positions - drift[centre])
    total = Hits()
    for before, middle, after in zip(columns, columns[1:], columns[2:], strict=False):
        total += hits_near(before, middle, after)
    return total
