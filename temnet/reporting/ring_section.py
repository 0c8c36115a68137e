"""Section of a run's page on the rings of a sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from temnet.reporting.figures import image_size, new_figure, set_title, show_image, styled
from temnet.reporting.image_sections import evenly, positions
from temnet.reporting.overlay import IMAGE_HEIGHT, IMAGE_WIDTH
from temnet.reporting.page import Html, Section, paragraph, side_by_side, table
from temnet.reporting.snapshots import Frames, read_frames
from temnet.reporting.source import Source, counted
from temnet.reporting.tables import Row, read_table

RINGS = "predict/rings.csv"

MOST_PICTURES = 6
"""Pictures that the page shows, of evenly chosen images."""

NAMES = {4: "squares", 5: "pentagons", 6: "hexagons", 7: "heptagons", 8: "octagons", 9: "nonagons"}

COLOURS = {
    4: "#c3a5ff",
    5: "#3fc1ff",
    6: "#ffffff",
    7: "#ff9d1c",
    8: "#ff5a3c",
    9: "#f5ec3d",
}
"""Colours of rings on a grey image, by their number of atoms; those of `figures.CLASS_COLOURS`,
blue for the smaller and orange for the larger."""

PLAIN, MARKED = 0.12, 0.6
"""Opacity of hexagons, and of all other rings."""


def rings_section(source: Source) -> Section | None:
    """The rings drawn over the images, and how many there are of each size."""
    if not source.has(RINGS, "predict/columns.csv", "predict/images.npz"):
        return None
    rings = read_table(source.root / RINGS)
    columns = read_table(source.root / "predict/columns.csv")
    frames = read_frames(source.root / "predict/images.npz")
    count = Counter(ring["atoms"] for ring in rings)
    parts = [
        paragraph(
            f"{counted(len(rings), 'ring')} of bonded columns, without those that the image's "
            "border or a hole cuts. Table: ",
            source.links(RINGS),
            ".",
        ),
        table(
            ("atoms", "", "rings", "share"),
            [
                (size, NAMES[size], number, number / len(rings))
                for size, number in sorted(count.items())
            ],
        ),
    ]
    pictures = [
        _picture(source, frames, index, rings, columns)
        for index in evenly(len(frames.frames), MOST_PICTURES)
    ]
    parts += [pictures[0], side_by_side(pictures[1:])] if len(pictures) > 1 else pictures
    return Section("Rings", parts)


def _picture(
    source: Source, frames: Frames, index: int, rings: Sequence[Row], columns: Sequence[Row]
) -> Html:
    file, frame = frames.names[index], int(frames.numbers[index])
    mine = [ring for ring in rings if ring["file"] == file and ring["frame"] == frame]
    corners = [positions([columns[int(line)] for line in ring["columns"].split()]) for ring in mine]
    pixel = float(frames.sampling[index])
    figure = ring_figure(frames.frames[index], pixel, corners, f"{file}, frame {frame}")
    caption = f"Rings in {file}, frame {frame}, coloured by their number of atoms."
    return source.picture(figure, f"rings_{index:04d}", caption)


@styled
def ring_figure(
    image: np.ndarray, sampling: float, rings: Sequence[np.ndarray], title: str = ""
) -> Figure:
    """An image in grey with its rings filled by colour, and how many there are of each size.

    Args:
        image: (row, col).
        sampling: Pixel size [Å].
        rings: For each ring its corners (n, 2) in order, (row, col) [Å].
        title: File and frame, for instance.
    """
    width, height = image_size(image.shape, IMAGE_WIDTH, IMAGE_HEIGHT)
    figure = new_figure(max(width, 3.2), height + 0.8)
    axes = figure.add_subplot()
    show_image(axes, image, sampling)
    handles = []
    for size, colour in COLOURS.items():
        corners = [ring[:, ::-1] for ring in rings if len(ring) == size]
        opacity = PLAIN if size == 6 else MARKED
        style: dict[str, Any] = {
            "facecolor": (colour, opacity),
            "edgecolor": (colour, 0.8),
            "linewidth": 0.8,
        }
        axes.add_collection(PolyCollection(corners, zorder=5, **style))
        if corners:
            label = f"{size} atoms: {len(corners)}"
            handles.append(Patch(facecolor=colour, edgecolor="#808080", label=label))
    set_title(axes, title)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 3) or 1, frameon=False
    )
    return figure
