"""The section of a run's page on scores by the atom count of the columns."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from temnet.evaluation.conditions import LABELS
from temnet.evaluation.scores import SPECIES
from temnet.evaluation.scores_by_atom_count import EVERYWHERE, VACUUM, AtomCountRow
from temnet.evaluation.summary import read_summary
from temnet.reporting.figures.condition_figures import F1_KEYS, draw_curve, scale_to
from temnet.reporting.figures.curves import legend_below
from temnet.reporting.figures.drawing import new_figure, set_title, shorten, styled
from temnet.reporting.page import Section, paragraph
from temnet.reporting.run_results import RunResults, counted
from temnet.reporting.score_results import FOLDER, SUMMARY, table_path
from temnet.tables.csv_rows import read_rows

TABLE = "atom_counts"

TITLES = {EVERYWHERE: "all specimens", VACUUM: "in vacuum"}

FALSE_PEAKS = (
    "False positives count at every atom count, and weigh more the fewer columns are left, so that "
    "F1 may fall although columns of many atoms are found as well as others."
)
"""For captions of scores by atom count."""

NAME_LENGTH = 28
"""Longest name of a network over a panel."""


@styled
def atom_count_figure(rows: Sequence[AtomCountRow]) -> Figure:
    """F1 against each parameter, a line for each smallest atom count, with 95 % intervals.

    Each network has a row of panels for each parameter, each surroundings a column.

    Args:
        rows: Of atom_counts.csv; those of all classes together are shown.
    """
    rows = [row for row in rows if row.class_ == SPECIES]
    networks = dict.fromkeys(row.network for row in rows)
    parameters = dict.fromkeys(row.parameter for row in rows)
    lines = [(parameter, name) for parameter in parameters for name in networks]
    surroundings = dict.fromkeys(row.surroundings for row in rows)
    atom_counts = dict.fromkeys(row.atoms for row in rows)
    figure = new_figure(9.0, 2.9 * len(lines) + 0.9)
    grid = figure.subplots(len(lines), len(surroundings), squeeze=False, sharex="row")
    for panels, (parameter, network) in zip(grid, lines, strict=True):
        for axes, where in zip(panels, surroundings, strict=True):
            wanted = (parameter, network, where)
            part = [row for row in rows if (row.parameter, row.network, row.surroundings) == wanted]
            for number, atoms in enumerate(atom_counts):
                curve = [row for row in part if row.atoms == atoms]
                draw_curve(axes, curve, F1_KEYS, number, at_least(atoms))
            if part:
                scale_to(axes, part)
            axes.set(xlabel=LABELS[parameter], ylabel="F1", ylim=(0, 1.02))
            set_title(axes, f"{shorten(network, NAME_LENGTH)}, {TITLES[where]}")
    legend_below(figure, grid[0, 0], columns=3)
    return figure


def at_least(atoms: int) -> str:
    """Name of a smallest atom count.

    >>> at_least(1), at_least(3)
    ('all columns', 'of 3 atoms or more')
    """
    return "all columns" if atoms == 1 else f"of {atoms} atoms or more"


def atom_count_section(source: RunResults) -> Section | None:
    """Scores of the columns that have at least so many atoms."""
    path = table_path(source.root, TABLE)
    if not path.is_file() or not source.has(SUMMARY):
        return None
    rows = read_rows(path, AtomCountRow)
    networks = read_summary(source.root / SUMMARY).networks
    thresholds = " and ".join(f"{one.threshold:g}" for one in networks.values())
    radius = source.experiment.evaluation.radius
    text = (
        "F1 of localisation and class, all classes together, where columns of fewer atoms are "
        "ignored: they do not count as missed, and peaks on them count neither as found nor as "
        f"false positives. {FALSE_PEAKS} The same specimens throughout, with one parameter at "
        f"fixed values and everything else as drawn; columns within {radius:g} Å of a peak that "
        f"scores {thresholds} or more."
    )
    parts = [paragraph(text)]
    if rows:
        caption = f"{_specimens(rows)} 95 % bootstrap intervals over specimens."
        parts.append(source.picture(atom_count_figure(rows), "atom_counts", caption))
    return Section(
        "Scores by atom count of the columns",
        [*parts, paragraph("Table: ", source.links(f"{FOLDER}/{path.name}"), ".")],
    )


def _specimens(rows: Sequence[AtomCountRow]) -> str:
    """How many specimens the panels show, and which."""
    images = {row.surroundings: row.images for row in rows}
    everywhere = (
        f"All specimens: {counted(images[EVERYWHERE], 'specimen')}, also those without columns."
    )
    if VACUUM not in images:
        return f"{everywhere} No specimen with columns is in vacuum."
    return (
        f"{everywhere} In vacuum: the {counted(images[VACUUM], 'specimen')} with columns and "
        "without a support; false positives on images without columns do not count there."
    )
