"""Section of a page: scores of subsets of the images."""

from __future__ import annotations

from temnet.config.analysis.subsets import Subset
from temnet.evaluation.conditions import LABELS
from temnet.evaluation.scores_of_subsets import SubsetRow
from temnet.reporting.page import Section, paragraph, table
from temnet.reporting.run_results import RunResults, bracketed
from temnet.tables.csv_rows import read_rows

TABLE = "evaluate/subsets.csv"


def subset_section(source: RunResults) -> Section | None:
    """Precision, recall and F1 of the images whose conditions lie in ranges."""
    path = source.root / TABLE
    if not path.is_file():
        return None
    asked = source.experiment.evaluation.subsets
    header = (
        "network", "subset", "images", "columns", "precision", "recall", "F1", "macro F1",
    )  # fmt: skip
    rows = [
        (
            row.network,
            row.subset,
            row.images,
            row.columns,
            *(row.precision, row.recall),
            bracketed(row.f1, (row.f1_low, row.f1_high)),
            bracketed(row.macro_f1, (row.macro_f1_low, row.macro_f1_high)),
        )
        for row in read_rows(path, SubsetRow)
    ]
    lines = [paragraph(f"{name}: {conditions_of(subset)}.") for name, subset in asked.items()]
    text = (
        "Images whose conditions lie in ranges, together. Precision, recall and F1 are by place "
        "alone; in brackets 95 % intervals, over specimens."
    )
    place = paragraph("Table: ", source.links(TABLE), ".")
    return Section("Scores of subsets", [paragraph(text), table(header, rows), *lines, place])


def conditions_of(subset: Subset) -> str:
    """The ranges of a subset as text.

    >>> conditions_of({"dose": (500, None), "energy": (80e3, 80e3)})
    'dose (e/Å²) at least 500, energy (eV) 80000'
    """
    return ", ".join(f"{LABELS[name]} {_range(low, high)}" for name, (low, high) in subset.items())


def _range(low: float | None, high: float | None) -> str:
    if low == high:
        return f"{low:.10g}"
    if high is None:
        return f"at least {low:.10g}"
    return f"at most {high:.10g}" if low is None else f"{low:.10g} to {high:.10g}"
