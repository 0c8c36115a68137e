"""Blocks of frames, the units by which two movies are compared.

Consecutive frames show mostly the same columns, so they are not independent samples.  Blocks of
frames that are longer than a site's memory nearly are.  Sites do not serve as units, since the two
movies may show different ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from temnet.movies.occupancy import Histories

LEAST_BLOCK, LEAST_BLOCKS = 5, 4
"""Fewest frames in a block, and fewest blocks in a movie: for two movies with four blocks each the
70 permutations can reach p = 1/35, with three and three none is below 0.05."""

MEMORIES = 4.0
"""Length of a block in memories of a site's state.  Of 300 pairs of movies with the same rates, 4 %
to 5 % then differ in occupancy at p < 0.05; with two memories 8 % to 9 %; if the movie is too short
for such blocks 10 % to 14 %.  Of transitions, which are forgotten sooner, 1 % to 4 % differ."""


@dataclass(frozen=True)
class Blocks:
    """Counts in each block of frames of a movie.

    Attributes:
        counts: (B,) occupied sites or changes, summed over sites and frames.
        trials: (B,) number of frames or pairs of frames that were observed.
    """

    counts: np.ndarray
    trials: np.ndarray

    @property
    def fraction(self) -> float:
        """Fraction over the whole movie; NaN without observations."""
        return float(self.counts.sum() / self.trials.sum()) if self.trials.sum() else np.nan


def memory(histories: Histories, members: np.ndarray) -> float:
    """Return the frames after which a site's state is forgotten, (1 + r) / (1 - r), r = 1 - a - b.

    This is the integrated autocorrelation time of a two-state chain that fills with probability a
    and empties with probability b.  Sites that never change make it longer, which errs on the safe
    side.

    Args:
        histories: A movie's.
        members: (S,) bool, the sites.

    Returns:
        At least 1; infinite if nothing changes.
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
    """Return the frames in a block: four memories, or fewer if the shorter movie requires it.

    Args:
        memory_frames: Memory of the sites [frames]; NaN if they never change.
        frame_counts: Frames of each movie.

    >>> block_length(2.2, [40, 60]), block_length(30.0, [40, 60])
    (9, 10)
    """
    wanted = ceil(MEMORIES * memory_frames) if np.isfinite(memory_frames) else LEAST_BLOCK
    return max(1, min(max(wanted, LEAST_BLOCK), min(frame_counts) // LEAST_BLOCKS))


def occupancy_blocks(histories: Histories, members: np.ndarray, length: int) -> Blocks:
    """Occupied sites in each block of frames.

    Args:
        histories: A movie's.
        members: (S,) bool, the sites.
        length: Frames in a block; an incomplete block at the end joins the one before.
    """
    observed = histories.observed[members]
    occupied = histories.occupied[members] * observed
    return _blocks(occupied.sum(axis=0), observed.sum(axis=0), length, len(observed.T))


def transition_blocks(histories: Histories, members: np.ndarray, length: int) -> Blocks:
    """Transitions in each block of frames; arguments are those of `occupancy_blocks`.

    A pair of frames belongs to the block of its first frame.
    """
    changed = (histories.appeared + histories.disappeared)[members].sum(axis=0)
    pairs = histories.pairs[members].sum(axis=0)
    return _blocks(changed, pairs, length, pairs.size + 1)


def _blocks(counts: np.ndarray, trials: np.ndarray, length: int, frames: int) -> Blocks:
    number = np.minimum(np.arange(len(counts)) // length, max(frames // length - 1, 0))
    sums = [np.bincount(number, part.astype(float)) for part in (counts, trials)]
    there = sums[1] > 0
    return Blocks(sums[0][there], sums[1][there])


QUANTITIES: Mapping[str, Callable[[Histories, np.ndarray, int], Blocks]] = {
    "occupancy": occupancy_blocks,
    "transition_fraction": transition_blocks,
}
"""Quantities that are compared."""
