"""Scores of a network as records, which summary.json and the cards of networks share.

A number that is not known is NaN here and null in a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from typing import Annotated

from pydantic import ConfigDict, Field

from temnet.tables.json_records import Number, renamed

StrictNumber = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A number that must be known."""

Interval = tuple[Number, Number]
"""Lower and upper end of a 95 % bootstrap interval over specimens."""

FALSE_POSITIVE, MISSED = "false positive", "missed"
"""Names of the last row and of the last column of a confusion matrix."""

UNKNOWN: Interval = (nan, nan)


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities; see `temnet.inference.score_calibration`.

    Attributes:
        slope: Factor on the log-odds of a column.
        offset: Added to the log-odds of a column, after the factor.
        class_slope: Factor on the logarithms of the class probabilities.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    slope: Annotated[StrictNumber, Field(gt=0, le=1000)] = 1.0
    offset: Annotated[StrictNumber, Field(ge=-1000, le=1000)] = 0.0
    class_slope: Annotated[StrictNumber, Field(ge=0, le=1000)] = 1.0


@dataclass(frozen=True)
class ClassScores:
    """Scores of a class, of ``any`` (localisation) or of ``all``, over all images together.

    Attributes:
        true_positives: Columns that were found.
        false_positives: Peaks without a column.
        false_negatives: Columns that were missed.
        precision: Fraction of the peaks that are columns.
        recall: Fraction of the columns that were found.
        f1: Harmonic mean of both.
        rms_error_pm: Root-mean-square position error in the plane [pm].
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    precision: Number
    recall: Number
    f1: Number
    rms_error_pm: Number

    @property
    def columns(self) -> int:
        """Number of true columns."""
        return self.true_positives + self.false_negatives

    @property
    def peaks(self) -> int:
        """Number of predicted columns."""
        return self.true_positives + self.false_positives


@dataclass(frozen=True)
class PooledScores:
    """Scores over all images together, as a card keeps them of the split `selection`.

    Attributes:
        images: Number of images.
        macro_f1: Mean over the classes of their F1.
        classes: Scores by class, ``any`` and ``all``.
    """

    images: int
    macro_f1: Number
    classes: dict[str, ClassScores]


@dataclass(frozen=True)
class ClassIntervals:
    """Intervals of the scores of a class, of ``any`` or of ``all``.

    Attributes:
        precision: Of the precision.
        recall: Of the recall.
        f1: Of F1.
        rms_error_pm: Of the position error [pm].
    """

    precision: Interval = UNKNOWN
    recall: Interval = UNKNOWN
    f1: Interval = UNKNOWN
    rms_error_pm: Interval = UNKNOWN


@dataclass(frozen=True)
class Intervals:
    """95 % bootstrap intervals over specimens.

    Attributes:
        macro_f1: Of the mean F1 over the classes.
        mean_image_f1: Of the mean F1 of an image.
        median_image_f1: Of the median F1 of an image.
        share_good_images: Of the share of good images.
        rms_shift_pm: Of the shift of whole images [pm].
        classes: Intervals by class, ``any`` and ``all``.
    """

    macro_f1: Interval = UNKNOWN
    mean_image_f1: Interval = UNKNOWN
    median_image_f1: Interval = UNKNOWN
    share_good_images: Interval = UNKNOWN
    rms_shift_pm: Interval = UNKNOWN
    classes: dict[str, ClassIntervals] = field(default_factory=dict)


@dataclass(frozen=True)
class Baseline:
    """F1 to compare with.

    Attributes:
        macro_f1: Mean F1 over the classes.
        mean_image_f1: Mean F1 of an image.
        classes: F1 by class, ``any`` and ``all``.
    """

    macro_f1: Number
    mean_image_f1: Number
    classes: dict[str, Number]


@dataclass(frozen=True)
class RarestBaseline(Baseline):
    """F1 of the same peaks if the network never predicted the rarest class.

    Attributes:
        rarest: That class.
    """

    rarest: str


@dataclass(frozen=True)
class Baselines:
    """Baselines of F1.

    Attributes:
        chance: F1 of the same peaks at random positions.
        never_rarest: F1 without the rarest class; None where fewer than two classes occur.
    """

    chance: Baseline
    never_rarest: RarestBaseline | None = None


@dataclass(frozen=True)
class FalsePositiveRate:
    """False positives on images without any column.

    Attributes:
        images: Number of such images.
        area_nm2: Their area [nm²].
        false_positives: Number of peaks on them.
        per_100_nm2: Peaks per 100 nm².
        low: Lower end of its 95 % interval.
        high: Upper end of its 95 % interval.
    """

    images: int
    area_nm2: Number = nan
    false_positives: Annotated[int, renamed("false_positives", "invented")] = 0  # old key
    per_100_nm2: Number = nan
    low: Number = nan
    high: Number = nan


@dataclass(frozen=True)
class FalsePositiveRates(FalsePositiveRate):
    """False positives on all images without any column, and by the kind of their specimen.

    Attributes:
        kinds: Rates by kind, such as ``amorphous``.
    """

    kinds: dict[str, FalsePositiveRate] = field(default_factory=dict)


@dataclass(frozen=True)
class BoundRatio:
    """Position error beside the Cramér-Rao bound, over the columns that were found.

    Attributes:
        columns: Number of columns whose bound was computed.
        found: How many of them were found.
        bound_pm: Root mean square of the bound [pm].
        error_pm: Root mean square of the error [pm].
        ratio: Error over bound.
        low: Lower end of the ratio's 95 % interval.
        high: Upper end of the ratio's 95 % interval.
    """

    columns: int
    found: int
    bound_pm: Number = nan
    error_pm: Number = nan
    ratio: Number = nan
    low: Number = nan
    high: Number = nan


@dataclass(frozen=True)
class NetworkSummary:
    """Scores of one network.

    Attributes:
        threshold: Lowest score of a column.
        images: Number of images.
        specimens: Number of specimens; None where an earlier version wrote the file.
        macro_f1: Mean over the classes of their F1, the counts of all images added.
        mean_image_f1: Mean F1 of an image with columns.
        median_image_f1: Median F1 of an image with columns.
        share_good_images: Fraction of the images with columns whose F1 is above 0.95.
        rms_shift_pm: Root mean square of the shift that all columns of an image share [pm].
        classes: Scores by class, ``any`` (localisation) and ``all`` (class and position).
        intervals: 95 % bootstrap intervals over specimens.
        baselines: F1 at random positions, and without the rarest class.
        without_columns: False positives on images without any column.
        calibration_error: Expected calibration error of ``any`` and of ``all``.
        cramer_rao: Position error beside the Cramér-Rao bound, where that was computed.
        score_calibration: The calibration of scores on the network's card, if it has one.
    """

    threshold: float
    images: int
    macro_f1: Number
    classes: dict[str, ClassScores]
    baselines: Baselines
    without_columns: FalsePositiveRates
    specimens: int | None = None
    mean_image_f1: Number = nan
    median_image_f1: Number = nan
    share_good_images: Number = nan
    rms_shift_pm: Number = nan
    intervals: Intervals = Intervals()
    calibration_error: dict[str, Number] = field(default_factory=dict)
    cramer_rao: BoundRatio | None = None
    score_calibration: Calibration | None = None


@dataclass(frozen=True)
class Difference:
    """F1 of an image by a second network minus that by a first one.

    Attributes:
        images: Number of images that both have an F1 of.
        specimens: Number of specimens.
        mean: Mean difference.
        low: Lower end of its 95 % bootstrap interval over specimens.
        high: Upper end of its 95 % bootstrap interval over specimens.
        better: Number of images that the second network reads better.
        worse: Number of images that it reads worse.
        p: Two-sided p of the Wilcoxon signed-rank test over specimens.
    """

    images: int
    specimens: int
    mean: Number
    low: Number
    high: Number
    better: int
    worse: int
    p: Number
