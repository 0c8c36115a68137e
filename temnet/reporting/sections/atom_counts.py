"""The section of a run's page on scores by the height of the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from temnet.csv_tables import read_table
from temnet.evaluation.conditions import LABELS
from temnet.evaluation.scores import SPECIES
from temnet.evaluation.scores_by_atom_count import EVERYWHERE, VACUUM
from temnet.reporting.figures.condition_figures import draw_curve, scale_to
from temnet.reporting.figures.curves import legend_below
from temnet.reporting.figures.drawing import new_figure, set_title, shorten, styled
from temnet.reporting.page import Section, paragraph
from temnet.reporting.run_results import RunResults, counted, read_json

TABLE, SUMMARY = "evaluate/heights.csv", "evaluate/summary.json"

TITLES = {EVERYWHERE: "all specimens", VACUUM: "in vacuum"}

OF_FALSE_PEAKS = (
    "Peaks where no column stands count as false at every height, and weigh the more, the fewer "
    "columns are left, so that F1 may fall although high columns are found as well as others."
)
"""For captions of scores by height."""

NAME_LENGTH = 28
"""Longest name of a network over a panel."""

Rows = Sequence[Mapping[str, Any]]


@styled
def height_figure(rows: Rows) -> Figure:
    """F1 against each parameter, a line for each least height, with 95 % intervals.

    Each network has a row of panels for each parameter, each surroundings a column.

    Args:
        rows: Of heights.csv; those of all classes together are shown.
    """
    rows = [row for row in rows if row["class"] == SPECIES]
    networks = _values(rows, "network")
    lines = [(parameter, name) for parameter in _values(rows, "parameter") for name in networks]
    surroundings, heights = _values(rows, "surroundings"), _values(rows, "atoms")
    figure = new_figure(9.0, 2.9 * len(lines) + 0.9)
    grid = figure.subplots(len(lines), len(surroundings), squeeze=False, sharex="row")
    for panels, (parameter, network) in zip(grid, lines, strict=True):
        for axes, where in zip(panels, surroundings, strict=True):
            wanted = (parameter, network, where)
            part = [
                row
                for row in rows
                if (row["parameter"], row["network"], row["surroundings"]) == wanted
            ]
            for number, atoms in enumerate(heights):
                curve = [row for row in part if row["atoms"] == atoms]
                draw_curve(axes, curve, ("f1", "f1_low", "f1_high"), number, at_least(atoms))
            if part:
                scale_to(axes, part)
            axes.set(xlabel=LABELS[parameter], ylabel="F1", ylim=(0, 1.02))
            set_title(axes, f"{shorten(network, NAME_LENGTH)}, {TITLES[where]}")
    legend_below(figure, grid[0, 0], columns=3)
    return figure


def at_least(atoms: int) -> str:
    """The name of a least height.

    >>> at_least(1), at_least(3)
    ('all columns', 'of 3 atoms or more')
    """
    return "all columns" if atoms == 1 else f"of {atoms} atoms or more"


def _values(rows: Rows, key: str) -> list[Any]:
    """The different values of a column, in the order of the rows."""
    return list(dict.fromkeys(row[key] for row in rows))


def height_section(source: RunResults) -> Section | None:
    """Scores of the columns that have at least so many atoms."""
    if not source.has(TABLE, SUMMARY):
        return None
    rows = read_table(source.root / TABLE)
    networks = read_json(source.root / SUMMARY)["networks"]
    thresholds = " and ".join(f"{one['threshold']:g}" for one in networks.values())
    radius = source.experiment.evaluation.radius
    text = (
        "F1 of place and class, the columns of all classes counted together, where columns of "
        "fewer atoms are ignored: they do not count as missed, nor do peaks on them count as found "
        f"or as false. {OF_FALSE_PEAKS} The same specimens throughout, with one parameter at "
        f"fixed values and everything else as drawn; columns within {radius:g} Å of a peak that "
        f"scores {thresholds} or more."
    )
    parts = [paragraph(text)]
    if rows:
        caption = f"{_specimens(rows)} 95 % bootstrap intervals over specimens."
        parts.append(source.picture(height_figure(rows), "heights", caption))
    return Section(
        "Scores by height of the columns", [*parts, paragraph("Table: ", source.links(TABLE), ".")]
    )


def _specimens(rows: Rows) -> str:
    """How many specimens the panels show, and which."""
    images = {row["surroundings"]: row["images"] for row in rows}
    everywhere = (
        f"All specimens: {counted(images[EVERYWHERE], 'specimen')}, those without any column among "
        "them."
    )
    if VACUUM not in images:
        return f"{everywhere} None with columns is in vacuum."
    return (
        f"{everywhere} In vacuum: the {counted(images[VACUUM], 'specimen')} with columns and "
        "without a support; what is invented on images without any column does not count there."
    )
