"""Section of a run's page on a simulated movie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from temnet.config.analysis.movie import Movie
from temnet.movies.simulated_truth import TRUTH_FILE, TruthRow, dose_file
from temnet.reporting.figures.drawing import (
    circle_radius,
    draw_circles,
    new_figure,
    set_title,
    show_image,
    styled,
)
from temnet.reporting.page import Section, paragraph, table
from temnet.reporting.run_results import RunResults, counted
from temnet.tables.csv_rows import read_rows

TRUTH = f"movie/{TRUTH_FILE}"

SHOWN_FRAMES = 3
"""Number of frames of each dose in the figure, from the first to the last."""

PANEL = 2.4
"""Width of an image [inch]."""

PRESENT, CAME_OR_WENT = "#56b4e9", "#e69f00"
"""Colours of columns that stay, and of those that appear and vanish."""


def simulated_movie_section(source: RunResults) -> Section | None:
    """Frames of a simulated movie with its true columns, and the transitions that were drawn."""
    movie = source.experiment.movie
    if movie is None or not source.has(TRUTH):
        return None
    files = [f"movie/{dose_file(dose)}" for dose in movie.doses]
    if not source.has(*files):
        return None
    truth = read_rows(source.root / TRUTH, TruthRow)
    sampling = source.experiment.simulation.sampling
    columns = {row.column for row in truth}
    changing = {row.column for row in truth if row.changing}
    parts = [
        paragraph(
            f"{counted(movie.frames, 'frame')} of {counted(len(columns), 'column')}, of which "
            f"{len(changing)} appear and vanish, at {counted(len(movie.doses), 'dose')}; pixels of "
            f"{sampling:g} Å. Frames and true columns: ",
            source.links(*files, TRUTH),
            ".",
        ),
        table(("change", "probability per frame", "in this movie"), _rate_rows(truth, movie)),
    ]
    stacks = {
        dose: np.load(source.root / file, mmap_mode="r")
        for dose, file in zip(movie.doses, files, strict=True)
    }
    figure = frames_figure(stacks, truth, sampling)
    caption = (
        "Frames at each dose. The last row repeats the highest dose with the true columns: circles "
        "are columns that are present, in orange those that appear and vanish; a cross marks one "
        "that is absent."
    )
    return Section("Simulated movie", [*parts, source.picture(figure, "simulated_movie", caption)])


def _rate_rows(truth: Sequence[TruthRow], movie: Movie) -> list[tuple[str, str, str]]:
    """Probabilities that were set, and how often the changes were drawn."""
    present = {(row.column, row.frame): row.present for row in truth if row.changing}
    columns = sorted({column for column, _ in present})
    history = np.array(
        [[present.get((column, frame), False) for frame in range(movie.frames)]
         for column in columns], bool,
    ).reshape(-1, movie.frames)  # fmt: skip
    before, after = history[:, :-1], history[:, 1:]
    return [
        (name, f"{chance:g}", f"{np.sum(start & end)} of {counted(int(np.sum(start)), 'time')}")
        for name, chance, start, end in (
            ("an absent column appears", movie.appearance, ~before, after),
            ("a column vanishes", movie.disappearance, before, ~after),
        )
    ]


@styled
def frames_figure(
    stacks: dict[float, np.ndarray], truth: Sequence[TruthRow], sampling: float
) -> Figure:
    """Draw some frames at each dose, and again at the highest dose with the true columns.

    Args:
        stacks: (frame, row, col) by dose [e/Å²].
        truth: Lines of truth.csv.
        sampling: Pixel size [Å].
    """
    count = len(next(iter(stacks.values())))
    chosen = np.unique(np.linspace(0, count - 1, SHOWN_FRAMES).round().astype(int)).tolist()
    doses = sorted(stacks)
    figure = new_figure(PANEL * len(chosen), (len(doses) + 1) * (PANEL + 0.3))
    grid = figure.subplots(len(doses) + 1, len(chosen), squeeze=False)
    for line, dose in zip(grid, [*doses, doses[-1]], strict=True):
        for axes, frame in zip(line, chosen, strict=True):
            show_image(axes, np.asarray(stacks[dose][frame]), sampling, bar=frame == chosen[0])
            set_title(axes, f"{dose:g} e/Å², frame {frame}")
    for axes, frame in zip(grid[-1], chosen, strict=True):
        _draw_truth(axes, [row for row in truth if row.frame == frame])
    return figure


def _draw_truth(axes: Axes, rows: Sequence[TruthRow]) -> None:
    places = np.array([(row.row_angstrom, row.col_angstrom) for row in rows])
    changing = np.array([row.changing for row in rows], bool)
    present = np.array([row.present for row in rows], bool)
    radius = circle_radius(places)
    draw_circles(axes, places[present & ~changing], radius, edgecolors=PRESENT, linewidths=1.1)
    draw_circles(axes, places[present & changing], radius, edgecolors=CAME_OR_WENT, linewidths=1.1)
    away = places[changing & ~present]
    axes.plot(away[:, 1], away[:, 0], "x", color=CAME_OR_WENT, markersize=4, markeredgewidth=1.1)
