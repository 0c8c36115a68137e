"""The figure of a study of many networks: their scores against the processor time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from temnet.reporting.figures.curves import LEGEND_LENGTH, legend_below
from temnet.reporting.figures.drawing import (
    LINE_COLOURS,
    LINE_MARKERS,
    LINE_STYLES,
    new_figure,
    set_title,
    shorten,
    styled,
)

LEAST_NETWORKS = 3
"""Two networks are compared by their scores alone."""

WIDTH, HEIGHT = 7.0, 5.0
"""Size of the figure [inch]."""


@dataclass(frozen=True)
class FrontPoint:
    """A network in one arm.

    Attributes:
        network: Its name.
        arm: Name of the arm.
        minutes: Mean processor time of a training, on all cores [min].
        f1: Mean over the trainings.
        low: Lower end of its interval; NaN where unknown.
        high: Upper end of its interval; NaN where unknown.
    """

    network: str
    arm: str
    minutes: float
    f1: float
    low: float
    high: float


@styled
def front_figure(points: Sequence[FrontPoint], arms: Sequence[str]) -> Figure:
    """F1 against the processor time of a training: arms by colour and line, networks by marker.

    Args:
        points: Each network in each arm.
        arms: Names of the arms.
    """
    networks = list(dict.fromkeys(point.network for point in points))
    figure = new_figure(WIDTH, HEIGHT)
    axes = figure.subplots()
    for number, arm in enumerate(arms):
        own = sorted((one for one in points if one.arm == arm), key=lambda one: one.minutes)
        colour = LINE_COLOURS[number % len(LINE_COLOURS)]
        best = _front(own)
        axes.plot(
            [one.minutes for one in best],
            [one.f1 for one in best],
            LINE_STYLES[number % len(LINE_STYLES)],
            color=colour,
            label=shorten(arm, LEGEND_LENGTH),
        )
        for one in own:
            ends = np.nan_to_num([[one.f1 - one.low], [one.high - one.f1]])
            marker = LINE_MARKERS[networks.index(one.network) % len(LINE_MARKERS)]
            axes.errorbar(
                one.minutes, one.f1, ends, fmt=marker, color=colour, mfc="white", capsize=3
            )
    for number, network in enumerate(networks):
        marker = LINE_MARKERS[number % len(LINE_MARKERS)]
        label = shorten(network, LEGEND_LENGTH)
        axes.plot([], [], marker, color="black", mfc="white", linestyle="none", label=label)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="processor time of a training (min)", ylabel="mean F1 over classes")
    set_title(axes, "Score against time")
    legend_below(figure, axes)
    return figure


def _front(points: Sequence[FrontPoint]) -> list[FrontPoint]:
    """Those that no faster network beats; the points come by rising time."""
    best: list[FrontPoint] = []
    for point in points:
        if not best or point.f1 > best[-1].f1:
            best.append(point)
    return best
