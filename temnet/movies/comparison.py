"""Comparison of two movies: differences of their sites with intervals and permutation tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.stats import t as student

from temnet.evaluation.bootstrap import CONFIDENCE
from temnet.movies.blocks import QUANTITIES, Blocks, block_length, memory
from temnet.movies.occupancy import Histories
from temnet.movies.regions import REGIONS
from temnet.movies.site_tables import SiteRow
from temnet.randomness import generator

LOGGER = logging.getLogger(__name__)

MOST_PERMUTATIONS = 10_000
"""All permutations are tried if there are at most this many, else this many random ones."""


@dataclass(frozen=True)
class FollowedMovie:
    """Result of the stage `occupancy` of a run.

    Attributes:
        name: Name of the run folder.
        sites: Lines of its sites.csv.
        histories: Of its sites.
    """

    name: str
    sites: Sequence[SiteRow]
    histories: Histories

    @property
    def frame_count(self) -> int:
        """Number of frames."""
        return self.histories.observed.shape[1]

    def members(self, class_name: str, region: str) -> np.ndarray:
        """Return (S,) bool, the sites of a class and region."""
        wanted = (class_name, region)
        return np.array([(site.class_, site.region) == wanted for site in self.sites], bool)


@dataclass(frozen=True)
class ComparisonRow:
    """A line of compare.csv: a quantity of the sites of one class and region in two movies.

    Attributes:
        class_: Class of the sites.
        region: `interior` or `edge`.
        quantity: `occupancy`, the fraction of observed frames in which the sites were occupied, or
            `transition_fraction`, the transitions as a fraction of pairs of consecutive frames.
        first: The quantity in the first movie.
        second: The quantity in the second movie.
        difference: Second minus first.
        difference_low: Lower end of its 95 % interval (Welch's, from the scatter of the blocks);
            empty with fewer than two blocks.
        difference_high: Upper end of that interval.
        p_value: p of a two-sided permutation test that shuffles blocks between the movies.
        blocks_first: Number of blocks of frames in the first movie.
        blocks_second: Number of blocks in the second movie.
        block_frames: Number of frames in a block.
        memory_frames: Time after which a site's state is forgotten [frames], the longer of the two
            movies; empty if no site changes.
    """

    class_: str
    region: str
    quantity: str
    first: float
    second: float
    difference: float
    difference_low: float
    difference_high: float
    p_value: float
    blocks_first: int
    blocks_second: int
    block_frames: int
    memory_frames: float


def comparison_rows(
    first: FollowedMovie, second: FollowedMovie, seed: int, block_frames: int | None = None
) -> Iterator[ComparisonRow]:
    """Lines of compare.csv, for each class, region and quantity that both movies have.

    Args:
        first: The one movie.
        second: The other movie.
        seed: Seed of random permutations.
        block_frames: Frames in a block; by default from the memory of the sites.
    """
    movies = first, second
    classes = sorted({site.class_ for site in first.sites} & {site.class_ for site in second.sites})
    for name in classes:
        for region in REGIONS:
            parts = [(movie.histories, movie.members(name, region)) for movie in movies]
            if not all(members.any() for _, members in parts):
                LOGGER.warning("compare: not both movies have %s sites at the %s", name, region)
                continue
            longest = _longest_memory(parts)
            length = block_frames or block_length(longest, [movie.frame_count for movie in movies])
            for quantity, blocks_of in QUANTITIES.items():
                one, other = (blocks_of(*part, length) for part in parts)
                rng = generator(seed, f"compare/{name}/{region}/{quantity}", 0)
                found = compare(one, other, rng)
                yield ComparisonRow(
                    class_=name,
                    region=region,
                    quantity=quantity,
                    first=one.fraction,
                    second=other.fraction,
                    difference=found.value,
                    difference_low=found.low,
                    difference_high=found.high,
                    p_value=found.p_value,
                    blocks_first=len(one.counts),
                    blocks_second=len(other.counts),
                    block_frames=length,
                    memory_frames=longest,
                )


def _longest_memory(parts: Sequence[tuple[Histories, np.ndarray]]) -> float:
    """Return the longer memory of the sites of two movies [frames]; NaN if none ever change."""
    memories = [memory(histories, members) for histories, members in parts]
    return max((value for value in memories if np.isfinite(value)), default=np.nan)


@dataclass(frozen=True)
class Difference:
    """Difference of a fraction, the second movie minus the first.

    Attributes:
        value: Difference of the fractions.
        low: Lower end of its 95 % interval.
        high: Upper end.
        p_value: p of the two-sided permutation test.
    """

    value: float
    low: float
    high: float
    p_value: float


def compare(first: Blocks, second: Blocks, rng: np.random.Generator) -> Difference:
    """Compare the fractions of two movies.

    The interval is Welch's, from the scatter of the blocks.  The test shuffles blocks between the
    movies and counts how often they differ as much.

    Args:
        first: Blocks of the one movie.
        second: Blocks of the other movie.
        rng: Draws permutations if there are more than `MOST_PERMUTATIONS`.

    Returns:
        The second minus the first; interval and p are NaN if a movie has fewer than two blocks.
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
    """Variance of the fraction, a ratio of sums (Cochran, Sampling Techniques, ch. 6)."""
    count = len(blocks.counts)
    residuals = blocks.counts - blocks.fraction * blocks.trials
    return float(count / (count - 1) * np.sum(residuals**2) / blocks.trials.sum() ** 2)


def _p_value(first: Blocks, second: Blocks, rng: np.random.Generator) -> float:
    """Return the fraction of permutations with a difference at least as large as the real one."""
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
