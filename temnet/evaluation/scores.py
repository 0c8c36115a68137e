"""Agreement of the columns that were found with the true ones, image by image."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.conditions import conditions
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.matching import Pairs, of_class

LOCALISATION, SPECIES = "any", "all"
"""Names of the two rows over all classes: localisation alone, and with regard to the species."""

PICOMETRE_PER_ANGSTROM = 100.0


@dataclass(frozen=True)
class ScoreRow:
    """A line of scores.csv: the scores of one class in one image.

    Attributes:
        network: Name of the network.
        index: Number of the image in its split.
        class_: A class; ``any`` for localisation alone, ``all`` for all classes together.
        true_positives: Columns that were found.
        false_positives: Peaks without a column.
        false_negatives: Columns that were missed.
        precision: Fraction of the peaks that are columns; empty without peaks.
        recall: Fraction of the columns that were found; empty without columns.
        f1: Harmonic mean of both; empty where there are neither columns nor peaks.
        rms_error_pm: Root-mean-square position error in the plane [pm], after the image's shift
            was subtracted; empty for fewer than two pairs.
        shift_row_pm: Shift of the whole image along the rows [pm], found minus true.
        shift_col_pm: Shift of the whole image along the columns [pm], found minus true.
        dose: Electrons in the image [e/Å²].
        defocus: Defocus of the first focal image [Å].
    """

    network: str
    index: int
    class_: str
    true_positives: int
    false_positives: int
    false_negatives: int
    precision: float
    recall: float
    f1: float
    rms_error_pm: float
    shift_row_pm: float
    shift_col_pm: float
    dose: float = math.nan
    defocus: float = math.nan


def score_images(
    results: Iterable[ImageResult],
    class_names: Sequence[str],
    settings: Evaluation,
    network: str = "",
) -> list[ScoreRow]:
    """The rows of `score_image` of every image."""
    return [row for image in results for row in score_image(image, class_names, settings, network)]


def score_image(
    image: ImageResult, class_names: Sequence[str], settings: Evaluation, network: str = ""
) -> list[ScoreRow]:
    """Scores of one image.

    Each class is matched by itself, so that a peak of the wrong class can take no column from a
    peak of the right one: a column found as another class counts as missed in its own class and
    as a false positive in the other.  The row ``all`` adds the classes up; the row ``any`` comes
    from one matching by position alone, and is never worse than ``all``.

    Near the border, and with ignored columns, points are counted as in `pair_by_position`.

    The position error is the root of the mean squared distance (in the plane, not per axis)
    after one shift of the whole image was subtracted, the mean over the pairs of ``any``; see
    `position_error`.

    Args:
        image: The image with the peaks that count.
        class_names: Name of each class index.
        settings: Uses `radius` and `border`.
        network: Name of the network.

    Returns:
        One row per class, then ``any`` and ``all``.
    """
    by_position, by_class = image.by_position(settings), image.by_class(settings)
    parts = [
        *(of_class(by_class, image.peaks, image.columns, i) for i in range(len(class_names))),
        by_position,
        by_class,
    ]
    counts = np.array([[len(one.true), len(one.false), len(one.missed)] for one in parts])
    precision, recall, f1 = (rate.tolist() for rate in rates(counts))
    shift, degrees = position_error(by_position.displacements)[1], len(by_position.displacements)
    shifts = shift * PICOMETRE_PER_ANGSTROM if degrees >= 2 else np.full(2, math.nan)
    drawn = conditions(image.parameters)
    return [
        ScoreRow(
            network=network,
            index=image.index,
            class_=name,
            true_positives=len(part.true),
            false_positives=len(part.false),
            false_negatives=len(part.missed),
            precision=precision[i],
            recall=recall[i],
            f1=f1[i],
            rms_error_pm=_error(part, shift, degrees),
            shift_row_pm=float(shifts[0]),
            shift_col_pm=float(shifts[1]),
            dose=drawn["dose"],
            defocus=drawn["defocus"],
        )
        for i, (name, part) in enumerate(
            zip((*class_names, LOCALISATION, SPECIES), parts, strict=True)
        )
    ]


def _error(pairs: Pairs, shift: np.ndarray, degrees: int) -> float:
    return _rms(pairs.displacements - shift, degrees) * PICOMETRE_PER_ANGSTROM


def rates(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and F1 of counts.

    Args:
        counts: (..., 3) true positives, false positives, false negatives.

    Returns:
        (...,) float64 each, NaN where the divisor is zero.

    >>> [rate.tolist() for rate in rates(np.array([[1, 1, 0], [0, 0, 3]]))]
    [[0.5, nan], [1.0, 0.0], [0.6666666666666666, 0.0]]
    """
    true, false, missed = np.moveaxis(np.asarray(counts), -1, 0)
    return (
        ratio(true, true + false),
        ratio(true, true + missed),
        ratio(2 * true, 2 * true + false + missed),
    )


def ratio(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """A quotient, NaN where the divisor is zero."""
    return np.divide(upper, lower, out=np.full(np.shape(lower), np.nan), where=lower > 0)


def position_error(displacements: np.ndarray) -> tuple[float, np.ndarray]:
    """Scatter of displacements about their mean.

    The mean is the shift that misaligned focal images or coma give to all columns alike; since
    it is estimated from the same pairs, the squares are divided by N - 1.

    Args:
        displacements: (N, 2) [Å].

    Returns:
        Root mean square in the plane [Å], NaN for fewer than two; the shift (2,) [Å], zero
        without pairs.
    """
    shift = displacements.mean(axis=0) if len(displacements) else np.zeros(2)
    return _rms(displacements - shift, len(displacements)), shift


def _rms(residuals: np.ndarray, degrees: int) -> float:
    """Root mean square in the plane of residuals whose mean is that of ``degrees`` points."""
    if degrees < 2 or len(residuals) == 0:
        return math.nan
    mean = float(np.mean(np.sum(residuals**2, axis=1)))
    return math.sqrt(mean * degrees / (degrees - 1))
