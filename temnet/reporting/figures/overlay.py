"""Found columns drawn over their image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from temnet.reporting.figures.crosses import cross_legend, draw_crosses
from temnet.reporting.figures.drawing import (
    DPI,
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

LEGIBLE = 4.0
"""Smallest radius of a circle at which columns can be distinguished [pixels of the picture]."""

DETAIL = 60.0
"""Side of the part of an image that is shown where circles are smaller [Å]."""

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
    doubtful: np.ndarray | None = None,
) -> Figure:
    """An image in grey with an open circle around each column, and a cross on doubtful ones.

    Args:
        image: (row, col).
        sampling: Pixel size [Å].
        positions: (N, 2), (row, col) [Å].
        class_index: (N,) int.
        class_names: Name of each class, for the legend, which counts them.
        title: File and frame, for instance.
        doubtful: (N,) bool, columns that get a cross instead of a circle; none by default.
    """
    crossed = np.zeros(len(positions), bool) if doubtful is None else doubtful
    width, height = image_size(image.shape, IMAGE_WIDTH, IMAGE_HEIGHT)
    figure = new_figure(max(width, 3.2), height + 0.8)
    axes = figure.add_subplot()
    show_image(axes, image, sampling)
    radius = circle_radius(positions)
    draw_columns(axes, positions[~crossed], class_index[~crossed], radius)
    draw_crosses(axes, positions[crossed], class_index[crossed], radius)
    set_title(axes, title)
    legend = figure.legend(
        handles=class_legend(class_index, class_names) + cross_legend(int(crossed.sum())),
        loc="outside lower center",
        ncols=min(len(class_names), 4),
        frameon=False,
        handletextpad=0.2,
    )
    plain(legend.get_texts())
    return figure


def legible_part(
    shape: tuple[int, int], sampling: float, positions: np.ndarray
) -> tuple[slice, slice] | None:
    """The part of an image to show where the circles in the whole image are too small.

    Args:
        shape: Rows and columns of the image.
        sampling: Pixel size [Å].
        positions: (N, 2) columns, (row, col) [Å].

    Returns:
        Rows and columns of a square with many columns in it; None where the whole is legible.
    """
    width, _ = image_size(shape, IMAGE_WIDTH, IMAGE_HEIGHT)
    drawn = circle_radius(positions) / sampling * width * DPI / shape[1]
    if drawn >= LEGIBLE or not len(positions):
        return None
    sides = [min(round(DETAIL / sampling), size) for size in shape]
    tiles = [max(size // side, 1) for size, side in zip(shape, sides, strict=True)]
    place = np.floor(positions / sampling / sides).astype(int)
    place = np.clip(place, 0, np.array(tiles) - 1)
    count = np.bincount(np.ravel_multi_index(place.T, tiles), minlength=tiles[0] * tiles[1])
    row, col = np.unravel_index(np.argmax(count), tiles)
    return slice(row * sides[0], (row + 1) * sides[0]), slice(col * sides[1], (col + 1) * sides[1])
