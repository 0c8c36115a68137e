"""Maps of strain over an image, and its profile from the surface inwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from temnet.reporting.figures.curves import legend_below
from temnet.reporting.figures.drawing import (
    LINE_COLOURS,
    circle_radius,
    draw_circles,
    image_size,
    new_figure,
    plain,
    set_title,
    shorten,
    show_image,
    styled,
)

COLOURS = "RdBu_r"
"""Colour map of strain: blue is shorter and red longer, readable with any colour vision, white at
zero."""

MISSING = "#f5ec3d"
"""Colour of the circles of columns without a value."""

SCALES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
"""Ends of the colour scale [% or degrees]."""

WITHIN = 0.9
"""Fraction of the values that a scale holds at least."""

PANEL_WIDTH, PANEL_HEIGHT = 4.2, 4.2
"""Largest size of one map [inch]."""

AXES_TEXT = "x to the right, y up, rotation anticlockwise"
"""Signs, which stand on every picture."""


def scale_of(values: np.ndarray, errors: np.ndarray) -> float:
    """The end of the colour scale: the smallest of `SCALES` that holds nearly all values.

    Values whose errors exceed a scale are not drawn on it and do not count.

    Args:
        values: (N,) [% or degrees]; NaN is left out.
        errors: (N,) their standard errors.

    >>> scale_of(np.array([0.1, -0.7, 1.8]), np.zeros(3)), scale_of(np.zeros(0), np.zeros(0))
    (2.0, 0.5)
    """
    known = np.isfinite(values)
    for end in SCALES:
        drawn = known & (errors <= end)
        most_drawn = drawn.sum() >= WITHIN * known.sum()
        if most_drawn and np.sum(np.abs(values[drawn]) <= end) >= WITHIN * drawn.sum():
            return end
    return SCALES[-1]


@styled
def strain_figure(
    image: np.ndarray,
    sampling: float,
    positions: np.ndarray,
    values: Mapping[str, np.ndarray],
    errors: Mapping[str, np.ndarray],
    title: str = "",
    scale: float | None = None,
) -> Figure:
    """Maps of the strain components and the rotation, as discs over an image.

    Strains share one scale.  Columns without a value, and those whose error exceeds the scale, are
    open circles.

    Args:
        image: (row, col).
        sampling: Pixel size [Å].
        positions: (N, 2), (row, col) [Å].
        values: (N,) ``e_xx``, ``e_yy`` and ``e_xy`` as fractions and ``rotation_deg`` [degrees].
        errors: (N,) their standard errors, by the same names.
        title: File and frame, for instance.
        scale: End of the scale of strain [%]; by default chosen by the values.
    """
    names = ("e_xx", "e_yy", "e_xy", "rotation_deg")
    percent = {name: _percent(name, values[name]) for name in names}
    uncertain = {name: _percent(name, errors[name]) for name in names}
    strains = (np.concatenate([each[name] for name in names[:3]]) for each in (percent, uncertain))
    end = scale_of(*strains) if scale is None else scale
    ends = dict.fromkeys(names[:3], end) | {
        "rotation_deg": scale_of(percent["rotation_deg"], uncertain["rotation_deg"])
    }
    width, height = image_size(image.shape, PANEL_WIDTH, PANEL_HEIGHT)
    figure = new_figure(2 * max(width, 3.0) + 1.4, 2 * height + 1.1)
    panels = figure.subplots(2, 2)
    radius = circle_radius(positions)
    for axes, name in zip(panels.flat, names, strict=True):
        show_image(axes, image, sampling, bar=name == "e_xx")
        colours = ScalarMappable(Normalize(-ends[name], ends[name]), matplotlib.colormaps[COLOURS])
        drawn = np.isfinite(percent[name]) & (uncertain[name] <= ends[name])
        draw_circles(
            axes,
            positions[drawn],
            radius,
            facecolors=colours.to_rgba(percent[name][drawn]),
            edgecolors="#00000080",
            linewidths=0.5,
        )
        draw_circles(axes, positions[~drawn], radius, edgecolors=MISSING, linewidths=0.8)
        set_title(axes, name.removesuffix("_deg"))
        label = "degrees, anticlockwise" if name == "rotation_deg" else "%, longer is positive"
        bar = figure.colorbar(colours, ax=axes, label=label, pad=0.02, aspect=24)
        bar.outline.set_visible(False)
    _draw_arrows(panels[0, 0])
    plain([figure.suptitle(f"{shorten(title, 48)} – {AXES_TEXT}", x=0.01, ha="left", fontsize=12)])
    return figure


def _percent(name: str, values: np.ndarray) -> np.ndarray:
    """Strains in percent; rotations stay in degrees."""
    return np.asarray(values, np.float64) * (1.0 if name.endswith("_deg") else 100.0)


def _draw_arrows(axes: Axes) -> None:
    """Draws the axes x and y in the lower right corner of an image."""
    edges = [withStroke(linewidth=3, foreground="black")]
    for end, name in (((0.96, 0.05), "x"), ((0.82, 0.19), "y")):
        axes.annotate(
            "",
            end,
            (0.82, 0.05),
            xycoords="axes fraction",
            arrowprops={"arrowstyle": "-|>", "color": "white", "path_effects": edges},
            zorder=11,
        )
        axes.annotate(
            name,
            end,
            xycoords="axes fraction",
            ha="center",
            va="bottom",
            color="white",
            path_effects=edges,
            zorder=11,
        )


@styled
def profile_figure(
    layers: Sequence[int], means: Mapping[str, np.ndarray], errors: Mapping[str, np.ndarray],
    title: str = "",
) -> Figure:  # fmt: skip
    """Mean strain in each layer from the surface inwards, with standard errors.

    Args:
        layers: Layers, 1 at the surface.
        means: For each quantity (L,) means as fractions.
        errors: Their standard errors, by the same names.
        title: File and frame, for instance.
    """
    figure = new_figure(7.2, 3.8)
    axes = figure.add_subplot()
    axes.axhline(0, color="#888888", linewidth=1)
    for number, (name, values) in enumerate(means.items()):
        axes.errorbar(
            np.asarray(layers) + 0.06 * (number - (len(means) - 1) / 2),
            100 * values,
            100 * errors[name],
            color=LINE_COLOURS[number],
            marker="osD^"[number % 4],
            markersize=5,
            capsize=3,
            label=name,
        )
    axes.set(xlabel="layer from the surface", ylabel="mean strain (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    set_title(axes, title)
    legend_below(figure, axes)
    return figure
