"""Tables of sites and frames: occupancy and counts of transitions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.movies.detection import corrected
from temnet.movies.occupancy import Histories, counted_histories
from temnet.movies.regions import EDGE, INTERIOR, REGIONS, edge_distance, neighbours, region
from temnet.movies.sites import Sites
from temnet.tables.csv_rows import per_name

CONFIDENCE_Z = 1.959964
"""Standard normal quantile of a 95 % interval."""


def wilson_interval(successes: float, trials: float) -> tuple[float, float]:
    """95 % interval of a fraction: Wilson, J. Am. Stat. Assoc. 22, 209 (1927).

    It takes frames as independent, so it is too narrow for a site that changes slowly.

    Args:
        successes: Number of successes, or the independent ones that they are worth.
        trials: Number of trials, likewise.

    Returns:
        Lower and upper end; NaN without trials.

    >>> [round(value, 3) for value in wilson_interval(0, 10)]
    [0.0, 0.278]
    """
    if trials == 0:
        return math.nan, math.nan
    fraction, square = successes / trials, CONFIDENCE_Z**2
    centre = (fraction + square / (2 * trials)) / (1 + square / trials)
    half = CONFIDENCE_Z * math.sqrt(
        fraction * (1 - fraction) / trials + square / (4 * trials**2)
    ) / (1 + square / trials)  # fmt: skip
    return max(centre - half, 0.0), min(centre + half, 1.0)


@dataclass(frozen=True)
class SiteRow:
    """A line of sites.csv: a site and how often it was occupied.

    Counts are those of the columns that were found.  The estimates of a hidden Markov model stand
    beside them as ``inferred_…``; these cells are empty with the model `threshold`.

    Attributes:
        site: Number of the site, from 0 in raster order.
        row_angstrom: Position along the rows in the first usable frame [Å].
        col_angstrom: Position along the columns [Å].
        class_: Class of most of the site's columns.
        frames: Number of usable frames in which the site was in view.
        occupancy: Fraction of these frames in which a column was found.
        occupancy_low: Lower end of its 95 % interval, which takes frames as independent.
        occupancy_high: Upper end of that interval.
        appearances: Number of changes from empty to occupied between consecutive frames.
        disappearances: Number of changes from occupied to empty.
        transition_fraction: Appearances and disappearances as a fraction of the pairs of
            consecutive usable frames in view.
        edge_distance_angstrom: Distance from the outline of the sites of the same class [Å]; empty
            if the outline lies outside the image.
        region: `edge` for sites on the outline, else `interior`.
        neighbours: Number of neighbouring sites of the same class, in projection.
        inferred_occupancy: Expected fraction of frames in which the site was occupied.
        inferred_appearances: Expected number of appearances.
        inferred_disappearances: Expected number of disappearances.
        inferred_transition_fraction: Expected transitions as a fraction of pairs of frames.
        detection: Probability that a column that is there is found in a frame: by the frames
            between two with a column, or by the hidden Markov model; empty if it is unknown.
        corrected_occupancy: Occupancy divided by that probability, at most 1.
    """

    site: int
    row_angstrom: float
    col_angstrom: float
    class_: str
    frames: int
    occupancy: float
    occupancy_low: float
    occupancy_high: float
    appearances: int
    disappearances: int
    transition_fraction: float
    edge_distance_angstrom: float
    region: str
    neighbours: int
    inferred_occupancy: float = math.nan
    inferred_appearances: float = math.nan
    inferred_disappearances: float = math.nan
    inferred_transition_fraction: float = math.nan
    detection: float = math.nan
    corrected_occupancy: float = math.nan


def site_rows(
    sites: Sites,
    class_names: Sequence[str],
    inferred: Histories | None = None,
    found: np.ndarray | None = None,
    averaged: int = 1,
) -> Iterator[SiteRow]:
    """Lines of sites.csv.

    Args:
        sites: The sites.
        class_names: Name of each class index.
        inferred: The histories by a hidden Markov model, if one was used.
        found: (S,) probability that the column of a site is found; unknown by default.
        averaged: Number of frames of a running average, which are not independent.
    """
    counted = counted_histories(sites)
    frames = counted.observed.sum(axis=1)
    occupied = (sites.presence & counted.observed).sum(axis=1)
    occupancy, transitions = counted.occupancy, counted.transition_fraction
    appearances, disappearances = counted.appeared.sum(axis=1), counted.disappeared.sum(axis=1)
    edge, where, around = edge_distance(sites), region(sites), neighbours(sites)
    model = np.full((len(sites), 4), np.nan) if inferred is None else _inferred(inferred)
    found = np.full(len(sites), np.nan) if found is None else found
    whole = corrected(occupancy, found)
    for site, (row, col) in enumerate(sites.positions.tolist()):
        low, high = wilson_interval(occupied[site] / averaged, frames[site] / averaged)
        yield SiteRow(
            site=site,
            row_angstrom=row,
            col_angstrom=col,
            class_=class_names[sites.class_index[site]],
            frames=int(frames[site]),
            occupancy=float(occupancy[site]),
            occupancy_low=low,
            occupancy_high=high,
            appearances=int(appearances[site]),
            disappearances=int(disappearances[site]),
            transition_fraction=float(transitions[site]),
            edge_distance_angstrom=float(edge[site]),
            region=REGIONS[where[site]],
            neighbours=int(around[site]),
            inferred_occupancy=float(model[site, 0]),
            inferred_appearances=float(model[site, 1]),
            inferred_disappearances=float(model[site, 2]),
            inferred_transition_fraction=float(model[site, 3]),
            detection=float(found[site]),
            corrected_occupancy=float(whole[site]),
        )


def _inferred(histories: Histories) -> np.ndarray:
    """Return (S, 4) occupancy, appearances, disappearances and transition fraction of sites."""
    changes = histories.appeared.sum(axis=1), histories.disappeared.sum(axis=1)
    return np.stack([histories.occupancy, *changes, histories.transition_fraction], axis=1)


@dataclass(frozen=True)
class FrameRow:
    """A line of frames.csv: the columns found in a frame, and its occupied sites.

    Attributes:
        frame: Number of the frame, from 0.
        usable: Whether enough columns were found; other frames are excluded.
        columns: Number of columns of this class that were found, at sites or elsewhere.
        occupied_interior: Number of occupied sites in the interior; empty if the frame is not
            usable.  With a hidden Markov model it is an expected number.
        occupied_edge: Number of occupied sites at the edge.
    """

    frame: int
    usable: bool
    columns: Mapping[str, int] = per_name("columns_")
    occupied_interior: float = math.nan
    occupied_edge: float = math.nan


def frame_rows(
    sites: Sites, histories: Histories, columns: np.ndarray, class_names: Sequence[str]
) -> Iterator[FrameRow]:
    """Lines of frames.csv.

    Args:
        sites: The sites.
        histories: Of the sites.
        columns: (C, F) columns found in each frame, of each class.
        class_names: Name of each class index.
    """
    where = region(sites)
    occupied = histories.occupied * histories.observed
    interior, edge = (
        np.where(sites.usable, occupied[where == part].sum(axis=0), np.nan)
        for part in (INTERIOR, EDGE)
    )
    for frame, usable in enumerate(sites.usable.tolist()):
        yield FrameRow(
            frame=frame,
            usable=usable,
            columns=dict(zip(class_names, columns[:, frame].tolist(), strict=True)),
            occupied_interior=float(interior[frame]),
            occupied_edge=float(edge[frame]),
        )
