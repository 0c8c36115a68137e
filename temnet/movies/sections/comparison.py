"""Section of a run's page on two movies compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from temnet.movies.blocks import MEMORIES
from temnet.movies.comparison import ComparisonRow
from temnet.movies.figures import comparison_figure
from temnet.reporting.page import Html, Section, link, paragraph, table
from temnet.reporting.run_results import RunResults, counted
from temnet.tables.csv_rows import read_rows

SIGNIFICANT = 0.05
"""Differences with a smaller p are called significant."""


def compare_section(source: RunResults) -> Section | None:
    """Differences between two movies."""
    name = "compare/compare.csv"
    if not source.has(name) or source.experiment.compare is None:
        return None
    rows = read_rows(source.root / name, ComparisonRow)
    first, second = _names(*source.experiment.compare.runs)
    parts = [
        paragraph(
            f"Differences are {second} minus {first}; units are blocks of frames. The interval is "
            "Welch's, from the scatter of the blocks; p is that of a permutation test which "
            "shuffles the blocks between the movies. Table: ",
            link(name),
            ".",
        ),
        *(paragraph(text) for text in _conclusions(rows)),
    ]
    if rows:
        caption = "Fractions in the two movies and their differences with 95 % intervals."
        figure = comparison_figure(rows, (first, second))
        parts += [source.picture(figure, "comparison", caption), _table(rows)]
    return Section("Two movies compared", parts)


def _names(first: str, second: str) -> tuple[str, str]:
    """Names of two run folders, or their paths if the names are equal.

    >>> _names("runs/vacuum", "runs/oxygen"), _names("a/run", "b/run")
    (('vacuum', 'oxygen'), ('a/run', 'b/run'))
    """
    names = Path(first).name, Path(second).name
    return names if names[0] != names[1] else (first, second)


def _conclusions(rows: Sequence[ComparisonRow]) -> Iterator[str]:
    """Sentences on what is significant, and on what could not be tested."""
    if not rows:
        yield "The movies have no class and region in common."
        return
    short = [row for row in rows if row.block_frames < MEMORIES * row.memory_frames]
    if any(row.quantity == "occupancy" for row in short):
        yield (
            "The movies are short compared with the time for which sites keep their state: p of "
            "the occupancy is somewhat too small, and its interval too narrow. Record longer "
            "movies."
        )
    tested = [row for row in rows if np.isfinite(row.p_value)]
    if len(tested) < len(rows):
        yield (
            f"{len(rows) - len(tested)} of {counted(len(rows), 'difference')} could not be tested: "
            "fewer than two blocks have observations."
        )
    if not tested:
        return
    found = [row for row in tested if row.p_value < SIGNIFICANT]
    if not found:
        yield f"No difference is significant (all p at least {SIGNIFICANT:g})."
        return
    names = ", ".join(f"{_quantity(row)} of {row.class_} ({row.region})" for row in found)
    yield (
        f"Significant at p < {SIGNIFICANT:g}, without correction for multiple tests: {names}; "
        f"{counted(len(tested), 'test')} were made."
    )


def _quantity(row: ComparisonRow) -> str:
    return row.quantity.replace("_", " ")


def _table(rows: Sequence[ComparisonRow]) -> Html:
    header = ("sites", "quantity", "first", "second", "difference", "95 % interval", "p", "blocks")
    cells = [
        (
            f"{row.class_}, {row.region}",
            _quantity(row),
            row.first,
            row.second,
            row.difference,
            f"{row.difference_low:.3f} to {row.difference_high:.3f}",
            row.p_value,
            f"{row.blocks_first} and {row.blocks_second} of {row.block_frames} frames",
        )
        for row in rows
    ]
    return table(header, cells)
