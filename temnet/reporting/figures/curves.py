"""Curves: columns against frame, training and vibrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from temnet.config.structures.vibration_table import TableRow
from temnet.reporting.figures.drawing import (
    LINE_COLOURS,
    LINE_STYLES,
    new_figure,
    plain,
    set_title,
    shorten,
    styled,
)
from temnet.tables.csv_tables import Row

LOG_LOSS_RATIO = 10.0
"""A loss that falls by more than this factor gets a logarithmic axis."""

MOST_MARKED = 200
"""Frames up to which each has a marker in a curve; more would hide the curve."""

LEGEND_LENGTH = 32
"""Longest name in a legend."""


@styled
def count_figure(
    counts: Mapping[str, np.ndarray], title: str = "", frame_time: float | None = None
) -> Figure:
    """Number of columns against frame, one line per class.

    Args:
        counts: For each class (F,) numbers of columns.
        title: File, for instance.
        frame_time: Time from frame to frame [s]; adds an axis of time.
    """
    figure = new_figure(7.2, 3.6)
    axes = figure.add_subplot()
    for i, (name, values) in enumerate(counts.items()):
        colour = LINE_COLOURS[i % len(LINE_COLOURS)]
        label = f"{shorten(name, LEGEND_LENGTH)}: {np.mean(values):.1f} on average"
        marked = len(values) <= MOST_MARKED
        style = {"marker": "o", "markersize": 4} if marked else {"linewidth": 0.6}
        axes.plot(np.arange(len(values)), values, color=colour, label=label, **style)
        axes.axhline(np.mean(values), color=colour, linewidth=1, linestyle="--")
    axes.set(xlabel="frame", ylabel="columns found")
    axes.set_ylim(bottom=0, top=1.08 * max([1, *(np.max(v) for v in counts.values())]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if frame_time is not None:
        functions = (lambda frame: frame * frame_time, lambda time: time / frame_time)
        axes.secondary_xaxis("top", functions=functions).set_xlabel("time (s)")
    set_title(axes, title)
    legend_below(figure, axes)
    return figure


@styled
def training_figure(rows: Sequence[Row], title: str = "") -> Figure:
    """Loss and peak F1 against epoch.

    Args:
        rows: Lines of the training's log; columns with ``loss`` in their name make the upper
            axes, those with ``f1`` the lower.  ``epoch`` is the axis where it is given.
        title: Name of the network.
    """
    losses, scores = _curves(rows, "loss"), _curves(rows, "f1")
    panels = [panel for panel in ((losses, "loss"), (scores, "F1")) if panel[0]]
    figure = new_figure(7.2, 0.8 + 2.9 * max(len(panels), 1))
    epochs = np.array([_number(row.get("epoch", i)) for i, row in enumerate(rows)])
    all_axes = figure.subplots(max(len(panels), 1), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (curves, label) in zip(all_axes, panels, strict=False):
        for i, (name, values) in enumerate(curves.items()):
            axes.plot(
                epochs,
                values,
                color=LINE_COLOURS[i % len(LINE_COLOURS)],
                linestyle=LINE_STYLES[i % len(LINE_STYLES)],
                marker="o" if len(epochs) < 30 else None,
                markersize=4,
                label=shorten(name.replace("_", " "), LEGEND_LENGTH),
            )
        axes.set_ylabel(label)
        plain(axes.legend(frameon=False, loc="best").get_texts())
    if losses:
        _scale_loss(all_axes[0], losses)
    if scores:
        all_axes[-1].set_ylim(0, 1.02)
        _mark_best(all_axes[-1], epochs, scores)
    all_axes[-1].set_xlabel("epoch")
    all_axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    set_title(all_axes[0], title)
    return figure


@styled
def vibration_figure(rows: Sequence[TableRow]) -> Figure:
    """Standard deviation against coordination number, one line per element and direction.

    Args:
        rows: Of a table of vibration.
    """
    figure = new_figure(7.2, 3.9)
    axes = figure.add_subplot()
    for i, element in enumerate(sorted({row.element for row in rows})):
        own = [row for row in rows if row.element == element]
        count = [row.coordination for row in own]
        same = all(row.in_plane == row.along_beam for row in own)
        lines = (
            (("", "in_plane"),)
            if same
            else ((", in plane", "in_plane"), (", along beam", "along_beam"))
        )
        for style, (words, name) in zip(LINE_STYLES, lines, strict=False):
            axes.errorbar(
                count,
                [getattr(row, name) for row in own],
                [getattr(row, f"{name}_error") or 0.0 for row in own],
                color=LINE_COLOURS[i % len(LINE_COLOURS)],
                linestyle=style,
                marker="o",
                markersize=5,
                capsize=3,
                label=element + words,
            )
    axes.set(xlabel="neighbours", ylabel="standard deviation per axis (Å)")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    legend_below(figure, axes)
    return figure


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else np.nan


def _curves(rows: Sequence[Row], word: str) -> dict[str, np.ndarray]:
    """Columns whose name holds ``word`` and that hold a number anywhere."""
    names = [name for name in (rows[0] if rows else ()) if word in name.lower()]
    curves = {name: np.array([_number(row[name]) for row in rows]) for name in names}
    return {name: values for name, values in curves.items() if np.isfinite(values).any()}


def _scale_loss(axes: Axes, losses: Mapping[str, np.ndarray]) -> None:
    values = np.concatenate(list(losses.values()))
    values = values[np.isfinite(values)]
    if values.min() > 0 and values.max() > LOG_LOSS_RATIO * values.min():
        axes.set_yscale("log")


def _mark_best(axes: Axes, epochs: np.ndarray, scores: Mapping[str, np.ndarray]) -> None:
    """Rings the best value of the first curve and writes it beside."""
    values = next(iter(scores.values()))
    best = int(np.nanargmax(values))
    axes.plot(
        epochs[best],
        values[best],
        marker="o",
        markersize=11,
        markerfacecolor="none",
        markeredgecolor="black",
        markeredgewidth=1.5,
    )
    above = values[best] < 0.85
    axes.annotate(
        f"best {values[best]:.3f}",
        (epochs[best], values[best]),
        xytext=(0, 10 if above else -12),
        textcoords="offset points",
        ha="right" if best > len(values) / 2 else "left",
        va="bottom" if above else "top",
    )


def legend_below(figure: Figure, axes: Axes, columns: int = 2) -> None:
    """Puts the legend of some axes below the figure."""
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        legend = figure.legend(
            handles=handles, loc="outside lower center", ncols=columns, frameon=False
        )
        plain(legend.get_texts())
