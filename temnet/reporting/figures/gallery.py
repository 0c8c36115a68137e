"""Simulated images side by side: training images, and the errors of networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from temnet.evaluation.matching import image_extent, pair_by_position
from temnet.records import IGNORED, Columns
from temnet.reporting.figures.drawing import (
    circle_radius,
    class_colour,
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

POINTS = 72
"""Points of an inch."""

MARK_SIZE = 8
"""Largest size of a mark [point]."""

CAPTION_LENGTH = 36
"""Longest caption over a small image."""

MISSED = {"marker": "s", "color": "#ff3b30", "label": "missed"}
FALSE_POSITIVE = {"marker": "x", "color": "#ff3b30", "label": "false positive"}
CONFUSED = {"marker": "D", "color": "#ff3b30", "label": "wrong class"}
"""Marks of errors: they differ in shape, not only in colour."""

IGNORED_COLUMN = {"marker": "o", "color": class_colour(IGNORED), "label": "not counted"}


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
    lines: Sequence[Sequence[Picture]],
    titles: Sequence[Sequence[str]],
    class_names: Sequence[str],
    radius: float,
    border: float,
) -> Figure:
    """A line for each image: it, its true columns, and the found ones with errors marked.

    Args:
        lines: For each image its picture with the columns of each network; at least one.
        titles: For each of them the title of the found columns.
        class_names: Name of each class.
        radius: A column is found if a peak lies within this distance [Å].
        border: Beyond the dotted line, this far from the border [Å], errors are not counted.
    """
    across = 2 + len(lines[0])
    figure = new_figure(across * PANEL, len(lines) * (PANEL + 0.4) + 0.7)
    grid = figure.subplots(len(lines), across, squeeze=False)
    for axes, pictures, names in zip(grid, lines, titles, strict=True):
        first = pictures[0]
        for i, panel in enumerate(axes):
            show_image(panel, first.image, first.sampling, bar=i == 0)
        size = circle_radius(first.true_positions)
        draw_columns(axes[1], first.true_positions, first.true_class, size, width=1.2)
        set_title(axes[1], "true columns")
        for panel, picture, name in zip(axes[2:], pictures, names, strict=True):
            draw_columns(panel, picture.found_positions, picture.found_class, size, width=1.2)
            _draw_errors(panel, picture, radius, border, size)
            set_title(panel, shorten(name, CAPTION_LENGTH))
        _caption(axes[0], first)
    every_class = np.concatenate([pictures[0].true_class for pictures in lines])
    marks = [Line2D([], [], linestyle="none", **_mark(mark)) for mark in (MISSED, FALSE_POSITIVE)]
    if len(class_names) > 1:
        marks.append(Line2D([], [], linestyle="none", **_mark(CONFUSED)))
    if np.any(every_class == IGNORED):
        marks.append(Line2D([], [], linestyle="none", **_mark(IGNORED_COLUMN)))
    _legend(figure, [*class_legend(every_class, class_names), *marks])
    return figure


def errors(
    picture: Picture, radius: float, border: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of missed columns, of false positives and of columns of the wrong class.

    Peaks and columns are paired as in the scores, so that the marks are the counted errors.

    Args:
        picture: With true and found columns.
        radius: A column is found if a peak lies within this distance [Å].
        border: Errors this close to the border are left out [Å].

    Returns:
        Three (n, 2) arrays [Å].
    """
    found, columns = (
        Columns(positions, class_index, np.zeros(len(class_index), np.int64))
        for positions, class_index in (
            (picture.found_positions, picture.found_class),
            (picture.true_positions, picture.true_class),
        )
    )
    extent = image_extent(picture.image.shape, picture.sampling)
    pairs = pair_by_position(found, columns, radius, extent, border)
    confused = pairs.found[found.class_index[pairs.found] != columns.class_index[pairs.true]]
    return (
        columns.positions[pairs.missed],
        found.positions[pairs.false],
        found.positions[confused],
    )


def _draw_errors(axes: Axes, picture: Picture, radius: float, border: float, circle: float) -> None:
    marks = (MISSED, FALSE_POSITIVE, CONFUSED)
    # As wide as the circles of columns, or a crowd of errors would hide the image.
    extent = image_extent(picture.image.shape, picture.sampling)
    size = min(MARK_SIZE, max(2.5, 2 * circle * POINTS * PANEL / max(extent)))
    for positions, mark in zip(errors(picture, radius, border), marks, strict=True):
        style = {**_mark(mark), "markersize": size, "markeredgewidth": 0.22 * size}
        axes.plot(positions[:, 1], positions[:, 0], linestyle="none", zorder=6, **style)
    height, width = (side - 2 * border for side in extent)
    axes.add_patch(
        Rectangle((border, border), width, height, fill=False, edgecolor="white", linestyle=":")
    )


def _mark(mark: dict[str, str]) -> dict[str, Any]:
    return {**mark, "markersize": MARK_SIZE, "markerfacecolor": "none", "markeredgewidth": 1.8}


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
