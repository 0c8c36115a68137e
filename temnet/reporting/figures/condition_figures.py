"""Curves of F1 and position error against the drawn parameters of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from temnet.evaluation.conditions import LABELS
from temnet.evaluation.score_curves import MACRO_ROW, CurveRow
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.reporting.figures.curves import LEGEND_LENGTH, legend_below
from temnet.reporting.figures.drawing import (
    LINE_COLOURS,
    LINE_MARKERS,
    LINE_STYLES,
    new_figure,
    shorten,
    styled,
)

LOG_RATIO = 5.0
"""A positive parameter whose values span more than this factor gets a logarithmic axis."""

FEW_DECADES = 30.0
"""Below this factor a logarithmic axis is labelled at 1, 2 and 5, else at powers of ten."""

ROW_NAMES = {LOCALISATION: "any class (localisation)", MACRO_ROW: "mean over the classes"}

OVER_CLASSES = (LOCALISATION, SPECIES, MACRO_ROW)
"""Rows of all classes together."""

TRAINED = "#efefef"
"""Shade of the range of the training images."""

F1_KEYS = ("f1", "f1_low", "f1_high")
ERROR_KEYS = ("rms_error_pm", "error_low_pm", "error_high_pm")
"""Names of a value, and of the lower and upper end of its interval."""


@styled
def condition_figure(
    rows: Sequence[CurveRow],
    levels: Mapping[str, float],
    trained: Mapping[str, tuple[float, float]],
) -> Figure:
    """For each parameter F1 (left) and position error (right), with 95 % intervals.

    One network has a line for each class and, of several classes, for localisation and for the
    mean over the classes; of several networks, the mean over the classes is shown.

    Args:
        rows: Of dependence.csv or sweep.csv.
        levels: Chance levels of F1 by name, drawn as grey lines.
        trained: For each parameter the lowest and highest value of the training images.
    """
    parameters = list(dict.fromkeys(row.parameter for row in rows))
    figure = new_figure(9.0, 2.9 * len(parameters) + 0.9)
    grid = figure.subplots(len(parameters), 2, squeeze=False, sharex="row")
    for (left, right), parameter in zip(grid, parameters, strict=True):
        part = [row for row in rows if row.parameter == parameter]
        for axes, keys in ((left, F1_KEYS), (right, ERROR_KEYS)):
            for i, (name, curve) in enumerate(_curves(part, keys[0]).items()):
                draw_curve(axes, curve, keys, i, name)
            scale_to(axes, part)
            if parameter in trained:
                _shade(axes, trained[parameter])
            axes.set_xlabel(LABELS[parameter])
        for style, (name, level) in zip((":", "-."), levels.items(), strict=False):
            left.axhline(level, color="#555555", linewidth=1.2, linestyle=style, label=name)
        left.set(ylim=(0, 1.02), ylabel="F1")
        right.set_ylim(bottom=0)
        right.set_ylabel("position error (pm)")
    legend_below(figure, grid[0, 0])
    return figure


def _curves(rows: Sequence[CurveRow], key: str) -> dict[str, list[CurveRow]]:
    """Rows of each line by its name; those without any number are left out."""
    networks = list(dict.fromkeys(row.network for row in rows))
    classes = list(dict.fromkeys(row.class_ for row in rows))
    if len(networks) > 1:
        # Position errors have no mean over classes; localisation is shown instead.
        wanted = MACRO_ROW if key == "f1" else LOCALISATION
        parts = {
            name: [row for row in rows if (row.network, row.class_) == (name, wanted)]
            for name in networks
        }
    else:
        # Of a single class localisation and the mean would hide its line.
        several = len([name for name in classes if name not in OVER_CLASSES]) > 1
        left_out = (SPECIES,) if several else OVER_CLASSES
        parts = {
            ROW_NAMES.get(name, name): [row for row in rows if row.class_ == name]
            for name in classes
            if name not in left_out
        }
    return {
        name: part
        for name, part in parts.items()
        if any(np.isfinite(getattr(row, key)) for row in part)
    }


def draw_curve(
    axes: Axes, curve: Sequence[CurveRow], keys: Sequence[str], number: int, name: str
) -> None:
    """Draws a line with 95 % intervals.

    Args:
        axes: Axes.
        curve: Rows with ``middle`` and the keys.
        keys: Names of value, lower and upper end.
        number: Number of the line, which gives colour, style and marker.
        name: Name in the legend.
    """
    middle = np.array([row.middle for row in curve], np.float64)
    value, low, high = (np.array([getattr(row, key) for row in curve], np.float64) for key in keys)
    order = np.argsort(middle)
    # A point is drawn without its interval where that is not known.
    below, above = (np.nan_to_num(np.maximum(gap, 0)) for gap in (value - low, high - value))
    axes.errorbar(
        middle[order],
        value[order],
        np.stack([below, above])[:, order],
        color=LINE_COLOURS[number % len(LINE_COLOURS)],
        linestyle=LINE_STYLES[number % len(LINE_STYLES)],
        marker=LINE_MARKERS[number % len(LINE_MARKERS)],
        markersize=4.5,
        capsize=3,
        linewidth=1.5,
        label=shorten(name, LEGEND_LENGTH),
    )


def scale_to(axes: Axes, rows: Sequence[CurveRow]) -> None:
    """Scales the axis of the parameter to the ``middle`` of the rows, by the logarithm or not."""
    values = np.array([row.middle for row in rows], np.float64)
    if min(row.low for row in rows) > 0 and values.max() > LOG_RATIO * values.min():
        steps = (1, 2, 5) if values.max() < FEW_DECADES * values.min() else (1,)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=steps))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))


def _shade(axes: Axes, trained: tuple[float, float]) -> None:
    """Shades the range of the training images, without changing that of the axis."""
    limits = axes.get_xlim()
    axes.axvspan(*trained, color=TRAINED, linewidth=0, zorder=-5)
    axes.set_xlim(*limits)
