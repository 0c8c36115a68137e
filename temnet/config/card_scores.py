"""The scores on a network's card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from typing import Annotated, Any

from temnet.score_records import FALSE_POSITIVE, Difference, Interval, NetworkSummary, PooledScores
from temnet.tables.json_records import Number, converted, renamed


@dataclass(frozen=True, kw_only=True)
class SelectionScores(PooledScores):
    """Scores over the images that chose the network's epoch and threshold.

    Attributes:
        split: Name of these images.
    """

    split: str = "selection"


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """Scores over the images in a bin of a parameter, or at a fixed value of it.

    Attributes:
        parameter: Name of the parameter, such as ``dose``.
        low: Lowest value, in the unit of the parameter.
        middle: Median value.
        high: Highest value.
        images: Number of images.
        f1: Mean F1 over the classes.
        f1_low: Lower end of its 95 % interval.
        f1_high: Upper end of its 95 % interval.
        rms_error_pm: Root-mean-square position error of any class [pm].
        error_low_pm: Lower end of its 95 % interval [pm].
        error_high_pm: Upper end of its 95 % interval [pm].
        classes: F1 of each class.
    """

    parameter: str
    low: float
    middle: float
    high: float
    images: int
    f1: Number = nan
    f1_low: Number = nan
    f1_high: Number = nan
    rms_error_pm: Number = nan
    error_low_pm: Number = nan
    error_high_pm: Number = nan
    classes: dict[str, Number] = field(default_factory=dict)


@dataclass(frozen=True)
class Curves:
    """Scores against the parameters of the images.

    Attributes:
        drawn: Bins of the images by their drawn parameters.
        sweep: Images of the same specimens at fixed values of one parameter.
    """

    drawn: list[CurvePoint]
    sweep: Annotated[list[CurvePoint], renamed("sweep", "series")] = field(  # old key
        default_factory=list
    )


@dataclass(frozen=True, kw_only=True)
class Comparison(Difference):
    """F1 of an image by this network minus that by another one, on the same images.

    Attributes:
        network: Name of the other network.
        sha256: Checksum of its weights.
        macro_f1: Its mean F1 over the classes.
        interval: 95 % interval of that.
    """

    network: str
    sha256: str
    macro_f1: Number
    interval: Interval


def _plain_rows(confusion: Any) -> Any:
    """The rows of a confusion matrix under their present names."""
    if not isinstance(confusion, Mapping):
        return confusion
    return {FALSE_POSITIVE if key == "invented" else key: row  # old key
            for key, row in confusion.items()}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ValidationScores(NetworkSummary):
    """Scores on the held-out validation images.

    Attributes:
        split: Name of these images.
        radius: Largest distance of a peak from its column [Å].
        border: Width of the border in which columns do not count [Å].
        false_positive_share: Fraction of the peaks that are not columns.
        confusion: Number of columns by true and predicted class; see `ConfusionRow`.
        curves: Scores against the parameters of the images.
        paired: Differences from other networks.
    """

    split: str
    radius: float
    border: float
    false_positive_share: Annotated[
        Number,
        renamed("false_positive_share", "invented_share"),  # old key
    ]
    confusion: Annotated[dict[str, dict[str, int]], converted(_plain_rows)]
    curves: Curves
    paired: list[Comparison] = field(default_factory=list)
