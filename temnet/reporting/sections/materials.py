"""Section of a page: scores of places by material."""

from __future__ import annotations

import math
from collections.abc import Sequence

from temnet.evaluation.scores_by_material import MaterialRow
from temnet.reporting.page import Html, Section, paragraph, table
from temnet.reporting.run_results import RunResults
from temnet.tables.csv_rows import read_rows

TABLE = "evaluate/materials.csv"


def material_section(source: RunResults) -> Section | None:
    """Recall and precision of the columns of each material along each zone axis."""
    path = source.root / TABLE
    if not path.is_file():
        return None
    rows = read_rows(path, MaterialRow)
    text = (
        "Columns of each material along each zone axis, by place alone: a strong column that is "
        "found as a weak one counts as found. Strong and weak are recalls of those columns."
    )
    return Section(
        "Scores by material",
        [paragraph(text), _table(rows), paragraph("Table: ", source.links(TABLE), ".")],
    )


def _table(rows: Sequence[MaterialRow]) -> Html:
    header = (
        "network", "material", "zone axis", "images", "columns", "recall", "precision", "F1",
        "strong", "weak",
    )  # fmt: skip
    return table(
        header,
        [
            (
                row.network,
                row.material,
                f"[{row.zone_axis}]",
                row.images,
                row.columns,
                *map(_shown, (row.recall, row.precision, row.f1)),
                *map(_shown, (row.strong_recall, row.weak_recall)),
            )
            for row in rows
        ],
    )


def _shown(rate: float) -> str:
    return "" if math.isnan(rate) else f"{rate:.2f}"
