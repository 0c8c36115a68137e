"""Parts of the section on scores about the limits set by the electrons."""

from __future__ import annotations

import math
from collections.abc import Sequence

from temnet.evaluation.limits.cramer_rao import BoundRow
from temnet.evaluation.limits.ideal_scores import HIGHEST, PROBABLE, IdealRow
from temnet.evaluation.score_curves import MACRO_ROW
from temnet.reporting.figures.score_figures import bound_figure, ideal_figure
from temnet.reporting.page import UNKNOWN, Html, paragraph, table
from temnet.reporting.run_results import bracketed, counted, known
from temnet.reporting.score_results import Scores
from temnet.score_records import BoundRatio, ClassIntervals, NetworkSummary

IDEAL_LINES = (
    "Line: the most probable class is predicted; dotted: the highest F1 that any rule gives the "
    "class. Networks also have to find the places, and false positives between the places lower "
    "their F1: a network can be above the dotted line only by chance, and may be far below it."
)
"""For captions of the ideal observer."""


def bound_parts(scores: Scores) -> list[Html]:
    """Position error against the Cramér-Rao bound."""
    if not scores.has("cramer_rao"):
        return []
    found = "; ".join(
        f"{name}: {bound_text(summary.cramer_rao)}"
        for name, summary in scores.networks.items()
        if summary.cramer_rao is not None
    )
    caption = (
        "Error of single columns against the Cramér-Rao bound: the least that an unbiased estimate "
        "of the column's two coordinates can have from the counted electrons of its image, all "
        "else known (den Dekker et al., Ultramicroscopy 104, 83 (2005)). Root-mean-square over "
        f"the columns found: {found}. In brackets 95 % bootstrap intervals over specimens."
    )
    figure = bound_figure(scores.table("cramer_rao", BoundRow), list(scores.networks))
    return [scores.source.picture(figure, "cramer_rao", caption)]


def bound_text(part: BoundRatio) -> str:
    """Position error, bound and their ratio.

    >>> bound_text(BoundRatio(9, 8, bound_pm=2.0, error_pm=3.0, ratio=1.5))
    '3.0 pm against 2.0 pm, ratio 1.50 (8 of 9 columns found)'
    """
    return (
        f"{known(part.error_pm, '.1f')} pm against {known(part.bound_pm, '.1f')} pm, ratio "
        f"{bracketed(part.ratio, (part.low, part.high), '.2f')} ({part.found} of {part.columns} "
        "columns found)"
    )


def ideal_parts(scores: Scores) -> list[Html]:
    """F1 of each class against that of the ideal observer."""
    if not scores.has("ideal_observer"):
        return []
    rows = scores.table("ideal_observer", IdealRow)
    if not rows:
        return [paragraph("The ideal observer has no scores: the images have no columns.")]
    columns = max(row.columns for row in rows if row.class_ == MACRO_ROW)
    ideal, sweep = scores.ideal_curves()
    beside = (
        "beside it F1 of the networks on the specimens of the dose sweep" if sweep else
        "set evaluation.sweep.dose for the networks beside it"
    )  # fmt: skip
    caption = (
        f"F1 of the ideal observer against the dose, from {counted(columns, 'column')}; {beside}. "
        "95 % bootstrap intervals over specimens. The ideal observer knows the places, the "
        "microscope and all other atoms, and decides the class at a place, or that it is empty, "
        "from the counted electrons (likelihood ratios; Gonnissen et al., Appl. Phys. Lett. 105, "
        f"063116 (2014)). {IDEAL_LINES}"
    )
    figure = ideal_figure(ideal, sweep)
    return [scores.source.picture(figure, "ideal_observer", caption), _as_drawn(scores, rows)]


def _as_drawn(scores: Scores, rows: Sequence[IdealRow]) -> Html:
    """F1 of each class at the doses of the images, of the networks and of the ideal observer."""
    drawn = {(row.rule, row.class_): row for row in rows if math.isnan(row.dose)}
    rules = (PROBABLE, HIGHEST)
    header = ("F1 at the images' doses", *scores.networks, *(f"ideal, {rule}" for rule in rules))
    lines = []
    for name in dict.fromkeys(name for _, name in drawn):
        cells = [_network_f1(summary, name) for summary in scores.networks.values()]
        ideal = (drawn[rule, name] for rule in rules)
        cells += [bracketed(row.f1, (row.f1_low, row.f1_high)) for row in ideal]
        lines.append(("mean over the classes" if name == MACRO_ROW else name, *cells))
    return table(header, lines)


def _network_f1(summary: NetworkSummary, name: str) -> str:
    ends = summary.intervals
    if name == MACRO_ROW:
        return bracketed(summary.macro_f1, ends.macro_f1)
    own = ends.classes.get(name, ClassIntervals())
    return bracketed(summary.classes[name].f1, own.f1) if name in summary.classes else UNKNOWN
