"""Where a network does badly, in plain sentences read off its curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from temnet.evaluation.conditions import LABELS
from temnet.reporting.run_results import bracketed
from temnet.reporting.wording import in_words, span

GOOD = 0.9
"""F1 below which a place is weak."""

EVERYTHING = (-math.inf, math.inf)
"""A range without ends."""

Point = Mapping[str, Any]
Ranges = Mapping[str, tuple[float, float]]


def weak_places(curves: Mapping[str, Sequence[Point]], taught: Ranges) -> list[str]:
    """Sentences on where the mean F1 over the classes lies below `GOOD`.

    Args:
        curves: That part of a card's block ``validation``: points ``drawn`` (bins of the images
            as they were drawn) and perhaps ``series`` (one parameter at fixed values).
        taught: For each parameter the lowest and the highest value of the training; fixed values
            beyond are told as such.

    Returns:
        A sentence for each parameter that makes a difference, and one for the others together.
    """
    sentences = []
    equal: dict[str, list[Point]] = {}
    good = []
    for parameter, points in by_parameter(curves["drawn"]).items():
        if not any(map(_is_weak, points)):
            good.append(parameter)
        elif _may_be_equal(points):
            equal[parameter] = points
        else:
            sentences.append(_sentence(parameter, points, "as drawn", EVERYTHING))
    if equal:
        names = in_words([quantity(name) for name in equal])
        values = _values([point for points in equal.values() for point in points])
        sentences.append(
            f"In bins by {names} F1 is {values}, and the intervals of each one's best and worst "
            "bin overlap."
        )
    if good:
        names = in_words([quantity(name) for name in good])
        sentences.append(f"In no bin by {names} does F1 fall below {GOOD:g}.")
    for parameter, points in by_parameter(curves.get("series", ())).items():
        if any(_is_weak(point) for point in points):
            within = taught.get(parameter, EVERYTHING)
            sentences.append(_sentence(parameter, points, "at fixed values", within))
    return sentences


def by_parameter(points: Sequence[Point]) -> dict[str, list[Point]]:
    """Points whose F1 is known by their parameter, each by rising value."""
    found: dict[str, list[Point]] = {}
    for point in sorted(points, key=lambda point: point["middle"]):
        if point["f1"] is not None:
            found.setdefault(point["parameter"], []).append(point)
    return {name: found[name] for name in LABELS if name in found}


def quantity(parameter: str) -> str:
    """What a parameter is called, without its unit.

    >>> quantity("dose")
    'dose'
    """
    return LABELS[parameter].partition(" (")[0]


def _sentence(
    parameter: str, points: Sequence[Point], how: str, taught: tuple[float, float]
) -> str:
    """Where F1 lies below `GOOD` by one parameter, and what it is elsewhere."""

    def is_taught(point: Point) -> bool:
        return taught[0] <= point["middle"] <= taught[1]

    start = f"By {quantity(parameter)} ({how}) F1 is below {GOOD:g}"
    inside = [point for point in points if is_taught(point)] or points
    worst, best = (pick(inside, key=lambda point: point["f1"]) for pick in (min, max))
    runs = [list(run) for _, run in groupby(points, lambda one: (_is_weak(one), is_taught(one)))]
    if all(map(_is_weak, inside)):
        beyond = [
            f"{_values(run)} at {_place(parameter, run)}" for run in runs if run[0] not in inside
        ]
        return (
            f"{start} throughout: {_values([worst])} at {_place(parameter, [worst])}"
            f"{_worst_class(worst)}; at best {_values([best])} at {_place(parameter, [best])}"
            f"{f'; beyond what was taught {in_words(beyond)}' if beyond else ''}."
        )
    parts = [
        f"{_place(parameter, run)} ({_values(run)}{'' if run[0] in inside else '; not taught'})"
        for run in runs
        if _is_weak(run[0])
    ]
    rest = [point for point in points if not _is_weak(point)]
    of_class = _worst_class(worst) if _is_weak(worst) else ""
    return f"{start} at {in_words(parts)}{of_class}; elsewhere it is {_values(rest)}."


def _place(parameter: str, run: Sequence[Point]) -> str:
    """What the parameter was in neighbouring points, with its unit."""
    unit = LABELS[parameter].partition(" (")[2].removesuffix(")")
    values = span(run[0]["low"], run[-1]["high"])
    return values + unit if unit in ("", "°") else f"{values} {unit}"


def _values(points: Sequence[Point]) -> str:
    """F1 of one point with its interval, or the lowest and highest of several."""
    if len(points) == 1:
        (point,) = points
        return bracketed(point["f1"], (point["f1_low"], point["f1_high"]))
    values = [point["f1"] for point in points]
    return f"{min(values):.3f} to {max(values):.3f}"


def _worst_class(worst: Point) -> str:
    """Which class is worst where F1 is lowest; nothing for a single class."""
    known = {name: f1 for name, f1 in worst["classes"].items() if f1 is not None}
    if len(known) < 2:
        return ""
    name = min(known, key=lambda name: known[name])
    return f", lowest for {name} ({known[name]:.3f})"


def _is_weak(point: Point) -> bool:
    return round(point["f1"], 3) < GOOD  # as it is printed


def _may_be_equal(points: Sequence[Point]) -> bool:
    """Whether the intervals of the lowest and the highest F1 overlap, or are not known."""
    low, high = (pick(points, key=lambda point: point["f1"]) for pick in (min, max))
    if low["f1_high"] is None or high["f1_low"] is None:
        return True
    return low["f1_high"] >= high["f1_low"]
