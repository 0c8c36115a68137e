"""Section of a run's page on the rings of a sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from temnet.reporting.figures.drawing import (
    MOST_VECTORS,
    image_size,
    new_figure,
    set_title,
    show_image,
    styled,
)
from temnet.reporting.figures.overlay import IMAGE_HEIGHT, IMAGE_WIDTH
from temnet.reporting.files.column_summary import summarise_columns
from temnet.reporting.files.kept_frames import each_frame, read_index
from temnet.reporting.files.prediction_rows import RINGS_FILE, RingRow
from temnet.reporting.page import Html, Section, paragraph, side_by_side, table
from temnet.reporting.run_results import RunResults, counted
from temnet.reporting.sections.images import COLUMNS, IMAGES, evenly
from temnet.tables.csv_rows import each_row

RINGS = f"predict/{RINGS_FILE}"

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
"""Colours of rings on a grey image, by their number of atoms: those of
`temnet.reporting.figures.drawing.CLASS_COLOURS`, blue for small and orange for large rings."""

PLAIN, MARKED = 0.12, 0.6
"""Opacity of hexagons, and of all other rings."""


def rings_section(source: RunResults) -> Section | None:
    """Pictures of the rings, and a table of how many there are of each size."""
    if not source.has(RINGS, COLUMNS, IMAGES):
        return None
    index = read_index(source.root / IMAGES)
    chosen = evenly(len(index), MOST_PICTURES)
    places = [(index.names[place], int(index.numbers[place])) for place in chosen]
    summary = summarise_columns(source.root / COLUMNS, {}, places)
    count: Counter[int] = Counter()
    corners: dict[tuple[str, int], list[np.ndarray]] = {place: [] for place in places}
    for ring in each_row(source.root / RINGS, RingRow):
        count[ring.atoms] += 1
        place = ring.file, ring.frame
        if place in corners:
            lines = np.array(ring.columns.split(), np.int64) - summary.first_line[place]
            corners[place].append(summary.shown[place].positions[lines])
    parts = [
        paragraph(
            f"{counted(count.total(), 'ring')} of bonded columns, without those that the image's "
            "border or a hole cuts. Table: ",
            source.links(RINGS),
            ".",
        ),
        table(
            ("atoms", "", "rings", "share"),
            [
                (size, NAMES[size], number, number / count.total())
                for size, number in sorted(count.items())
            ],
        ),
    ]
    images = each_frame(source.root / IMAGES, chosen)
    pictures = [
        _picture(source, image, float(index.sampling[number]), place, number, corners[place])
        for number, place, image in zip(chosen, places, images, strict=True)
    ]
    parts += [pictures[0], side_by_side(pictures[1:])] if len(pictures) > 1 else pictures
    return Section("Rings", parts)


def _picture(
    source: RunResults,
    image: np.ndarray,
    sampling: float,
    place: tuple[str, int],
    number: int,
    corners: Sequence[np.ndarray],
) -> Html:
    title = f"{place[0]}, frame {place[1]}"
    figure = ring_figure(image, sampling, corners, title)
    caption = f"Rings in {title}, coloured by their number of atoms."
    return source.picture(figure, f"rings_{number:04d}", caption)


@styled
def ring_figure(
    image: np.ndarray, sampling: float, rings: Sequence[np.ndarray], title: str = ""
) -> Figure:
    """Figure of a grey image with its rings filled by colour, and their number by size.

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
        axes.add_collection(
            PolyCollection(
                corners,
                zorder=5,
                rasterized=len(rings) > MOST_VECTORS,
                facecolor=(colour, opacity),
                edgecolor=(colour, 0.8),
                linewidth=0.8,
            )
        )
        if corners:
            label = f"{size} atoms: {len(corners)}"
            handles.append(Patch(facecolor=colour, edgecolor="#808080", label=label))
    set_title(axes, title)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 3) or 1, frameon=False
    )
    return figure
