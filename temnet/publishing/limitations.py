"""Limitations of a network: the conditions in which its mean F1 over the classes is below 0.9."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

from temnet.config.card_scores import CurvePoint, Curves
from temnet.evaluation.conditions import LABELS
from temnet.reporting.page import UNKNOWN
from temnet.reporting.run_results import bracketed
from temnet.reporting.wording import span

GOOD = 0.9
"""F1 below which a condition is listed."""

HEADER = ("parameter", "range", "mean F1 over the classes", "lowest class")

EVERYTHING = (-math.inf, math.inf)

Ranges = Mapping[str, tuple[float, float]]
Line = tuple[str, str, str, str]


def limitations(curves: Curves, trained: Ranges) -> list[Line]:
    """Lines of the table of conditions with a mean F1 below `GOOD`.

    Neighbouring bins share a line.  Of the parameters as drawn, those without a clear influence
    (overlapping intervals of the highest and the lowest bin) are left out.

    Args:
        curves: The curves on a card.
        trained: For each parameter the lowest and the highest value of the training; fixed values
            outside are marked.

    Returns:
        Texts by `HEADER`.
    """
    lines = []
    for parameter, points in by_parameter(curves.drawn).items():
        if not _may_be_equal(points):
            lines += _lines(parameter, points, EVERYTHING, ())
    for parameter, points in by_parameter(curves.sweep).items():
        lines += _lines(parameter, points, trained.get(parameter, EVERYTHING), ("fixed",))
    return lines


def by_parameter(points: Sequence[CurvePoint]) -> dict[str, list[CurvePoint]]:
    """Points with a known F1 by their parameter, each sorted by its value."""
    found: dict[str, list[CurvePoint]] = {}
    for point in sorted(points, key=lambda point: point.middle):
        if not math.isnan(point.f1):
            found.setdefault(point.parameter, []).append(point)
    return {name: found[name] for name in LABELS if name in found}


def quantity(parameter: str) -> str:
    """The name of a parameter without its unit.

    >>> quantity("dose")
    'dose'
    """
    return LABELS[parameter].partition(" (")[0]


def _lines(
    parameter: str, points: Sequence[CurvePoint], trained: tuple[float, float], how: Sequence[str]
) -> list[Line]:
    """A line for each run of neighbouring points below `GOOD`."""

    def kind(point: CurvePoint) -> tuple[bool, bool]:
        return round(point.f1, 3) < GOOD, trained[0] <= point.middle <= trained[1]  # as printed

    lines = []
    for (low, inside), group in groupby(points, kind):
        if low:
            run = list(group)
            notes = [*how, *(() if inside else ("outside the training",))]
            note = f" ({', '.join(notes)})" if notes else ""
            place = f"{_place(parameter, run)}{note}"
            lines.append((quantity(parameter), place, _values(parameter, run), _worst_class(run)))
    return lines


def _place(parameter: str, run: Sequence[CurvePoint]) -> str:
    """The range of the parameter in neighbouring points, with its unit."""
    unit = LABELS[parameter].partition(" (")[2].removesuffix(")")
    values = span(run[0].low, run[-1].high)
    return values + unit if unit in ("", "°") else f"{values} {unit}"


def _values(parameter: str, run: Sequence[CurvePoint]) -> str:
    """F1 of one point with its interval, or the lowest and highest of several."""
    if len(run) == 1:
        (point,) = run
        return bracketed(point.f1, (point.f1_low, point.f1_high))
    ends = [pick(run, key=lambda point: point.f1) for pick in (min, max)]
    return " to ".join(f"{point.f1:.3f} ({_place(parameter, [point])})" for point in ends)


def _worst_class(run: Sequence[CurvePoint]) -> str:
    """The class of the lowest F1 in the lowest point; a dash for a single class."""
    classes = min(run, key=lambda point: point.f1).classes
    known = {name: f1 for name, f1 in classes.items() if not math.isnan(f1)}
    if len(known) < 2:
        return UNKNOWN
    name = min(known, key=lambda name: known[name])
    return f"{name} ({known[name]:.3f})"


def _may_be_equal(points: Sequence[CurvePoint]) -> bool:
    """Whether the intervals of the lowest and the highest F1 overlap, or are unknown."""
    low, high = (pick(points, key=lambda point: point.f1) for pick in (min, max))
    return not low.f1_high < high.f1_low  # also with NaN
