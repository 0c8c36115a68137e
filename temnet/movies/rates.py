"""How fast columns come and go: rates and dwell times of groups of sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from temnet.movies.histories import LEAST_COUNT, Detection, Histories
from temnet.movies.occupancy import wilson_interval
from temnet.movies.regions import REGIONS, layer, neighbours, region
from temnet.movies.sites import Sites

NO_INTERVAL = (np.nan, np.nan)


@dataclass(frozen=True)
class Group:
    """Sites that are told of together.

    Attributes:
        kind: What they have in common: `region`, `layer` (distance from the edge in
            nearest-neighbour distances) or `neighbours`.
        name: Which one.
        class_index: Their class.
        members: (S,) bool.
    """

    kind: str
    name: str
    class_index: int
    members: np.ndarray


def groups(sites: Sites) -> Iterator[Group]:
    """Sites of each class by region, by layer and by number of neighbours."""
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
    """(S,) int64, number of each site's class and region, counted without gaps."""
    together = sites.class_index * len(REGIONS) + region(sites)
    return np.unique(together, return_inverse=True)[1].astype(np.int64)


def rate_rows(
    sites: Sites,
    histories: Histories,
    class_names: Sequence[str],
    detection: Detection | None = None,
    frame_time: float | None = None,
) -> list[dict[str, Any]]:
    """Rows of rates.csv.

    The rate of disappearance is the chance per frame that an occupied site empties:
    disappearances per consecutive pair of frames of which the first is occupied.  Its inverse is
    the mean dwell time, which thereby takes stays that the movie cuts off for what they are.
    Both are NaN where `LEAST_COUNT` is not reached.  `at_bound` names the chances of the hidden
    Markov model that stand at their bound.

    Args:
        sites: The sites.
        histories: Of the sites, counted or inferred.
        class_names: Name of each class index.
        detection: Rates and intervals of the groups of `region_groups`, where histories are
            inferred.  Layers and numbers of neighbours then have no intervals.  Without it,
            intervals are Wilson's, of independent pairs.
        frame_time: Time from frame to frame [s].
    """
    number = region_groups(sites)
    rows = []
    for group in groups(sites):
        known = None
        if detection is not None:
            known = int(number[group.members][0]) if group.kind == "region" else -1
        rates = _rates(histories, group.members, detection, known)
        totals = _totals(histories, group.members)
        rows.append(
            {
                "by": group.kind,
                "group": group.name,
                "class": class_names[group.class_index],
                "sites": int(group.members.sum()),
                **totals,
                **_named("appearance", rates[0], frame_time),
                **_named("disappearance", rates[1], frame_time),
                "mean_empty_frames": _mean_stay(rates[0][0], totals["appearances"]),
                "mean_occupied_frames": _mean_stay(rates[1][0], totals["disappearances"]),
                "hit": np.nan if known in (None, -1) else float(detection.hit[known]),
                "false": np.nan if known in (None, -1) else float(detection.false[known]),
                "at_bound": "" if known in (None, -1) else " ".join(detection.at_bound[known]),
            }
        )
    return rows


def _totals(histories: Histories, members: np.ndarray) -> dict[str, float]:
    observed = histories.observed[members]
    occupied = (histories.occupied[members] * observed).sum()
    changes = [part[members].sum() for part in (histories.appeared, histories.disappeared)]
    pairs = histories.pairs[members].sum()
    return {
        "occupancy": float(occupied / observed.sum()) if observed.any() else np.nan,
        "appearances": float(changes[0]),
        "disappearances": float(changes[1]),
        "transition_fraction": float(sum(changes) / pairs) if pairs else np.nan,
    }


def _rates(
    histories: Histories, members: np.ndarray, detection: Detection | None, known: int | None
) -> list[tuple[float, float, float]]:
    """Rates of appearance and of disappearance with their intervals."""
    if detection is not None and known != -1:
        return [tuple(part[known]) for part in (detection.appearance, detection.disappearance)]
    pairs, occupied = histories.pairs[members], histories.occupied[members, :-1]
    rates = []
    for changed, at_risk in (
        (histories.appeared[members], (pairs * (1 - occupied)).sum()),
        (histories.disappeared[members], (pairs * occupied).sum()),
    ):
        number = changed.sum()
        interval = NO_INTERVAL
        if detection is None:
            interval = wilson_interval(round(number), round(at_risk))
        rates.append((number / at_risk if at_risk >= LEAST_COUNT else np.nan, *interval))
    return rates


def _named(
    name: str, rate: tuple[float, float, float], frame_time: float | None
) -> dict[str, float]:
    """A rate and its interval, per frame and per second."""
    seconds = np.nan if frame_time is None else frame_time
    keys = (name, f"{name}_low", f"{name}_high")
    row = {key: float(value) for key, value in zip(keys, rate, strict=True)}
    return row | {f"{key}_per_s": row[key] / seconds for key in keys}


def _mean_stay(rate: float, ended: float) -> float:
    """Frames that a stay lasts on average; NaN where too few of them have ended."""
    return float(1 / rate) if ended >= LEAST_COUNT and rate > 0 else np.nan


def frame_rows(
    sites: Sites, histories: Histories, columns: np.ndarray, class_names: Sequence[str]
) -> list[dict[str, Any]]:
    """Rows of frames.csv.

    Args:
        sites: The sites.
        histories: Of the sites.
        columns: (C, F) columns found in each frame, of each class.
        class_names: Name of each class index.

    Returns:
        For each frame the number of columns found, by class, and of occupied sites, by region.
    """
    where = region(sites)
    occupied = histories.occupied * histories.observed
    by_region = [occupied[where == index].sum(axis=0) for index in range(len(REGIONS))]
    return [
        {
            "frame": frame,
            "usable": bool(sites.usable[frame]),
            **{
                f"columns_{name}": int(columns[index, frame])
                for index, name in enumerate(class_names)
            },
            **{
                f"occupied_{name}": float(part[frame]) if sites.usable[frame] else np.nan
                for name, part in zip(REGIONS, by_region, strict=True)
            },
        }
        for frame in range(len(sites.usable))
    ]
