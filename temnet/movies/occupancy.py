"""Occupancy of sites: occupied or empty in each frame, with appearances and disappearances.

Either counted from the columns that were found, or inferred by a hidden Markov model.
"""

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
"""A rate is given if its sites spent this many frames in the state that it leaves, and a mean stay
if at least this many have ended.  A hidden Markov model may expect counts far below one, whose
ratio has no meaning."""


@dataclass(frozen=True)
class Histories:
    """State of each site in each frame.

    Attributes:
        occupied: (S, F) probability that the site is occupied; 0 or 1 if columns are counted as
            found.
        observed: (S, F) bool, whether the site was in view in a usable frame.
        appeared: (S, F - 1) probability that the site is empty in frame f and occupied in f + 1;
            0 unless it was observed in both.
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
        """(S,) mean of ``occupied`` over the observed frames; NaN without any."""
        return share((self.occupied * self.observed).sum(axis=1), self.observed.sum(axis=1))

    @property
    def transition_fraction(self) -> np.ndarray:
        """(S,) changes per pair of consecutive frames; NaN without any."""
        changed = (self.appeared + self.disappeared).sum(axis=1)
        return share(changed, self.pairs.sum(axis=1))


@dataclass(frozen=True)
class FittedRates:
    """Parameters of the hidden Markov model for groups of sites.

    A value is NaN if fewer than `LEAST_COUNT` site-frames determine it.  So is a rate at its bound,
    of which only the lower end of the interval is known.

    Attributes:
        appearance: (G, 3) probability per frame that an empty site fills, lower and upper end.
        disappearance: (G, 3) probability per frame that an occupied site empties, likewise.
        hit: (G,) probability that the column of an occupied site is found.
        false: (G,) probability that a column is found at an empty site.
        at_bound: For each group the names of the parameters at the end of their search range, on
            which the others of the group depend.
    """

    appearance: np.ndarray
    disappearance: np.ndarray
    hit: np.ndarray
    false: np.ndarray
    at_bound: tuple[tuple[str, ...], ...] = ()


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return ``part / whole``, or NaN where the whole is 0.

    >>> share(np.array([1.0, 0.0]), np.array([4.0, 0.0]))
    array([0.25,  nan])
    """
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)


def counted_histories(sites: Sites) -> Histories:
    """Histories by counting: a site is occupied if a column was found there, else empty."""
    occupied = sites.presence.astype(float)
    step = np.diff(occupied, axis=1)
    return _histories(occupied, np.maximum(step, 0), np.maximum(-step, 0), sites)


def inferred_histories(
    sites: Sites, group: np.ndarray, averaged: int = 1
) -> tuple[Histories, FittedRates]:
    """Histories by a hidden Markov model, which separates missed columns from departures.

    Args:
        sites: The sites.
        group: (S,) int; the sites of a group share all parameters of the model.  In simulated
            movies of gold at 150 e/Å² the network missed 16 % to 34 % of the columns at the edge
            and 1 % of those inside, and one parameter for both turned misses into departures.
        averaged: Number of frames of a running average.  The model takes misses as independent, so
            that it uses every frame that shares none with the last one.

    Returns:
        The histories, and the parameters of each group.
    """
    if not len(sites):
        none = np.zeros((0, 3))
        return counted_histories(sites), FittedRates(none, none, none[:, 0], none[:, 0])
    used = sites.observed & (np.arange(sites.observed.shape[1]) % averaged == (averaged - 1) // 2)
    seen = Observations(np.where(used, sites.presence.astype(np.int64), MISSING), group)
    model, posterior = fit(seen)
    states = (posterior.occupied[0], posterior.appeared[0], posterior.disappeared[0])
    return _histories(*states, sites), _fitted_rates(model, posterior, seen)


def _fitted_rates(model: HiddenMarkov, posterior: Posterior, seen: Observations) -> FittedRates:
    known = _determined(model, posterior, seen)
    stuck = {name: known[name] == bound for name, bound in BOUNDS.items()}
    appearance, disappearance = (
        np.column_stack([np.where(stuck[name], np.nan, known[name]), ends])
        for name, ends in zip(("appearance", "disappearance"), rate_intervals(model, seen),
                              strict=True)
    )  # fmt: skip
    at_bound = tuple(
        tuple(name for name in BOUNDS if stuck[name][group]) for group in range(len(known["hit"]))
    )
    return FittedRates(appearance, disappearance, known["hit"], known["false"], at_bound)


def _determined(
    model: HiddenMarkov, posterior: Posterior, seen: Observations
) -> dict[str, np.ndarray]:
    """Return each parameter (G,) by its name, NaN if fewer than `LEAST_COUNT` frames set it."""
    occupied = posterior.occupied[0] * (seen.found != MISSING)
    empty = (1 - posterior.occupied[0]) * (seen.found != MISSING)
    parameters = {
        "appearance": (model.appearance[0], empty[:, :-1]),
        "disappearance": (model.disappearance[0], occupied[:, :-1]),
        "hit": (model.hit[0], occupied),
        "false": (model.false[0], empty),
    }
    known = {}
    for name, (value, frames) in parameters.items():
        counts = np.bincount(seen.group, frames.sum(axis=1), minlength=len(value))
        known[name] = np.where(counts >= LEAST_COUNT, value, np.nan)
    return known


def _histories(
    occupied: np.ndarray, appeared: np.ndarray, disappeared: np.ndarray, sites: Sites
) -> Histories:
    observed = sites.observed
    pairs = observed[:, :-1] & observed[:, 1:]
    return Histories(occupied, observed, appeared * pairs, disappeared * pairs)
