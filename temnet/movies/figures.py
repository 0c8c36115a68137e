"""Figures of movies: occupied sites against time, dwell times, comparison of two movies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from temnet.movies.comparison import ComparisonRow
from temnet.movies.transitions import Dwells
from temnet.reporting.figures.drawing import (
    LINE_COLOURS,
    LINE_STYLES,
    new_figure,
    plain,
    shorten,
    styled,
)

MOST_BINS = 20
"""Bins of the histogram of dwell times."""

NAME_LENGTH = 24
"""Longest name of a run in a legend."""


@styled
def occupied_figure(regions: Mapping[str, np.ndarray], frame_time: float | None = None) -> Figure:
    """Draw the number of occupied sites against frame, one line per region.

    Args:
        regions: For each region (F,) numbers of sites; NaN in frames that are not usable.
        frame_time: Time from frame to frame [s]; adds an axis of time.
    """
    figure = new_figure(6.0, 3.6)
    axes = figure.add_subplot()
    for i, (name, values) in enumerate(regions.items()):
        axes.plot(
            np.arange(len(values)),
            values,
            color=LINE_COLOURS[i % len(LINE_COLOURS)],
            linestyle=LINE_STYLES[i % len(LINE_STYLES)],
            label=name,
        )
    axes.set(xlabel="frame", ylabel="occupied sites")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if frame_time is not None:
        functions = (lambda frame: frame * frame_time, lambda time: time / frame_time)
        axes.secondary_xaxis("top", functions=functions).set_xlabel("time (s)")
    axes.legend(frameon=False)
    return figure


@styled
def dwell_figure(dwells: Dwells, frame_time: float | None = None) -> Figure:
    """Draw histograms of how long sites stayed empty (above) and occupied (below).

    Args:
        dwells: The stays.
        frame_time: Time from frame to frame [s].
    """
    figure = new_figure(6.0, 4.6)
    step = 1.0 if frame_time is None else frame_time
    longest = int(dwells.frames.max())
    width = -(-longest // MOST_BINS)
    edges = (np.arange(0, longest + width, width) + 0.5) * step
    panels = figure.subplots(2, 1, sharex=True)
    for axes, occupied, name in zip(panels, (False, True), ("empty", "occupied"), strict=True):
        chosen = dwells.occupied == occupied
        parts = [
            dwells.frames[chosen & mask] * step for mask in (dwells.complete, ~dwells.complete)
        ]
        labels = [f"{name}, complete ({len(parts[0])})", f"cut off ({len(parts[1])})"]
        colours = (LINE_COLOURS[int(occupied)], "#b5bac0")
        axes.hist(parts, edges, stacked=True, color=colours, label=labels)
        axes.set_ylabel("stays")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.legend(frameon=False)
    panels[1].set_xlabel("duration (frames)" if frame_time is None else "duration (s)")
    return figure


@styled
def comparison_figure(rows: Sequence[ComparisonRow], names: tuple[str, str]) -> Figure:
    """Draw fractions in two movies (left) and their differences with intervals (right).

    Args:
        rows: Lines of compare.csv.
        names: Names of the two movies.
    """
    figure = new_figure(9.0, 1.4 + 0.55 * len(rows))
    left, right = figure.subplots(1, 2, sharey=True)
    place = np.arange(len(rows))[::-1]
    # A little above and below each other, so that equal values stay visible.
    fractions = [[row.first for row in rows], [row.second for row in rows]]
    for values, marker, name, colour, offset in zip(
        fractions, "os", names, LINE_COLOURS[:2], (0.1, -0.1), strict=True
    ):
        left.plot(
            100 * np.array(values), place + offset, marker, color=colour, markersize=8,
            label=shorten(name, NAME_LENGTH),
        )  # fmt: skip
    difference, low, high = (
        100
        * np.array([(row.difference, row.difference_low, row.difference_high) for row in rows]).T
    )
    right.errorbar(
        difference, place, xerr=[difference - low, high - difference], fmt="o", color="black",
        capsize=4, markersize=6,
    )  # fmt: skip
    right.axvline(0, color="#808080", linewidth=1)
    labels = [f"{row.quantity.replace('_', ' ')}\n{row.class_}, {row.region}" for row in rows]
    left.set_yticks(place, labels)
    left.set_ylim(-0.6, len(rows) - 0.4)
    left.set_xlabel("sites or frame pairs (%)")
    right.set_xlabel("second minus first (percentage points)")
    plain(figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=2,
                        frameon=False).get_texts())  # fmt: skip
    return figure
