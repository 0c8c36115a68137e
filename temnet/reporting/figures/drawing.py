"""Common parts of figures: style, colours, images with a scale bar, and files.

Figures are matplotlib ``Figure`` objects on an Agg canvas of their own, so that nothing here
touches pyplot's global state.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import matplotlib
import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from scipy.spatial import cKDTree

from temnet.system.files import replace_file
from temnet.units import ANGSTROM_PER

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

CLASS_COLOURS = ("#ff9d1c", "#3fc1ff", "#ff6fb5", "#f5ec3d", "#1fd39b", "#ff5a3c", "#c3a5ff")
"""Colours of classes on a grey image: those of Okabe & Ito (2008), brightened until each contrasts
with black and with white; the first pairs differ for every kind of colour vision."""

LINE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Colours of lines on white paper, in the order in which they are used: Okabe & Ito (2008)."""

LINE_STYLES = ("-", "--", "-.", ":")
"""Styles of lines, so that colour is never the only difference."""

LINE_MARKERS = "os^Dv<>P"
"""Markers of lines and points, in the order in which they are used."""

STYLE: dict[RcKeyType, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "temnet",
}
"""Matplotlib settings; text in SVG stays text, so that it can be edited for a paper."""

DPI = 150
"""Pixels per inch of PNG files."""

CONTRAST_PERCENTILES = (0.5, 99.5)
"""Grey values that become black and white."""

MOST_SHOWN = 1200
"""Rows and columns from twice of which an image is reduced before it is drawn, which matplotlib
would do by leaving pixels out, with several copies of the whole."""

MOST_VECTORS = 2000
"""Circles of a picture up to which its SVG has each of them by itself; more become pixels there."""

LEGIBLE_CIRCLE = 5.0
"""Radius below which a circle's line gets thinner [pixels of the picture]."""

SMALLEST_CIRCLE = 2.0
"""Circles of a smaller radius are drawn as points [pixels of the picture]."""

BAR_FRACTION = 0.25
"""A scale bar is at most this fraction of the image's width."""

CIRCLE_FRACTION = 0.36
"""Radius of a circle as a fraction of the typical distance of neighbours; below 0.5 they do not
touch."""

CIRCLE_LIMITS = (0.45, 1.6)
"""Smallest and largest radius of a circle [Å]."""

TITLE_LENGTH = 64
"""Longest title in characters; the middle of a longer one is cut out."""

P = ParamSpec("P")


def styled(build: Callable[P, Figure]) -> Callable[P, Figure]:
    """Makes a function that builds a figure use :data:`STYLE`, for this figure alone."""

    @functools.wraps(build)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.rc_context(STYLE):
            return build(*args, **kwargs)

    return wrapper


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of ``width`` x ``height`` [inch] on its own canvas."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def encode_figure(figure: Figure, kind: str, dpi: int = DPI) -> bytes:
    """The figure as ``png`` or ``svg``, the same bytes each time."""
    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with matplotlib.rc_context(STYLE):
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=metadata)
    return buffer.getvalue()


def save_figure(figure: Figure, folder: Path, name: str) -> bytes:
    """Writes ``name.png`` and ``name.svg`` and returns the PNG's bytes."""
    png = encode_figure(figure, "png")
    replace_file(folder / f"{name}.png", png)
    replace_file(folder / f"{name}.svg", encode_figure(figure, "svg"))
    return png


def few_colours(png: bytes) -> bytes:
    """The same picture in 256 colours, which take a third of the bytes."""
    buffer = io.BytesIO()
    picture = PIL.Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, dither=PIL.Image.Dither.NONE).save(buffer, "PNG")
    return buffer.getvalue()


def shorten(text: str, length: int = TITLE_LENGTH) -> str:
    """``text`` with its middle replaced by … where it is longer than ``length``.

    >>> shorten("a very long file name.dm4", 15)
    'a very …ame.dm4'
    """
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


def plain(texts: Iterable[Text]) -> None:
    """Makes matplotlib draw texts literally: a file name may hold ``$``."""
    for text in texts:
        text.set_parse_math(False)


def set_title(axes: Axes, title: str) -> None:
    """Puts a title on the left of the axes, shortened and without mathematics."""
    plain([axes.set_title(shorten(title), loc="left")])


def grey_limits(image: np.ndarray) -> tuple[float, float]:
    """The values that become black and white.

    Args:
        image: Any shape; NaN and infinity are left out.

    Returns:
        Two different finite numbers, also for an image that is flat or empty.

    >>> grey_limits(np.zeros((2, 2)))
    (-0.5, 0.5)
    """
    finite = image[np.isfinite(image)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(finite, CONTRAST_PERCENTILES))
    if high > low:
        return low, high
    return low - 0.5, low + 0.5


def show_image(axes: Axes, image: np.ndarray, sampling: float, bar: bool = True) -> None:
    """Shows an image in grey, in Å from the centre of pixel [0, 0], with a scale bar.

    Args:
        axes: Axes.
        image: (row, col); NaN becomes dark blue-grey.
        sampling: Pixel size [Å].
        bar: Whether to draw the scale bar.
    """
    rows, cols = image.shape
    shown, step = _reduced(image)
    low, high = grey_limits(shown)
    colours = matplotlib.colormaps["gray"].with_extremes(bad="#27313d")
    # Pixels that were averaged may reach over the last row and column, where the axes end.
    bottom, right = (step * size * sampling for size in shown.shape)
    edge = -0.5 * sampling
    axes.imshow(
        shown,
        cmap=colours,
        vmin=low,
        vmax=high,
        extent=(edge, right + edge, bottom + edge, edge),
        interpolation="nearest",
        zorder=0,
    )
    limits = {"xlim": (edge, cols * sampling + edge), "ylim": (rows * sampling + edge, edge)}
    axes.set(**limits, xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(False)
    if bar:
        draw_scale_bar(axes, image.shape, sampling)


def _reduced(image: np.ndarray) -> tuple[np.ndarray, int]:
    """The mean over squares of pixels where there are more than can be shown, and their side."""
    step = max(image.shape) // MOST_SHOWN
    if step < 2:
        return image, 1
    reduced = image
    for axis in (0, 1):
        starts = np.arange(0, image.shape[axis], step)
        counts = np.diff(starts, append=image.shape[axis]).astype(np.float32)
        counts = counts[:, None] if axis == 0 else counts
        reduced = np.add.reduceat(reduced, starts, axis=axis, dtype=np.float32) / counts
    return reduced, step


def scale_bar_length(width: float) -> float:
    """Length of the scale bar [Å]: the largest 1, 2 or 5 times a power of ten that fits.

    Args:
        width: Width of the image [Å].

    >>> scale_bar_length(36.4), scale_bar_length(90)
    (5.0, 20.0)
    """
    longest = BAR_FRACTION * width
    power = 10.0 ** np.floor(np.log10(longest))
    # The small excess keeps 10 / 10.0 from being a hair too long.
    step = max(step for step in (1, 2, 5) if step * power <= longest * (1 + 1e-9))
    return float(step * power)


def draw_scale_bar(axes: Axes, shape: tuple[int, int], sampling: float) -> None:
    """Draws a white bar with its length in nm in the lower left corner of an image."""
    height, width = shape[0] * sampling, shape[1] * sampling
    length = scale_bar_length(width)
    thick, margin = 0.016 * width, 0.035 * width
    bottom = height - 0.5 * sampling - margin
    edges = [withStroke(linewidth=3, foreground="black")]
    axes.add_patch(
        Rectangle(
            (margin - 0.5 * sampling, bottom - thick),
            length,
            thick,
            facecolor="white",
            edgecolor="none",
            path_effects=edges,
            zorder=10,
            gid="scale-bar",
        )
    )
    axes.text(
        margin - 0.5 * sampling,
        bottom - 1.6 * thick,
        f"{length / ANGSTROM_PER['nm']:g} nm",
        color="white",
        weight="bold",
        ha="left",
        va="bottom",
        path_effects=edges,
        zorder=10,
    )


def circle_radius(positions: np.ndarray) -> float:
    """Radius of the circles around columns [Å]: a fraction of the distance of neighbours.

    Args:
        positions: (N, 2) [Å].

    Returns:
        A radius within :data:`CIRCLE_LIMITS`; the mean of these for fewer than two points.
    """
    if len(positions) < 2:
        return sum(CIRCLE_LIMITS) / 2
    distance = np.median(cKDTree(positions).query(positions, k=2)[0][:, 1])
    return float(np.clip(CIRCLE_FRACTION * distance, *CIRCLE_LIMITS))


def draw_circles(axes: Axes, positions: np.ndarray, radius: float, **style: Any) -> None:
    """Draws circles of ``radius`` [Å] at ``positions`` (N, 2), (row, col) [Å].

    Args:
        axes: Axes in Å.
        positions: Centres.
        radius: Radius [Å].
        **style: Options of matplotlib's collections (``edgecolors``, ``facecolors``, …).
    """
    size = np.full(len(positions), 2 * radius)
    pixels = len(positions) > MOST_VECTORS
    style = {"facecolors": "none", "zorder": 5, "rasterized": pixels, **style}
    axes.add_collection(
        EllipseCollection(
            size,
            size,
            np.zeros(len(positions)),
            units="xy",
            offsets=np.asarray(positions)[:, ::-1],
            offset_transform=axes.transData,
            **style,
        )
    )


def draw_columns(
    axes: Axes, positions: np.ndarray, class_index: np.ndarray, radius: float, width: float = 1.6
) -> None:
    """Draws open circles in the colours of their classes, with a dark rim against a light image.

    Where circles would be smaller than a few pixels they are points; see `SMALLEST_CIRCLE`.

    Args:
        axes: Axes with their limits set.
        positions: (N, 2) [Å].
        class_index: (N,) int; -1 (neither labelled nor scored) is drawn in grey.
        radius: Radius of the circles [Å].
        width: Line width [point].
    """
    low, high = axes.get_xlim()
    figure = axes.get_figure(root=True)
    width_inch = figure.get_figwidth() if figure is not None else 0.0
    drawn = radius * width_inch * DPI / abs(high - low)
    for index in np.unique(class_index):
        chosen = positions[class_index == index]
        colour = class_colour(index)
        if drawn < SMALLEST_CIRCLE:
            axes.plot(
                *chosen[:, ::-1].T,
                marker="s",
                markersize=1.0,
                markeredgewidth=0,
                linestyle="none",
                color=colour,
                alpha=0.4,
                zorder=5,
                rasterized=True,
            )
            continue
        thin = min(1.0, drawn / LEGIBLE_CIRCLE)
        for edge, line in (("#000000a0", width + 1.4), (colour, width)):
            draw_circles(axes, chosen, radius, edgecolors=edge, linewidths=thin * line)


def class_colour(index: int) -> str:
    """Colour of a class on a grey image; grey for -1."""
    return CLASS_COLOURS[int(index) % len(CLASS_COLOURS)] if index >= 0 else "#b8b8b8"


def class_legend(class_index: np.ndarray, class_names: Sequence[str]) -> list[Line2D]:
    """Legend entries with the number of columns of each class."""
    return [
        Line2D(
            [],
            [],
            linestyle="none",
            marker="o",
            markersize=10,
            markerfacecolor="#808080",
            markeredgecolor=class_colour(i),
            markeredgewidth=2.2,
            label=f"{name}: {int(np.sum(class_index == i))}",
        )
        for i, name in enumerate(class_names)
    ]


def image_size(shape: tuple[int, int], width: float, highest: float) -> tuple[float, float]:
    """Size [inch] at which an image is ``width`` wide but not higher than ``highest``.

    >>> image_size((100, 200), 6, 8)
    (6.0, 3.0)
    """
    scale = min(width / shape[1], highest / shape[0])
    return shape[1] * scale, shape[0] * scale
