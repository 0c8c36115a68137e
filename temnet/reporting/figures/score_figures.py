"""Figures of how networks score: confusion, thresholds, reliability, pairs, bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from temnet.evaluation.conditions import LABELS
from temnet.evaluation.limits.cramer_rao import BoundRow
from temnet.evaluation.limits.ideal_scores import HIGHEST, PROBABLE, IdealRow
from temnet.evaluation.precision_recall import ThresholdRow
from temnet.evaluation.reliability import ReliabilityRow
from temnet.evaluation.score_curves import CurveRow
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.reporting.figures.condition_figures import ROW_NAMES
from temnet.reporting.figures.curves import LEGEND_LENGTH, legend_below
from temnet.reporting.figures.drawing import (
    LINE_COLOURS,
    LINE_STYLES,
    new_figure,
    plain,
    set_title,
    shorten,
    styled,
)
from temnet.reporting.run_results import counted

HISTOGRAM_BINS = 25
"""Bins of a histogram."""

KINDS = {LOCALISATION: "localisation", SPECIES: "localisation and class"}
"""Titles of the two ways to count."""

CONFUSION_COLOURS = "Blues"
"""Light to dark in one hue: readable with any colour vision, and in print."""

DARK = 0.6
"""Cells with a larger share have white text."""

DIFFERENCE_BINS = 25
"""Bins of the histogram of differences."""

SMALL_DIFFERENCE = 0.02
"""A histogram of differences is at least this wide."""


@styled
def confusion_figure(
    matrices: Mapping[str, np.ndarray], found_names: Sequence[str], true_names: Sequence[str]
) -> Figure:
    """True class by found class: number of columns, and the share of their row as colour.

    Args:
        matrices: For each network (true, found) numbers; NaN is left blank.
        found_names: Names of the second axis.
        true_names: Names of the first axis.
    """
    size = 1.4 + 0.95 * len(found_names)
    figure = new_figure(size * len(matrices) + 0.6, size + 0.3)
    grid = figure.subplots(1, len(matrices), squeeze=False)[0]
    for axes, (network, matrix) in zip(grid, matrices.items(), strict=True):
        total = np.nansum(matrix, axis=1, keepdims=True)
        share = np.divide(matrix, total, out=np.zeros(matrix.shape), where=total > 0)
        axes.imshow(share, cmap=CONFUSION_COLOURS, vmin=0, vmax=1)
        for (i, j), value in np.ndenumerate(matrix):
            if np.isfinite(value):
                axes.text(
                    j,
                    i,
                    f"{value:,.0f}\n{100 * share[i, j]:.1f} %",
                    ha="center",
                    va="center",
                    fontsize=10,
                    color="white" if share[i, j] > DARK else "black",
                )
        axes.set_xticks(range(len(found_names)), found_names)
        axes.set_yticks(range(len(true_names)), true_names)
        plain([*axes.get_xticklabels(), *axes.get_yticklabels()])
        axes.set(xlabel="found", ylabel="true")
        axes.grid(False)
        axes.spines[:].set_visible(False)
        set_title(axes, shorten(network, LEGEND_LENGTH))
    return figure


@styled
def threshold_figure(rows: Sequence[ThresholdRow], thresholds: Mapping[str, float]) -> Figure:
    """Precision against recall as the threshold rises; a ring at the network's own.

    Args:
        rows: Of thresholds.csv.
        thresholds: For each network its own.
    """
    figure = new_figure(9.0, 4.4)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (kind, title) in zip(panels, KINDS.items(), strict=True):
        for i, (network, threshold) in enumerate(thresholds.items()):
            curve = [row for row in rows if (row.network, row.class_) == (network, kind)]
            recall, precision = (_column(curve, name) for name in ("recall", "precision"))
            style = _style(i)
            axes.plot(recall, precision, marker=".", label=shorten(network, LEGEND_LENGTH), **style)
            if np.isfinite(precision).any():
                own = int(np.argmin(np.abs(_column(curve, "threshold") - threshold)))
                axes.plot(recall[own], precision[own], "o", markersize=11, mfc="none", **style)
        axes.set(xlabel="recall", xlim=(0, 1.02), ylim=(0, 1.02))
        set_title(axes, title)
    panels[0].set_ylabel("precision")
    legend_below(figure, panels[0])
    return figure


@styled
def reliability_figure(rows: Sequence[ReliabilityRow], networks: Sequence[str]) -> Figure:
    """The fraction of correct peaks against their predicted probability, and their number.

    Args:
        rows: Of reliability.csv.
        networks: Their names.
    """
    figure = new_figure(9.0, 5.4)
    grid = figure.subplots(2, 2, sharex=True, height_ratios=(3, 1))
    for (upper, lower), (kind, title) in zip(grid.T, KINDS.items(), strict=True):
        upper.plot((0, 1), (0, 1), color="#777777", linewidth=1, linestyle=":")
        for i, network in enumerate(networks):
            curve = [row for row in rows if (row.network, row.class_) == (network, kind)]
            predicted, correct, count = (
                _column(curve, name) for name in ("predicted", "correct", "peaks")
            )
            label = shorten(network, LEGEND_LENGTH)
            upper.plot(predicted, correct, marker="o", label=label, **_style(i))
            lower.plot(predicted, count, marker=".", **_style(i))
        upper.set(xlim=(0, 1), ylim=(0, 1.02))
        lower.set(xlabel="score" if kind == LOCALISATION else "probability of the class")
        lower.set_yscale("log")
        lower.set_ylim(bottom=0.7)
        lower.yaxis.set_major_locator(LogLocator(numticks=4))
        lower.yaxis.set_minor_formatter(NullFormatter())
        set_title(upper, title)
    grid[0, 0].set_ylabel("fraction correct")
    grid[1, 0].set_ylabel("peaks")
    legend_below(figure, grid[0, 0])
    return figure


@styled
def difference_figure(
    differences: Mapping[str, np.ndarray], intervals: Mapping[str, tuple[float, float]]
) -> Figure:
    """Histogram of differences of F1 between two networks, image by image.

    Args:
        differences: For each pair of networks (N,), NaN left out.
        intervals: For each pair the 95 % interval of the mean; NaN where it is not known.
    """
    figure = new_figure(7.2, 3.6)
    axes = figure.add_subplot()
    finite = {name: values[np.isfinite(values)] for name, values in differences.items()}
    every = np.concatenate([[0.0], *finite.values()])
    width = max(np.ptp(every), SMALL_DIFFERENCE) / DIFFERENCE_BINS
    # One bin lies about zero, so that equal scores are on neither side.
    ends = np.floor(every.min() / width + 0.5), np.ceil(every.max() / width - 0.5)
    bins = (np.arange(ends[0], ends[1] + 2) - 0.5) * width
    axes.axvline(0, color="black", linewidth=1)
    for i, (name, values) in enumerate(finite.items()):
        colour = LINE_COLOURS[i % len(LINE_COLOURS)]
        axes.hist(values, bins, color=colour, alpha=0.35, label=shorten(name, 2 * LEGEND_LENGTH))
        axes.hist(values, bins, color=colour, histtype="step", linewidth=1.6)
        low, high = intervals[name]
        if np.isfinite(low) and np.isfinite(high):
            axes.axvspan(low, high, color=colour, alpha=0.25, linewidth=0)
        if len(values):
            axes.axvline(values.mean(), color=colour)
    axes.set(xlabel="difference of an image's F1", ylabel="images")
    legend_below(figure, axes, columns=1)
    return figure


@styled
def bound_figure(rows: Sequence[BoundRow], networks: Sequence[str]) -> Figure:
    """Error of each column against its Cramér-Rao bound, both on logarithmic axes.

    Args:
        rows: Of cramer_rao.csv.
        networks: Their names.
    """
    figure = new_figure(5.6, 5.0)
    axes = figure.add_subplot()
    for i, network in enumerate(networks):
        own = [row for row in rows if row.network == network]
        bound, error = _column(own, "bound_pm"), _column(own, "error_pm")
        known = np.isfinite(bound) & np.isfinite(error)
        label = f"{shorten(network, LEGEND_LENGTH)}: {known.sum()} of {len(own)} columns found"
        marker = "os^D"[i % 4]
        colour = LINE_COLOURS[i % len(LINE_COLOURS)]
        axes.plot(bound[known], error[known], marker, color=colour, mfc="none", label=label)
    axes.set(xscale="log", yscale="log", xlabel="Cramér-Rao bound (pm)", ylabel="error (pm)")
    ends = np.array(axes.get_xlim())
    axes.plot(ends, ends, color="#555555", linewidth=1.2, label="error equal to the bound")
    axes.set_xlim(*ends)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    legend_below(figure, axes, columns=1)
    return figure


@styled
def ideal_figure(rows: Sequence[IdealRow], sweep: Sequence[CurveRow]) -> Figure:
    """F1 of the ideal observer against the dose, a panel for each class and one for their mean.

    Args:
        rows: Of ideal_observer.csv, of known doses.
        sweep: Of sweep.csv, of the dose: F1 of the networks.
    """
    classes = list(dict.fromkeys(row.class_ for row in rows))
    lines = -(-len(classes) // 2)
    figure = new_figure(9.0, 2.9 * lines + 0.9)
    grid = figure.subplots(lines, 2, squeeze=False, sharex=True, sharey=True)
    doses = np.concatenate([_column(rows, "dose"), _column(sweep, "middle")])
    for axes, name in zip(grid.ravel(), classes, strict=False):
        axes.set(xscale="log", xlim=(doses.min() / 1.3, doses.max() * 1.3), ylim=(0, 1.02))
        for rule, style in ((PROBABLE, "-"), (HIGHEST, ":")):
            curve = [row for row in rows if (row.rule, row.class_) == (rule, name)]
            label = f"ideal observer, {rule}"
            _with_interval(axes, curve, "dose", color="black", linestyle=style, label=label)
        for i, network in enumerate(dict.fromkeys(row.network for row in sweep)):
            points = [row for row in sweep if (row.network, row.class_) == (network, name)]
            label = shorten(network, LEGEND_LENGTH)
            colour = LINE_COLOURS[i % len(LINE_COLOURS)]
            marker = "os^D"[i % 4]
            _with_interval(axes, points, "middle", color=colour, marker=marker, label=label)
        set_title(axes, ROW_NAMES.get(name, name))
    for axes in grid.ravel()[len(classes) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("F1")
    for axes in grid[-1]:
        axes.set_xlabel(LABELS["dose"])
    legend_below(figure, grid[0, 0])
    return figure


def _with_interval(axes: Axes, curve: Sequence[object], key: str, **style: Any) -> None:
    """F1 by rising ``key``, with its interval where it is known."""
    order = np.argsort(_column(curve, key))
    x, f1, low, high = (_column(curve, name)[order] for name in (key, "f1", "f1_low", "f1_high"))
    gaps = [np.nan_to_num(np.maximum(gap, 0)) for gap in (f1 - low, high - f1)]
    axes.errorbar(x, f1, np.stack(gaps), capsize=3, markersize=4.5, linewidth=1.5, **style)


def _column(rows: Sequence[object], name: str) -> np.ndarray:
    return np.array([getattr(row, name) for row in rows], np.float64)


def _style(number: int) -> dict[str, str]:
    return {
        "color": LINE_COLOURS[number % len(LINE_COLOURS)],
        "linestyle": LINE_STYLES[number % len(LINE_STYLES)],
    }


@styled
def f1_histogram(scores: Mapping[str, np.ndarray], title: str = "") -> Figure:
    """Histogram of F1 per image with mean (line) and median (dashed), one colour per network.

    Args:
        scores: For each network (N,) F1 of each image; NaN (an image without columns) is
            left out and counted in the legend.
        title: Title of the axes.
    """
    figure = new_figure(7.2, 3.9)
    axes = figure.add_subplot()
    finite = {name: f1[np.isfinite(f1)] for name, f1 in scores.items()}
    lowest = min((float(f1.min()) for f1 in finite.values() if len(f1)), default=0.0)
    # Good networks are close to 1: the axis starts at the tenth below the worst image.
    start = min(np.floor(10 * lowest + 1e-9) / 10, 0.8)
    bins = np.linspace(start, 1.0, HISTOGRAM_BINS + 1).tolist()
    for i, (name, f1) in enumerate(finite.items()):
        colour = LINE_COLOURS[i % len(LINE_COLOURS)]
        label = _histogram_label(name, f1, len(scores[name]) - len(f1))
        axes.hist(f1, bins, color=colour, alpha=0.35, label=label)
        axes.hist(f1, bins, color=colour, histtype="step", linewidth=1.6)
        if len(f1):
            axes.axvline(f1.mean(), color=colour, linewidth=1.8)
            axes.axvline(np.median(f1), color=colour, linewidth=1.8, linestyle="--")
    axes.set(xlim=(start, 1.0), xlabel="F1 of an image", ylabel="images")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    set_title(axes, title)
    legend_below(figure, axes, columns=1)
    return figure


def _histogram_label(name: str, f1: np.ndarray, without: int) -> str:
    if len(f1):
        text = f"mean {f1.mean():.3f}, median {np.median(f1):.3f} (dashed)\n"
        text += counted(len(f1), "image")
    else:
        text = "no image with columns"
    rest = f", {without} without columns left out" if without else ""
    return f"{shorten(name, LEGEND_LENGTH)}: {text}{rest}"
