"""F1 and position error against the drawn parameters of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np

from temnet.evaluation.bootstrap import intervals
from temnet.evaluation.conditions import DEPENDED, equal_bins
from temnet.evaluation.metrics import MACRO, ImageCounts, scores

MACRO_ROW = "macro"
"""The row of the mean over the classes."""

BIN_RESAMPLES = 1000
"""Bootstrap samples for each bin."""


@dataclass(frozen=True)
class CurveRow:
    """A line of dependence.csv or sweep.csv: a point of a curve, for one class.

    Intervals are 95 % bootstrap intervals over specimens.

    Attributes:
        network: Name of the network.
        parameter: Name of the parameter, such as ``dose``.
        low: Lowest value of the parameter in this bin, in the unit of the parameter.
        middle: Median value; the fixed value in sweep.csv.
        high: Highest value.
        class_: A class; ``any`` for localisation alone, ``all`` for all classes together,
            ``macro`` for the mean over the classes.
        images: Number of images.
        f1: F1 over all of these images together.
        f1_low: Lower end of the interval of F1.
        f1_high: Upper end of the interval of F1.
        rms_error_pm: Root-mean-square position error [pm].
        error_low_pm: Lower end of the interval of the error [pm].
        error_high_pm: Upper end of the interval of the error [pm].
    """

    network: str
    parameter: str
    low: float
    middle: float
    high: float
    class_: str
    images: int
    f1: float
    f1_low: float = nan
    f1_high: float = nan
    rms_error_pm: float = nan
    error_low_pm: float = nan
    error_high_pm: float = nan


@dataclass(frozen=True)
class Point:
    """Where the points of a curve belong.

    Attributes:
        parameter: Name of the parameter.
        low: Lowest value.
        middle: Median value.
        high: Highest value.
        network: Name of the network.
    """

    parameter: str = ""
    low: float = nan
    middle: float = nan
    high: float = nan
    network: str = ""

    @classmethod
    def fixed(cls, parameter: str, value: float, network: str = "") -> Point:
        """A parameter at one value."""
        return cls(parameter, value, value, value, network)


def dependence_rows(
    images: ImageCounts,
    drawn: Sequence[Mapping[str, float]],
    rng: np.random.Generator,
    network: str = "",
) -> list[CurveRow]:
    """Scores in bins of each condition that differs between the images.

    Args:
        images: N images.
        drawn: (N,) conditions of each; see `conditions`.  A missing one is not known.
        rng: Draws the samples of the intervals.
        network: Name of the network.

    Returns:
        Rows of `curve_rows` for each bin.
    """
    rows = []
    for condition in DEPENDED:
        values = np.array([each.get(condition.name, np.nan) for each in drawn])
        for chosen in equal_bins(values):
            part = values[chosen]
            ends = float(part.min()), float(np.median(part)), float(part.max())
            rows += curve_rows(images.select(chosen), Point(condition.name, *ends, network), rng)
    return rows


def curve_rows(images: ImageCounts, point: Point, rng: np.random.Generator) -> list[CurveRow]:
    """A point of a curve: scores of some images over all of them together.

    Args:
        images: The images.
        point: Parameter and network.
        rng: Draws the samples of the intervals.

    Returns:
        A row for each class, for ``any``, ``all`` and ``macro`` (F1 alone).
    """
    values, ends = scores(images), intervals(images, rng, BIN_RESAMPLES)
    rows = []
    for name in (*images.names, MACRO_ROW):
        f1 = MACRO if name == MACRO_ROW else f"{name}/f1"
        low, high = ends[f1]
        row = CurveRow(
            **vars(point), class_=name, images=len(images), f1=values[f1], f1_low=low, f1_high=high
        )
        if name != MACRO_ROW:
            error = f"{name}/rms_error_pm"
            low, high = ends[error]
            row = replace(row, rms_error_pm=values[error], error_low_pm=low, error_high_pm=high)
        rows.append(row)
    return rows
