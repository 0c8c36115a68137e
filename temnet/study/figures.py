"""Figures of a study: the scores of each arm, training by training."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from temnet.reporting.figures.curves import LEGEND_LENGTH, legend_below
from temnet.reporting.figures.drawing import (
    LINE_COLOURS,
    LINE_MARKERS,
    new_figure,
    plain,
    set_title,
    shorten,
    styled,
)
from temnet.study.intervals import Estimate

PANEL_HEIGHT, ARM_WIDTH, LEAST_WIDTH = 3.1, 1.15, 4.2
"""Height of a panel, and width of each arm and of a whole panel at least [inch]."""

SPREAD = 0.5
"""Part of an arm's width within which its networks stand side by side."""

DOT_OFFSET = 0.07
"""Distance of the trainings to the left of their mean."""

LABEL_LENGTH = 16
"""Characters of a line of an arm's name."""


@dataclass(frozen=True)
class Panel:
    """One score of all arms and networks.

    Attributes:
        title: Name of the score.
        label: Label of the axis, with the unit.
        trainings: For each (arm, network) the score of every training; NaN is left out.
        means: For each the mean with its interval; NaN where unknown.
        least_span: Least range of the axis, so that noise does not fill the panel.
    """

    title: str
    label: str
    trainings: Mapping[tuple[str, str], Sequence[float]]
    means: Mapping[tuple[str, str], Estimate]
    least_span: float = 0.0


@styled
def study_figure(panels: Sequence[Panel], arms: Sequence[str], networks: Sequence[str]) -> Figure:
    """A panel for each score: arms side by side, means with intervals, a dot for each training.

    With one training of each network, its score is shown without an interval.

    Args:
        panels: The scores, two in a line.
        arms: Their names.
        networks: Their names; each has a colour.
    """
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    width = max(LEAST_WIDTH, ARM_WIDTH * len(arms) + 1.2)
    figure = new_figure(columns * width, lines * PANEL_HEIGHT + 0.6)
    every = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, panel in zip(every, panels, strict=False):
        for number, network in enumerate(networks):
            _draw(axes, panel, arms, network, number, len(networks))
        labels = [textwrap.fill(arm, LABEL_LENGTH) for arm in arms]
        axes.set_xticks(range(len(arms)), labels)
        plain(axes.get_xticklabels())
        axes.set(xlim=(-0.6, len(arms) - 0.4), ylabel=panel.label)
        low, high = axes.get_ylim()
        lacking = max(panel.least_span - (high - low), 0.0)
        axes.set_ylim(low - lacking / 2, high + lacking / 2)
        axes.grid(False, axis="x")
        set_title(axes, panel.title)
    for axes in every[len(panels) :]:
        axes.remove()
    legend_below(figure, every[0])
    return figure


def _draw(
    axes: Axes, panel: Panel, arms: Sequence[str], network: str, number: int, count: int
) -> None:
    """The trainings of a network, and their means."""
    style: dict[str, Any] = {"color": LINE_COLOURS[number % len(LINE_COLOURS)]}
    marker = LINE_MARKERS[number % len(LINE_MARKERS)]
    offset = SPREAD * ((number + 0.5) / count - 0.5)
    for place, arm in enumerate(arms):
        dots = np.array(panel.trainings[arm, network], np.float64)
        if len(dots) < 2:
            continue  # a single score is the mean
        x = np.full(len(dots), place + offset - DOT_OFFSET)
        axes.plot(x, dots, marker, markersize=4, alpha=0.55, mew=0, linestyle="none", **style)
    means = [panel.means[arm, network] for arm in arms]
    value, low, high = np.array([(one.mean, one.low, one.high) for one in means]).T
    style |= {"markersize": 7, "mfc": "white", "label": shorten(network, LEGEND_LENGTH)}
    x = np.arange(len(arms)) + offset
    if not np.isfinite(low).any():
        axes.plot(x, value, marker, **style)
        return
    # Without a known interval the mean is drawn alone.
    ends = np.nan_to_num(np.stack([value - low, high - value]))
    axes.errorbar(x, value, ends, fmt=marker, capsize=4, **style)
