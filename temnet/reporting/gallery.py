"""Simulated images side by side: what a network is taught on, and where it errs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from temnet.evaluation.matching import match
from temnet.records import IGNORED
from temnet.reporting.figures import (
    circle_radius,
    class_legend,
    draw_columns,
    new_figure,
    plain,
    set_title,
    shorten,
    show_image,
    styled,
)
from temnet.reporting.snapshots import Picture

PANEL = 3.0
"""Side of a small image [inch]."""

CAPTION_LENGTH = 36
"""Longest caption over a small image."""

MISSED = {"marker": "s", "color": "#ff3b30", "label": "missed"}
INVENTED = {"marker": "x", "color": "#ff3b30", "label": "invented"}
CONFUSED = {"marker": "D", "color": "#ff3b30", "label": "wrong class"}
"""Marks of errors: they differ in shape, not only in colour."""


@styled
def gallery_figure(
    pictures: Sequence[Picture], class_names: Sequence[str], across: int = 4
) -> Figure:
    """Simulated examples: each image, and below it the same with its true columns.

    Args:
        pictures: At least one.
        class_names: Name of each class.
        across: Images in a row.
    """
    across = min(across, len(pictures))
    lines = -(-len(pictures) // across)
    figure = new_figure(PANEL * across, lines * (2 * PANEL + 0.45) + 0.5)
    grid = figure.subplots(2 * lines, across, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for i, picture in enumerate(pictures):
        row, col = divmod(i, across)
        image_axes, label_axes = grid[2 * row, col], grid[2 * row + 1, col]
        show_image(image_axes, picture.image, picture.sampling)
        show_image(label_axes, picture.image, picture.sampling, bar=False)
        radius = circle_radius(picture.true_positions)
        draw_columns(label_axes, picture.true_positions, picture.true_class, radius, width=1.1)
        _caption(image_axes, picture)
    every_class = np.concatenate([picture.true_class for picture in pictures])
    _legend(figure, class_legend(every_class, class_names))
    return figure


@styled
def prediction_figure(
    pictures: Sequence[Picture], class_names: Sequence[str], radius: float
) -> Figure:
    """For each picture: the image, its true columns, and the found ones with errors marked.

    Args:
        pictures: At least one.
        class_names: Name of each class.
        radius: A column is found if a peak lies within this distance [Å].
    """
    figure = new_figure(3 * PANEL, len(pictures) * (PANEL + 0.4) + 0.7)
    grid = figure.subplots(len(pictures), 3, squeeze=False)
    for axes, picture in zip(grid, pictures, strict=True):
        for i, panel in enumerate(axes):
            show_image(panel, picture.image, picture.sampling, bar=i == 0)
        size = circle_radius(picture.true_positions)
        draw_columns(axes[1], picture.true_positions, picture.true_class, size, width=1.2)
        draw_columns(axes[2], picture.found_positions, picture.found_class, size, width=1.2)
        _draw_errors(axes[2], picture, radius)
        _caption(axes[0], picture)
    for axes, name in zip(grid[0, 1:], ("true columns", "found columns"), strict=True):
        set_title(axes, name)
    every_class = np.concatenate([picture.true_class for picture in pictures])
    marks = [Line2D([], [], linestyle="none", **_mark(mark)) for mark in (MISSED, INVENTED)]
    if len(class_names) > 1:
        marks.append(Line2D([], [], linestyle="none", **_mark(CONFUSED)))
    _legend(figure, [*class_legend(every_class, class_names), *marks])
    return figure


def errors(picture: Picture, radius: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of what was missed, invented and given the wrong class.

    Columns of class -1 and peaks matched to them are out of the count.

    Args:
        picture: With true and found columns.
        radius: A column is found if a peak lies within this distance [Å].

    Returns:
        Three (n, 2) arrays [Å].
    """
    found, true = match(picture.found_positions, picture.true_positions, radius)
    missed = np.setdiff1d(np.flatnonzero(picture.true_class != IGNORED), true)
    invented = np.setdiff1d(np.arange(len(picture.found_class)), found)
    confused = picture.found_class[found] != picture.true_class[true]
    confused &= picture.true_class[true] != IGNORED
    return (
        picture.true_positions[missed],
        picture.found_positions[invented],
        picture.found_positions[found[confused]],
    )


def _draw_errors(axes: Axes, picture: Picture, radius: float) -> None:
    for positions, mark in zip(errors(picture, radius), (MISSED, INVENTED, CONFUSED), strict=True):
        axes.plot(positions[:, 1], positions[:, 0], linestyle="none", zorder=6, **_mark(mark))


def _mark(mark: dict[str, str]) -> dict[str, object]:
    return {**mark, "markersize": 8, "markerfacecolor": "none", "markeredgewidth": 1.8}


def _caption(axes: Axes, picture: Picture) -> None:
    text = shorten(picture.caption, CAPTION_LENGTH)
    plain([axes.set_title(text, loc="left", fontsize=10)])


def _legend(figure: Figure, handles: list[Line2D]) -> None:
    legend = figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(len(handles), 6),
        frameon=False,
        handletextpad=0.2,
    )
    plain(legend.get_texts())
