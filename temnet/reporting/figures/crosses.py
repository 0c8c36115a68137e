"""Crosses on doubtful columns: another shape, which needs no colour."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from temnet.reporting.figures.drawing import MOST_VECTORS, class_colour


def draw_crosses(
    axes: Axes, positions: np.ndarray, class_index: np.ndarray, radius: float, width: float = 1.6
) -> None:
    """Draws crosses in the colours of their classes, as large as the circles of `draw_columns`.

    Args:
        axes: Axes in Å.
        positions: (N, 2) [Å].
        class_index: (N,) int.
        radius: Half the length of the strokes [Å].
        width: Line width [point].
    """
    arm = radius / np.sqrt(2)
    ends = np.array([[[-arm, -arm], [arm, arm]], [[-arm, arm], [arm, -arm]]])
    for index in np.unique(class_index):
        places = positions[class_index == index][:, ::-1]
        strokes = (places[:, None, None] + ends).reshape(-1, 2, 2)
        for colour, line in (("#000000a0", width + 1.4), (class_colour(index), width)):
            axes.add_collection(
                LineCollection(
                    strokes,
                    colors=colour,
                    linewidths=line,
                    zorder=5,
                    rasterized=len(places) > MOST_VECTORS,
                )
            )


def cross_legend(count: int) -> list[Line2D]:
    """Legend entry of the crosses with the number of doubtful columns; empty without any."""
    if not count:
        return []
    entry = Line2D(
        [],
        [],
        linestyle="none",
        marker="x",
        markersize=8,
        markeredgewidth=2.2,
        color="#505050",
        label=f"of these doubtful: {count}",
    )
    return [entry]
