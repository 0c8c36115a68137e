"""The history of each site: when it was occupied, and when that changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from temnet.movies.hidden_markov import (
    BOUNDS,
    MISSING,
    HiddenMarkov,
    Observations,
    Posterior,
    fit,
    rate_intervals,
)
from temnet.movies.sites import Sites

LEAST_COUNT = 1.0
"""A rate is told if its sites spent this many frames in the state that it leaves, and a mean stay
if it ended this often: a hidden Markov model expects counts of far less than one, whose ratio says
nothing."""


@dataclass(frozen=True)
class Histories:
    """What is known of each site in each frame.

    Attributes:
        occupied: (S, F) chance that the site is occupied: 0 or 1 where columns are counted as
            they were found, anything between where misses are told from departures.
        observed: (S, F) bool, usable frames in view.
        appeared: (S, F - 1) chance that the site is empty in frame f and occupied in f + 1; 0
            where it was not observed in both, since what happened there is not told.
        disappeared: (S, F - 1) the reverse.
    """

    occupied: np.ndarray
    observed: np.ndarray
    appeared: np.ndarray
    disappeared: np.ndarray

    @property
    def pairs(self) -> np.ndarray:
        """(S, F - 1) bool, consecutive frames in which the site was observed."""
        return self.observed[:, :-1] & self.observed[:, 1:]

    @property
    def state(self) -> np.ndarray:
        """(S, F) bool, the likelier state."""
        return self.occupied > 0.5

    @property
    def occupancy(self) -> np.ndarray:
        """(S,) mean of ``occupied`` over the observed frames, NaN where there are none."""
        return share((self.occupied * self.observed).sum(axis=1), self.observed.sum(axis=1))

    @property
    def transition_fraction(self) -> np.ndarray:
        """(S,) changes per pair of consecutive frames, NaN where there are none."""
        changed = (self.appeared + self.disappeared).sum(axis=1)
        return share(changed, self.pairs.sum(axis=1))


@dataclass(frozen=True)
class Detection:
    """What the hidden Markov model says of groups of sites.

    Attributes:
        appearance: (G, 3) chance per frame that an empty site fills, lower and upper end.
        disappearance: (G, 3) chance per frame that an occupied site empties, likewise.
        hit: (G,) chance that the column of an occupied site is found.
        false: (G,) chance that a column is found at an empty one.
        at_bound: For each group the chances that stand where their search ends; the others of
            the group depend on these bounds.

    A chance is NaN where fewer than `LEAST_COUNT` site-frames tell of it; so are rates that stand
    at their bound, of which only the interval's lower end is known.
    """

    appearance: np.ndarray
    disappearance: np.ndarray
    hit: np.ndarray
    false: np.ndarray
    at_bound: tuple[tuple[str, ...], ...] = ()


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole``, NaN where the whole is nothing.

    >>> share(np.array([1.0, 0.0]), np.array([4.0, 0.0]))
    array([0.25,  nan])
    """
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)


def counted_histories(sites: Sites) -> Histories:
    """A site is occupied where a column was found, and empty where none was."""
    occupied = sites.presence.astype(float)
    step = np.diff(occupied, axis=1)
    return _histories(occupied, np.maximum(step, 0), np.maximum(-step, 0), sites)


def inferred_histories(sites: Sites, group: np.ndarray) -> tuple[Histories, Detection]:
    """Histories by a hidden Markov model, which tells a missed column from one that left.

    Args:
        sites: The sites.
        group: (S,) int; the sites of a group have the same chances of change, and their columns
            are missed and invented alike.  In simulated movies of gold at 150 e/Å² the network
            missed 16 % to 34 % of the columns at the edge and 1 % of those inside: one chance of
            a miss for both made departures of misses.

    Returns:
        The histories, and the chances of each group.
    """
    if not len(sites):
        none = np.zeros((0, 3))
        return counted_histories(sites), Detection(none, none, none[:, 0], none[:, 0])
    seen = Observations(np.where(sites.observed, sites.presence.astype(np.int64), MISSING), group)
    model, posterior = fit(seen)
    return _of_posterior(posterior, sites), _detection(model, posterior, seen)


def _of_posterior(posterior: Posterior, sites: Sites) -> Histories:
    return _histories(posterior.occupied[0], posterior.appeared[0], posterior.disappeared[0], sites)


def _detection(model: HiddenMarkov, posterior: Posterior, seen: Observations) -> Detection:
    intervals = rate_intervals(model, seen)
    occupied = posterior.occupied[0] * (seen.found != MISSING)
    empty = (1 - posterior.occupied[0]) * (seen.found != MISSING)

    def told(chance: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """(G,) a chance, where enough site-frames tell of it."""
        counts = np.bincount(seen.group, frames.sum(axis=1), minlength=len(chance))
        return np.where(counts >= LEAST_COUNT, chance, np.nan)

    known = {
        "appearance": told(model.appearance[0], empty[:, :-1]),
        "disappearance": told(model.disappearance[0], occupied[:, :-1]),
        "hit": told(model.hit[0], occupied),
        "false": told(model.false[0], empty),
    }
    stuck = {name: known[name] == bound for name, bound in BOUNDS.items()}
    appearance, disappearance = (
        np.column_stack([np.where(stuck[name], np.nan, known[name]), ends])
        for name, ends in zip(("appearance", "disappearance"), intervals, strict=True)
    )
    return Detection(
        appearance,
        disappearance,
        known["hit"],
        known["false"],
        tuple(
            tuple(name for name in BOUNDS if stuck[name][group])
            for group in range(len(known["hit"]))
        ),
    )


def _histories(
    occupied: np.ndarray, appeared: np.ndarray, disappeared: np.ndarray, sites: Sites
) -> Histories:
    pairs = sites.observed[:, :-1] & sites.observed[:, 1:]
    return Histories(occupied, sites.observed, appeared * pairs, disappeared * pairs)


@dataclass(frozen=True)
class Dwells:
    """Times that sites stayed as they were.

    Attributes:
        frames: (N,) int, length of each stay.
        occupied: (N,) bool, whether the site was occupied meanwhile.
        complete: (N,) bool; stays cut by the movie's ends, a dropped frame or the image's border
            lasted at least as long.
        site: (N,) int.
    """

    frames: np.ndarray
    occupied: np.ndarray
    complete: np.ndarray
    site: np.ndarray


def dwell_times(histories: Histories) -> Dwells:
    """Every stay of every site, by site and time."""
    state = np.where(histories.observed, histories.state.astype(int), -1)
    padded = np.pad(state, ((0, 0), (1, 1)), constant_values=-1)
    site, first = np.nonzero((padded[:, 1:-1] >= 0) & (padded[:, 1:-1] != padded[:, :-2]))
    last = np.nonzero((padded[:, 1:-1] >= 0) & (padded[:, 1:-1] != padded[:, 2:]))[1]
    return Dwells(
        frames=last - first + 1,
        occupied=state[site, first] == 1,
        complete=(padded[site, first] >= 0) & (padded[site, last + 2] >= 0),
        site=site,
    )
