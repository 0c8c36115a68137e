"""Columns drawn over the image that they were found in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from temnet.reporting.figures import (
    circle_radius,
    class_legend,
    draw_columns,
    image_size,
    new_figure,
    plain,
    set_title,
    show_image,
    styled,
)

IMAGE_WIDTH = 6.4
"""Width of an image [inch]."""

IMAGE_HEIGHT = 8.0
"""Greatest height of an image [inch]."""


@styled
def overlay_figure(
    image: np.ndarray,
    sampling: float,
    positions: np.ndarray,
    class_index: np.ndarray,
    class_names: Sequence[str],
    title: str = "",
) -> Figure:
    """An image in grey with an open circle around each column.

    Args:
        image: (row, col).
        sampling: Pixel size [Å].
        positions: (N, 2), (row, col) [Å].
        class_index: (N,) int.
        class_names: Name of each class, for the legend, which counts them.
        title: File and frame, for instance.
    """
    width, height = image_size(image.shape, IMAGE_WIDTH, IMAGE_HEIGHT)
    figure = new_figure(max(width, 3.2), height + 0.8)
    axes = figure.add_subplot()
    show_image(axes, image, sampling)
    draw_columns(axes, positions, class_index, circle_radius(positions))
    set_title(axes, title)
    legend = figure.legend(
        handles=class_legend(class_index, class_names),
        loc="outside lower center",
        ncols=min(len(class_names), 4),
        frameon=False,
        handletextpad=0.2,
    )
    plain(legend.get_texts())
    return figure
