"""A two-state hidden Markov model, which separates missed columns from departures.

Each site is occupied or empty and changes from frame to frame with the probabilities of its group.
It is seen through a network with misses and false positives.  A missed column is mostly back in
the next frame, while one that left stays away for a while.  Rabiner, Proc. IEEE 77, 257 (1989).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

MISSING = -1
"""Observation of a frame in which the site was not in view, or which is not usable."""

MOST_CHANGE = 0.5
"""Largest probability of a change per frame.  If sites change more often than every other frame,
their states are independent from frame to frame, as misses are, and cannot be separated."""

MOST_FALSE, LEAST_HIT = 0.2, 0.5
"""Largest probability of a detection at an empty site, and smallest at an occupied one.  Without
these bounds sites with a detection in every frame might be empty ones with a false positive each
time, and misses might be departures from a state that is always detected."""

START = {"appearance": 0.05, "disappearance": 0.05, "initial": 0.5, "hit": 0.95, "false": 0.05}
"""Start of the search: slow changes, so that isolated gaps are taken for misses."""

SMALLEST = 1e-9
"""Smallest probability of an observation, so that no sequence is impossible.  Expected counts
below it are taken as 0."""

DEVIANCE = 3.841459
"""95 % quantile of chi squared with one degree of freedom."""

MOST_ROUNDS, ENOUGH, ENOUGH_HELD = 2000, 1e-5, 1e-3
"""Most rounds of a search, and the gain in log likelihood below which it ends.  The second gain is
for searches with a held parameter, whose interval needs differences of 1.92."""

HALVINGS = 6
"""Steps of the search for an interval's end before it is interpolated."""


@dataclass(frozen=True)
class HiddenMarkov:
    """Parameters; a leading axis B holds independent sets of them.

    Attributes:
        appearance: (B, G) probability per frame that an empty site of each group fills.
        disappearance: (B, G) probability per frame that an occupied one empties.
        initial: (B, G) probability that a site is occupied in the first frame.
        hit: (B, G) probability that the column of an occupied site is found.
        false: (B, G) probability that a column is found at an empty site.
    """

    appearance: np.ndarray
    disappearance: np.ndarray
    initial: np.ndarray
    hit: np.ndarray
    false: np.ndarray


BOUNDS = {
    "appearance": MOST_CHANGE,
    "disappearance": MOST_CHANGE,
    "hit": LEAST_HIT,
    "false": MOST_FALSE,
}
"""End of the search range of each parameter.  If one stands there, the likeliest explanation lies
outside the range, and the other parameters of the group depend on the bound."""

CHANCES = {
    "appearance": "how often columns appear",
    "disappearance": "how often columns vanish",
    "hit": "how often a column is missed",
    "false": "how often a column is found at an empty site",
}
"""Each parameter in words."""


@dataclass(frozen=True)
class Observations:
    """Detections at sites.

    Attributes:
        found: (S, F) int, 1 for a column, 0 for an empty site, `MISSING` for an unobserved one.
        group: (S,) int; the sites of a group share all parameters.
    """

    found: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class Posterior:
    """Probabilities of the states, given the observations and the parameters.

    Attributes:
        log_likelihood: (B,).
        occupied: (B, S, F) probability of being occupied.
        appeared: (B, S, F - 1) probability of being empty in frame f and occupied in f + 1.
        disappeared: (B, S, F - 1) the reverse.
    """

    log_likelihood: np.ndarray
    occupied: np.ndarray
    appeared: np.ndarray
    disappeared: np.ndarray


def smooth(model: HiddenMarkov, seen: Observations) -> Posterior:
    """Probabilities of the states from all frames, by the forward-backward recursion.

    Kim's form needs no rescaling: Kim, J. Econometrics 60, 1 (1994).
    """
    fill, leave = model.appearance[:, seen.group], model.disappearance[:, seen.group]
    empty, full = _evidence(model, seen)
    count = seen.found.shape[1]
    filtered, absent, total = (np.empty_like(full) for _ in range(3))
    ahead = np.broadcast_to(model.initial[:, seen.group], fill.shape)
    for frame in range(count):
        occupied, vacant = ahead * full[frame], (1 - ahead) * empty[frame]
        total[frame] = occupied + vacant
        filtered[frame], absent[frame] = occupied / total[frame], vacant / total[frame]
        ahead = filtered[frame] * (1 - leave) + absent[frame] * fill
    occupied = filtered.copy()
    # Probabilities of having been occupied before, given the state after.
    stays = _portion(filtered * (1 - leave), absent * fill)
    returns = _portion(filtered * leave, absent * (1 - fill))
    for frame in range(count - 2, -1, -1):
        later = occupied[frame + 1]
        occupied[frame] = later * stays[frame] + (1 - later) * returns[frame]
    return Posterior(
        log_likelihood=np.log(total).sum(axis=(0, 2)),
        occupied=np.moveaxis(occupied, 0, 2),
        appeared=np.moveaxis(occupied[1:] * (1 - stays[:-1]), 0, 2),
        disappeared=np.moveaxis((1 - occupied[1:]) * returns[:-1], 0, 2),
    )


def _portion(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return ``one / (one + other)``, or 0 where both are 0, an impossible state."""
    total = one + other
    return np.divide(one, total, out=np.zeros_like(total), where=total > 0)


def _evidence(model: HiddenMarkov, seen: Observations) -> tuple[np.ndarray, np.ndarray]:
    """Return (F, B, S) probabilities of the observations at an empty and at an occupied site."""
    found = seen.found.T[:, None, :]

    def evidence(hit: np.ndarray) -> np.ndarray:
        hit = np.clip(hit[:, seen.group], SMALLEST, 1 - SMALLEST)
        return np.where(found == MISSING, 1.0, np.where(found == 1, hit, 1 - hit))

    return evidence(model.false), evidence(model.hit)


def fit(
    seen: Observations, start: HiddenMarkov | None = None, held: np.ndarray | None = None
) -> tuple[HiddenMarkov, Posterior]:
    """Fit the parameters of largest likelihood, by the algorithm of Baum and Welch.

    Args:
        seen: The detections.
        start: Start of the search; with B > 1 it runs for all sets at once.
        held: (B, 2, G) bool, parameters of appearance (0) and disappearance (1) that keep their
            values in ``start``.

    Returns:
        The parameters and the probabilities of the states.
    """
    model = _start(seen) if start is None else start
    enough = ENOUGH if held is None else ENOUGH_HELD
    if held is None:
        held = np.zeros((len(model.initial), 2, model.initial.shape[1]), bool)
    before = np.full(len(model.initial), -np.inf)
    for _ in range(MOST_ROUNDS):
        posterior = smooth(model, seen)
        if np.all(posterior.log_likelihood - before < enough):
            break
        before = posterior.log_likelihood
        model = _maximise(model, posterior, seen, held)
    return model, posterior


def _start(seen: Observations) -> HiddenMarkov:
    groups = int(seen.group.max(initial=0)) + 1
    return HiddenMarkov(**{name: np.full((1, groups), value) for name, value in START.items()})


def _maximise(
    model: HiddenMarkov, posterior: Posterior, seen: Observations, held: np.ndarray
) -> HiddenMarkov:
    """Parameters from expected counts; a parameter without counts keeps its value."""
    member = seen.group[:, None] == np.arange(model.initial.shape[1])
    occupied = posterior.occupied
    full, empty = occupied[..., :-1].sum(axis=2), (1 - occupied[..., :-1]).sum(axis=2)
    rates = []
    for part, at_risk, old in (
        (posterior.appeared, empty, model.appearance),
        (posterior.disappeared, full, model.disappearance),
    ):
        new = _share(part.sum(axis=2) @ member, at_risk @ member, old)
        rates.append(np.minimum(new, MOST_CHANGE))
    appearance = np.where(held[:, 0], model.appearance, rates[0])
    disappearance = np.where(held[:, 1], model.disappearance, rates[1])
    sizes = np.broadcast_to(member.sum(axis=0), model.initial.shape)
    initial = _share(occupied[..., 0] @ member, sizes, model.initial)
    known, found = seen.found != MISSING, seen.found == 1
    full, empty = ((state * known).sum(axis=2) @ member for state in (occupied, 1 - occupied))
    hits, spurious = ((state * found).sum(axis=2) @ member for state in (occupied, 1 - occupied))
    hit = np.maximum(_share(hits, full, model.hit), LEAST_HIT)
    false = np.minimum(_share(spurious, empty, model.false), MOST_FALSE)
    return HiddenMarkov(appearance, disappearance, initial, hit, false)


def _share(part: np.ndarray, whole: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    known = whole > SMALLEST
    return np.where(known, part / np.where(known, whole, 1), otherwise)


def rate_intervals(model: HiddenMarkov, seen: Observations) -> np.ndarray:
    """95 % intervals of the rates of appearance and disappearance, by profile likelihood.

    At an end of the interval, the largest likelihood with the rate held there has fallen by
    exp(-1.92) (Wilks).  Unlike an error from the curvature at the top this is valid near zero, and
    it includes the uncertainty of all other parameters, but not of their bounds (`BOUNDS`).  In
    100 simulated movies of 60 changing sites and 40 frames, 10 % of columns missed, 98 and 95
    intervals contained the true rates.  The sites of a group are taken as independent and alike.

    Args:
        model: From `fit`, one set of parameters.
        seen: The detections.

    Returns:
        (2, G, 2): appearance and disappearance, group, lower and upper end.  0 to 1 if the
        observations do not determine a rate.  Rates of `MOST_CHANGE` and more cannot be separated
        from misses, so an interval that reaches it ends at 1.
    """
    # Groups share no parameter, so that the likelihood of the others does not change.
    ends = [_group_intervals(*_of_group(model, seen, one)) for one in range(model.initial.shape[1])]
    return np.stack(ends, axis=1)


def _of_group(
    model: HiddenMarkov, seen: Observations, group: int
) -> tuple[HiddenMarkov, Observations]:
    """The parameters and the detections of one group, which is the only one there."""
    own = seen.group == group
    parameters = {name: getattr(model, name)[:, [group]] for name in START}
    return HiddenMarkov(**parameters), Observations(seen.found[own], seen.group[own] * 0)


def _group_intervals(model: HiddenMarkov, seen: Observations) -> np.ndarray:
    """(2, 2) intervals of the only group; see `rate_intervals`."""
    best = np.concatenate([model.appearance[0], model.disappearance[0]])
    kind, end = (part.ravel() for part in np.mgrid[:2, :2])
    held = np.zeros((len(kind), 2, 1), bool)
    held[np.arange(len(kind)), kind] = True
    start = HiddenMarkov(
        **{name: np.repeat(getattr(model, name), len(kind), axis=0) for name in START}
    )
    highest = smooth(model, seen).log_likelihood[0]

    def excess(values: np.ndarray, start: HiddenMarkov) -> tuple[np.ndarray, HiddenMarkov]:
        """Return (B,) the root of the deviance's rise minus its limit, and the parameters."""
        found, posterior = fit(seen, _holding(start, held, values), held)
        fall = np.maximum(highest - posterior.log_likelihood, 0)
        return np.sqrt(2 * fall) - np.sqrt(DEVIANCE), found

    return _interval_ends(excess, start, best[kind], end).reshape(2, 2)


def _interval_ends(
    excess: Callable[[np.ndarray, HiddenMarkov], tuple[np.ndarray, HiddenMarkov]],
    start: HiddenMarkov,
    best: np.ndarray,
    end: np.ndarray,
) -> np.ndarray:
    """Return (B,) the ends of intervals, by bisection and a last interpolation.

    Args:
        excess: Function of the rates (B,) and the start of its search, positive outside the
            interval; see `rate_intervals`.
        start: Parameters where the search starts.
        best: (B,) likeliest rates.
        end: (B,) int, 0 for a lower and 1 for an upper end.
    """
    # Rates spread over decades, so the search runs in their square roots.
    near, at_near = np.sqrt(best), np.full(len(best), -np.sqrt(DEVIANCE))
    far = np.where(end == 1, np.sqrt(MOST_CHANGE), 0.0)
    at_far, _ = excess(far**2, start)
    reached = at_far <= 0
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        at_middle, start = excess(middle**2, start)
        good = at_middle <= 0
        near, at_near = np.where(good, middle, near), np.where(good, at_middle, at_near)
        far, at_far = np.where(good, far, middle), np.where(good, at_far, at_middle)
    part = np.where(reached, 0, -at_near / np.where(reached, 1, at_far - at_near))
    return np.where(reached, end, (near + part * (far - near)) ** 2)


def _holding(model: HiddenMarkov, held: np.ndarray, values: np.ndarray) -> HiddenMarkov:
    """Return the parameters with the ``held`` rate of each set at one of ``values`` (B,)."""
    return replace(
        model,
        appearance=np.where(held[:, 0], values[:, None], model.appearance),
        disappearance=np.where(held[:, 1], values[:, None], model.disappearance),
    )
