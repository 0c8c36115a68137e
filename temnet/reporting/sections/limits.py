"""Parts of the section on scores that tell what the electrons allow at best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from temnet.csv_tables import Row
from temnet.evaluation.limits.ideal_scores import HIGHEST, PROBABLE
from temnet.evaluation.metrics import MACRO
from temnet.evaluation.score_curves import MACRO_ROW
from temnet.reporting.figures.score_figures import bound_figure, ideal_figure
from temnet.reporting.page import Html, paragraph, table
from temnet.reporting.run_results import bracketed, counted, known
from temnet.reporting.score_results import FOLDER, Scores

OF_IDEAL_LINES = (
    "Line: what is most probable is said; dotted: the highest F1 that any rule gives the class. "
    "Networks have to find the places as well, and what they invent between the places counts "
    "against them: no network can stand above the dotted line but by chance, and one may stand far "
    "below it."
)
"""For captions of the ideal observer."""


def bound_parts(scores: Scores) -> list[Html]:
    """Position error against the Cramér-Rao bound."""
    if not scores.source.has(f"{FOLDER}/cramer_rao.csv"):
        return []
    found = "; ".join(
        f"{name}: {known(part['error_pm'], '.1f')} pm against {known(part['bound_pm'], '.1f')} pm, "
        f"ratio {bracketed(part['ratio'], (part['low'], part['high']), '.2f')} "
        f"({part['found']} of {part['columns']} columns found)"
        for name, summary in scores.networks.items()
        for part in (summary["cramer_rao"],)
    )
    caption = (
        "Error of single columns against the Cramér-Rao bound: the least that an unbiased estimate "
        "of the column's two coordinates can have from the counted electrons of its image, all "
        "else known (den Dekker et al., Ultramicroscopy 104, 83 (2005)). Root-mean-square over "
        f"the columns found: {found}. In brackets 95 % bootstrap intervals over specimens."
    )
    figure = bound_figure(scores.table("cramer_rao"), list(scores.networks))
    return [scores.source.picture(figure, "cramer_rao", caption)]


def ideal_parts(scores: Scores) -> list[Html]:
    """F1 of each class against that of the ideal observer."""
    if not scores.source.has(f"{FOLDER}/ideal_observer.csv"):
        return []
    rows = scores.table("ideal_observer")
    if not rows:
        return [paragraph("No column was there that the ideal observer could be asked about.")]
    columns = max(row["columns"] for row in rows if row["class"] == MACRO_ROW)
    ideal, series = scores.ideal_curves()
    beside = (
        "beside it that of the networks on the specimens of the dose series" if series else
        "networks stand beside it where evaluation.series.dose is set"
    )  # fmt: skip
    caption = (
        f"F1 of the ideal observer against the dose, from {counted(columns, 'column')}; {beside}. "
        "95 % bootstrap intervals over specimens. This observer is told the places, the microscope "
        "and all other atoms, and only decides which class stands at a place, or none, from the "
        "counted electrons (likelihood ratios; Gonnissen et al., Appl. Phys. Lett. 105, 063116 "
        f"(2014)). {OF_IDEAL_LINES}"
    )
    figure = ideal_figure(ideal, series)
    return [scores.source.picture(figure, "ideal_observer", caption), _as_drawn(scores, rows)]


def _as_drawn(scores: Scores, rows: Sequence[Row]) -> Html:
    """F1 of each class at the doses of the images, of the networks and of the ideal observer."""
    drawn = {(row["rule"], row["class"]): row for row in rows if math.isnan(row["dose"])}
    rules = (PROBABLE, HIGHEST)
    header = ("F1 at the images' doses", *scores.networks, *(f"ideal, {rule}" for rule in rules))
    lines = []
    for name in dict.fromkeys(name for _, name in drawn):
        cells = [_network_f1(summary, name) for summary in scores.networks.values()]
        for rule in rules:
            row = drawn[rule, name]
            f1, *ends = (_finite(row[key]) for key in ("f1", "f1_low", "f1_high"))
            cells.append(bracketed(f1, ends))
        lines.append(("mean over the classes" if name == MACRO_ROW else name, *cells))
    return table(header, lines)


def _network_f1(summary: Mapping[str, Any], name: str) -> str:
    ends = summary.get("intervals", {})
    if name == MACRO_ROW:
        return bracketed(summary[MACRO], ends.get(MACRO))
    return bracketed(
        summary["classes"].get(name, {}).get("f1"), ends.get("classes", {}).get(name, {}).get("f1")
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
