"""Rates at which columns appear and vanish, and mean dwell times, of groups of sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.movies.occupancy import LEAST_COUNT, FittedRates, Histories
from temnet.movies.regions import REGIONS, layer, neighbours, region
from temnet.movies.site_tables import wilson_interval
from temnet.movies.sites import Sites

NAN = float("nan")

LEAST_STAY = 4.0
"""Stays shorter than this many averages are often cut or lost."""


@dataclass(frozen=True)
class Rate:
    """A rate with its 95 % interval.

    Attributes:
        value: Per frame or per second; NaN if it is not determined.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float = NAN
    high: float = NAN


@dataclass(frozen=True)
class RateRow:
    """A line of rates.csv: a group of sites and its rates.

    A rate of disappearance is the probability per frame that an occupied site empties:
    disappearances per pair of consecutive frames of which the first is occupied.  The mean stay is
    its inverse, which allows for stays that the movie cuts off.  Both are empty if fewer than one
    count determines them.  Intervals are Wilson's, which take pairs of frames as independent, or
    profile likelihood intervals of the hidden Markov model, which only regions have.

    Attributes:
        by: Kind of group: `region`, `layer` (distance from the edge in nearest-neighbour
            distances) or `neighbours` (number of neighbours in projection).
        group: The region, layer or number of neighbours.
        class_: Class of the sites.
        sites: Number of sites.
        occupancy: Fraction of the observed frames in which they were occupied.
        appearances: Number of changes from empty to occupied; expected with a hidden Markov model.
        disappearances: Number of changes from occupied to empty, likewise.
        transition_fraction: Changes as a fraction of pairs of consecutive frames.
        appearance: Probability per frame that an empty site fills.
        appearance_low: Lower end of its 95 % interval.
        appearance_high: Upper end of that interval.
        appearance_per_s: The same per second [1/s]; empty if the frame time is not given.
        appearance_low_per_s: Lower end [1/s].
        appearance_high_per_s: Upper end [1/s].
        disappearance: Probability per frame that an occupied site empties.
        disappearance_low: Lower end of its 95 % interval.
        disappearance_high: Upper end of that interval.
        disappearance_per_s: The same per second [1/s].
        disappearance_low_per_s: Lower end [1/s].
        disappearance_high_per_s: Upper end [1/s].
        mean_empty_frames: Mean time that a site stays empty [frames].
        mean_occupied_frames: Mean time that a site stays occupied [frames].
        hit: Probability that the column of an occupied site is found, by the hidden Markov model.
        false: Probability that a column is found at an empty site, likewise.
        at_bound: Parameters of the hidden Markov model at the end of their search range, separated
            by spaces; the other values of the line then depend on that bound.
    """

    by: str
    group: str
    class_: str
    sites: int
    occupancy: float
    appearances: float
    disappearances: float
    transition_fraction: float
    appearance: float
    appearance_low: float
    appearance_high: float
    appearance_per_s: float
    appearance_low_per_s: float
    appearance_high_per_s: float
    disappearance: float
    disappearance_low: float
    disappearance_high: float
    disappearance_per_s: float
    disappearance_low_per_s: float
    disappearance_high_per_s: float
    mean_empty_frames: float
    mean_occupied_frames: float
    hit: float = NAN
    false: float = NAN
    at_bound: str = ""

    def appearance_rate(self, per_second: bool) -> Rate:
        """Rate of appearance, per frame or per second."""
        if per_second:
            return Rate(
                self.appearance_per_s, self.appearance_low_per_s, self.appearance_high_per_s
            )
        return Rate(self.appearance, self.appearance_low, self.appearance_high)

    def disappearance_rate(self, per_second: bool) -> Rate:
        """Rate of disappearance, per frame or per second."""
        if per_second:
            return Rate(
                self.disappearance_per_s,
                self.disappearance_low_per_s,
                self.disappearance_high_per_s,
            )
        return Rate(self.disappearance, self.disappearance_low, self.disappearance_high)


@dataclass(frozen=True)
class Group:
    """Sites with common rates.

    Attributes:
        kind: `region`, `layer` or `neighbours`; see `RateRow`.
        name: The region, layer or number of neighbours.
        class_index: Class of the sites.
        members: (S,) bool.
    """

    kind: str
    name: str
    class_index: int
    members: np.ndarray


def groups(sites: Sites) -> Iterator[Group]:
    """Groups of the sites of each class by region, layer and number of neighbours."""
    parts = (
        ("region", region(sites).astype(float)),
        ("layer", layer(sites)),
        ("neighbours", neighbours(sites).astype(float)),
    )
    for kind, values in parts:
        for index in np.unique(sites.class_index).tolist():
            mine = sites.class_index == index
            for value in np.unique(values[mine & np.isfinite(values)]).astype(int).tolist():
                name = REGIONS[value] if kind == "region" else str(value)
                yield Group(kind, name, index, mine & (values == value))


def region_groups(sites: Sites) -> np.ndarray:
    """Return (S,) int64, a number for each class and region, counted without gaps."""
    together = sites.class_index * len(REGIONS) + region(sites)
    return np.unique(together, return_inverse=True)[1].astype(np.int64)


def rate_rows(
    sites: Sites,
    histories: Histories,
    class_names: Sequence[str],
    fitted: FittedRates | None = None,
    frame_time: float | None = None,
) -> Iterator[RateRow]:
    """Lines of rates.csv.

    Args:
        sites: The sites.
        histories: Of the sites, counted or inferred.
        class_names: Name of each class index.
        fitted: Parameters of the groups of `region_groups`, if histories are inferred.  Layers and
            numbers of neighbours then have no intervals.
        frame_time: Time from frame to frame [s].
    """
    number = region_groups(sites)
    for group in groups(sites):
        members = group.members
        appeared, disappeared = changes = _changes(histories, members)
        model = int(number[members][0]) if group.kind == "region" else None
        if fitted is not None and model is not None:
            rates = [Rate(*part[model].tolist())
                     for part in (fitted.appearance, fitted.disappearance)]  # fmt: skip
        else:
            rates = [change.rate(with_interval=fitted is None) for change in changes]
        hit, false, at_bound = _model_cells(fitted, model)
        observed, pairs = histories.observed[members], histories.pairs[members].sum()
        occupied = (histories.occupied[members] * observed).sum()
        yield RateRow(
            by=group.kind,
            group=group.name,
            class_=class_names[group.class_index],
            sites=int(members.sum()),
            occupancy=float(occupied / observed.sum()) if observed.any() else NAN,
            appearances=appeared.number,
            disappearances=disappeared.number,
            transition_fraction=(
                float((appeared.number + disappeared.number) / pairs) if pairs else NAN
            ),
            **_rate_cells("appearance", rates[0], frame_time),
            **_rate_cells("disappearance", rates[1], frame_time),
            mean_empty_frames=_mean_stay(rates[0].value, appeared.number),
            mean_occupied_frames=_mean_stay(rates[1].value, disappeared.number),
            hit=hit,
            false=false,
            at_bound=at_bound,
        )


def smeared(rates: Sequence[RateRow], averaged: int) -> Iterator[str]:
    """Sentences on regions whose sites change too fast for a running average.

    Args:
        rates: Lines of rates.csv.
        averaged: Number of frames of the average.
    """
    for row in rates:
        stays = (row.mean_empty_frames, row.mean_occupied_frames)
        shortest = min((stay for stay in stays if np.isfinite(stay)), default=np.inf)
        if averaged > 1 and row.by == "region" and shortest < LEAST_STAY * averaged:
            yield (
                f"{row.class_}, {row.group}: a site changes after {shortest:.2g} frames on "
                f"average, not much more than the {averaged} frames that are averaged: shorter "
                "stays are not seen, and the rates are too small; average fewer frames of a "
                "higher dose"
            )


@dataclass(frozen=True)
class _Change:
    """Changes of one kind in a group.

    Attributes:
        number: Number of changes.
        at_risk: Number of pairs of frames that began in the state that the change leaves.
    """

    number: float
    at_risk: float

    def rate(self, with_interval: bool) -> Rate:
        """Changes per pair at risk, NaN below `LEAST_COUNT` of these; Wilson's interval."""
        value = self.number / self.at_risk if self.at_risk >= LEAST_COUNT else NAN
        if not with_interval:
            return Rate(value)
        return Rate(value, *wilson_interval(round(self.number), round(self.at_risk)))


def _changes(histories: Histories, members: np.ndarray) -> tuple[_Change, _Change]:
    """Appearances and disappearances in a group."""
    pairs, occupied = histories.pairs[members], histories.occupied[members, :-1]
    appeared, disappeared = histories.appeared[members], histories.disappeared[members]
    return (
        _Change(float(appeared.sum()), float((pairs * (1 - occupied)).sum())),
        _Change(float(disappeared.sum()), float((pairs * occupied).sum())),
    )


def _model_cells(fitted: FittedRates | None, model: int | None) -> tuple[float, float, str]:
    """The cells `hit`, `false` and `at_bound` of a group."""
    if fitted is None or model is None:
        return NAN, NAN, ""
    at_bound = " ".join(fitted.at_bound[model])
    return float(fitted.hit[model]), float(fitted.false[model]), at_bound


def _rate_cells(name: str, rate: Rate, frame_time: float | None) -> dict[str, float]:
    """The cells of a rate and its interval, per frame and per second."""
    seconds = NAN if frame_time is None else frame_time
    cells = {name: rate.value, f"{name}_low": rate.low, f"{name}_high": rate.high}
    return cells | {f"{key}_per_s": value / seconds for key, value in cells.items()}


def _mean_stay(rate: float, ended: float) -> float:
    """Frames that a stay lasts on average; NaN if too few have ended."""
    return float(1 / rate) if ended >= LEAST_COUNT and rate > 0 else NAN
