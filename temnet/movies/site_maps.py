"""Maps of sites: occupancy and transitions over the time average of a movie."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from temnet.reporting.figures.drawing import (
    circle_radius,
    draw_circles,
    image_size,
    new_figure,
    set_title,
    show_image,
    styled,
)
from temnet.reporting.figures.overlay import IMAGE_HEIGHT, IMAGE_WIDTH

OCCUPANCY_COLOURS = "viridis"
"""Colour map of occupancies: perceptually uniform, readable with any colour vision."""

TRANSITION_COLOURS = "plasma"
"""Colour map of transitions, a different one so that the two maps are not confused."""

TRANSITION_TOPS = (10.0, 20.0, 40.0, 60.0, 80.0, 100.0)
"""Ends of the colour bar of transitions [%].  Most sites change rarely, and on a bar to 100 % all
would look alike."""


def occupancy_map(
    image: np.ndarray,
    sampling: float,
    positions: np.ndarray,
    occupancy: np.ndarray,
    title: str = "",
) -> Figure:
    """Draw sites as discs over the time average, coloured by their occupancy [%].

    Args:
        image: (row, col), the time average in the sites' frame of reference.
        sampling: Pixel size [Å].
        positions: (S, 2), (row, col) [Å].
        occupancy: (S,) in [0, 1]; NaN is drawn as an empty circle.
        title: Title, such as file and number of frames.
    """
    return _site_map(
        image,
        sampling,
        positions,
        100 * np.asarray(occupancy, dtype=np.float64),
        (100.0, OCCUPANCY_COLOURS, "occupied (% of frames)"),
        title,
    )


def transition_map(
    image: np.ndarray,
    sampling: float,
    positions: np.ndarray,
    transition_fraction: np.ndarray,
    title: str = "",
) -> Figure:
    """Draw sites coloured by the percentage of consecutive frame pairs in which they change.

    Arguments are those of `occupancy_map`.  The colour bar ends at the first of `TRANSITION_TOPS`
    that no site exceeds.
    """
    percent = 100 * np.asarray(transition_fraction, dtype=np.float64)
    highest = np.max(percent[np.isfinite(percent)], initial=0.0)
    top = next((top for top in TRANSITION_TOPS if highest <= top), TRANSITION_TOPS[-1])
    bar = (top, TRANSITION_COLOURS, "appears or vanishes (% of frame pairs)")
    return _site_map(image, sampling, positions, percent, bar, title)


@styled
def _site_map(
    image: np.ndarray,
    sampling: float,
    positions: np.ndarray,
    percent: np.ndarray,
    bar: tuple[float, str, str],
    title: str,
) -> Figure:
    """Draw a map of percentages (S,); ``bar`` is the colour bar's end, colour map and label."""
    top, colours, label = bar
    width, height = image_size(image.shape, IMAGE_WIDTH, IMAGE_HEIGHT)
    figure = new_figure(max(width, 3.2) + 1.1, height + 0.5)
    axes = figure.add_subplot()
    show_image(axes, image, sampling)
    scale = ScalarMappable(Normalize(0, top), matplotlib.colormaps[colours])
    radius, known = circle_radius(positions), np.isfinite(percent)
    draw_circles(
        axes,
        positions[known],
        radius,
        facecolors=scale.to_rgba(percent[known]),
        edgecolors="white",
        linewidths=0.9,
    )
    draw_circles(axes, positions[~known], radius, edgecolors="white", linewidths=0.9)
    set_title(axes, title)
    colour_bar = figure.colorbar(scale, ax=axes, label=label, pad=0.02, aspect=28, shrink=0.98)
    colour_bar.outline.set_visible(False)
    return figure
