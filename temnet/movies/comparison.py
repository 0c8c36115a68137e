"""Whether two movies differ: blocks of frames as units, an interval and a permutation test.

Frames that follow each other show mostly the same columns, so they are no independent samples;
blocks of frames that are longer than a site's memory nearly are.  Sites do not serve as units,
since the two movies may show different ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import ceil, comb

import numpy as np
from scipy.stats import t as student

from temnet.movies.histories import Histories

LEAST_BLOCK, LEAST_BLOCKS = 5, 4
"""Frames in a block at least, and blocks in a movie at least: of two movies with four blocks each
the 70 permutations can reach p = 1/35, of three and three none below 0.05."""

MEMORIES = 4.0
"""Length of a block in memories of a site's state.  Of 300 pairs of movies of the same rates 4 %
to 5 % then differ in occupancy at p < 0.05, with two memories 8 % to 9 %; where the movie is too
short for such blocks 10 % to 14 % do.  Of transitions, which are forgotten sooner, 1 % to 4 %."""

MOST_PERMUTATIONS = 10_000
"""All permutations are tried where there are no more than this, else as many random ones."""

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Blocks:
    """What was counted in each block of frames of a movie.

    Attributes:
        counts: (B,) occupied sites or changes, summed over sites and frames.
        trials: (B,) of how many frames or pairs of frames.
    """

    counts: np.ndarray
    trials: np.ndarray

    @property
    def fraction(self) -> float:
        """Fraction over the whole movie, NaN where nothing was observed."""
        return float(self.counts.sum() / self.trials.sum()) if self.trials.sum() else np.nan


@dataclass(frozen=True)
class Difference:
    """The second movie minus the first.

    Attributes:
        value: Difference of the fractions.
        low: Lower end of its 95 % interval.
        high: Upper end.
        p_value: Of the permutation test, two-sided.
    """

    value: float
    low: float
    high: float
    p_value: float


def memory(histories: Histories, members: np.ndarray) -> float:
    """Frames after which a site's state is forgotten, (1 + r) / (1 - r) with r = 1 - a - b.

    The integrated autocorrelation time of a two-state chain that fills with chance a and empties
    with chance b.  Sites that never change make it longer, which is the safe side.

    Args:
        histories: A movie's.
        members: (S,) bool, the sites.

    Returns:
        At least 1; infinite where nothing changes.
    """
    pairs, occupied = histories.pairs[members], histories.occupied[members, :-1]
    total = 0.0
    for changed, state in (
        (histories.appeared[members], 1 - occupied),
        (histories.disappeared[members], occupied),
    ):
        at_risk = (pairs * state).sum()
        total += changed.sum() / at_risk if at_risk > 0 else 0.0
    return np.inf if total <= 0 else max((2 - total) / total, 1.0)


def block_length(memory_frames: float, frame_counts: list[int]) -> int:
    """Frames in a block: four memories, within what the shorter movie allows.

    Args:
        memory_frames: Of the sites [frames]; NaN where they never change.
        frame_counts: Frames of each movie.

    >>> block_length(2.2, [40, 60]), block_length(30.0, [40, 60])
    (9, 10)
    """
    wanted = ceil(MEMORIES * memory_frames) if np.isfinite(memory_frames) else LEAST_BLOCK
    return max(1, min(max(wanted, LEAST_BLOCK), min(frame_counts) // LEAST_BLOCKS))


def occupancy_blocks(histories: Histories, members: np.ndarray, length: int) -> Blocks:
    """Occupied sites in each block of frames, and how many were observed.

    Args:
        histories: A movie's.
        members: (S,) bool, the sites.
        length: Frames in a block; what is left at the end, less than a block, joins the last.
    """
    observed = histories.observed[members]
    occupied = histories.occupied[members] * observed
    return _blocks(occupied.sum(axis=0), observed.sum(axis=0), length, len(observed.T))


def transition_blocks(histories: Histories, members: np.ndarray, length: int) -> Blocks:
    """Changes in each block of frames, and pairs of frames that were observed.

    A pair belongs to the block of its first frame; arguments are those of `occupancy_blocks`.
    """
    changed = (histories.appeared + histories.disappeared)[members].sum(axis=0)
    pairs = histories.pairs[members].sum(axis=0)
    return _blocks(changed, pairs, length, pairs.size + 1)


def _blocks(counts: np.ndarray, trials: np.ndarray, length: int, frames: int) -> Blocks:
    number = np.minimum(np.arange(len(counts)) // length, max(frames // length - 1, 0))
    sums = [np.bincount(number, part.astype(float)) for part in (counts, trials)]
    there = sums[1] > 0
    return Blocks(sums[0][there], sums[1][there])


def compare(first: Blocks, second: Blocks, rng: np.random.Generator) -> Difference:
    """Difference of two movies' fractions.

    The interval is Welch's, from the scatter of the blocks; the test shuffles the blocks between
    the movies and counts how often they differ as much.

    Args:
        first: Blocks of the one movie.
        second: Of the other.
        rng: Draws permutations where there are too many.

    Returns:
        The second minus the first; NaN where a movie has fewer than two blocks.
    """
    value = second.fraction - first.fraction
    sizes = len(first.counts), len(second.counts)
    if min(sizes) < 2:
        return Difference(value, np.nan, np.nan, np.nan)
    variances = np.array([_variance(part) for part in (first, second)])
    total = variances.sum()
    half = 0.0
    if total > 0:
        freedom = total**2 / np.sum(variances**2 / (np.array(sizes) - 1))
        half = student.ppf(0.5 + CONFIDENCE / 2, freedom) * np.sqrt(total)
    return Difference(value, value - half, value + half, _p_value(first, second, rng))


def _variance(blocks: Blocks) -> float:
    """Of the fraction, a ratio of sums over blocks (Cochran, Sampling Techniques, ch. 6)."""
    count = len(blocks.counts)
    residuals = blocks.counts - blocks.fraction * blocks.trials
    return float(count / (count - 1) * np.sum(residuals**2) / blocks.trials.sum() ** 2)


def _p_value(first: Blocks, second: Blocks, rng: np.random.Generator) -> float:
    """Fraction of permutations whose difference is as large as the real one."""
    counts = np.concatenate([first.counts, second.counts])
    trials = np.concatenate([first.trials, second.trials])
    size, together = len(first.counts), len(counts)
    if comb(together, size) <= MOST_PERMUTATIONS:
        chosen = np.array(list(combinations(range(together), size)))
    else:
        drawn = rng.permuted(np.tile(np.arange(together), (MOST_PERMUTATIONS - 1, 1)), axis=1)
        chosen = np.concatenate([np.arange(size)[None], drawn[:, :size]])
    ours = counts[chosen].sum(axis=1), trials[chosen].sum(axis=1)
    others = counts.sum() - ours[0], trials.sum() - ours[1]
    differences = np.abs(others[0] / others[1] - ours[0] / ours[1])
    real = abs(second.fraction - first.fraction)
    return float(np.mean(differences >= real - 1e-12))
