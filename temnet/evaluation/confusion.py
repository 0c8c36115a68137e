"""Confusion of classes, and false positives on images without columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import chi2

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.bootstrap import CONFIDENCE, interval, resampled_weights
from temnet.evaluation.image_result import ImageResult
from temnet.score_records import FALSE_POSITIVE, MISSED, FalsePositiveRate, FalsePositiveRates
from temnet.tables.csv_rows import read_rows

HUNDRED_SQUARE_NANOMETRES = 1e4
"""100 nm² in Å²."""

OLD_FALSE_POSITIVE = "invented"  # old key
"""The row's name in tables and cards of earlier versions."""


@dataclass(frozen=True)
class ConfusionRow:
    """A line of confusion.csv: columns of one true class that were found as one class.

    Attributes:
        network: Name of the network.
        true_class: Class of the true columns; ``false positive`` for peaks without a column.
        found_class: Predicted class; ``missed`` for columns without a peak.
        columns: Number of columns.
    """

    network: str
    true_class: str
    found_class: str
    columns: int


def read_confusion(path: Path) -> list[ConfusionRow]:
    """Reads confusion.csv.

    Raises:
        InputError: If the file is missing or damaged.
    """
    return [
        replace(row, true_class=FALSE_POSITIVE) if row.true_class == OLD_FALSE_POSITIVE else row
        for row in read_rows(path, ConfusionRow)
    ]


def confusion_rows(
    results: Sequence[ImageResult],
    class_names: Sequence[str],
    settings: Evaluation,
    network: str = "",
) -> list[ConfusionRow]:
    """The confusion matrix of all images, cell by cell; see `confusion_matrix`."""
    matrix = confusion_matrix(results, len(class_names), settings)
    return [
        ConfusionRow(network, true, found, int(matrix[i, j]))
        for i, true in enumerate((*class_names, FALSE_POSITIVE))
        for j, found in enumerate((*class_names, MISSED))
        if (true, found) != (FALSE_POSITIVE, MISSED)
    ]


def confusion_matrix(
    results: Sequence[ImageResult], class_count: int, settings: Evaluation
) -> np.ndarray:
    """Numbers of columns by true and found class, over all images.

    Peaks and columns are paired by position alone, so that a column found as another class is one
    pair here, where the species-aware scores count it as missed and as a false positive.

    Args:
        results: The images, with the peaks that count.
        class_count: Number of classes C.
        settings: Uses `radius` and `border`.

    Returns:
        (C + 1, C + 1) int64: true class by found class; the last row holds false positives, the
        last column missed columns, and the last element is 0.
    """
    matrix = np.zeros((class_count + 1, class_count + 1), np.int64)
    for image in results:
        pairs = image.by_position(settings)
        true, found = image.columns.class_index, image.peaks.class_index
        np.add.at(matrix, (true[pairs.true], found[pairs.found]), 1)
        np.add.at(matrix, (true[pairs.missed], class_count), 1)
        np.add.at(matrix, (class_count, found[pairs.false]), 1)
    return matrix


def false_positive_rates(
    results: Sequence[ImageResult], settings: Evaluation, rng: np.random.Generator
) -> FalsePositiveRates:
    """False positives per 100 nm² on images without any column.

    The interval is a 95 % bootstrap interval over specimens, since false positives come in
    patches.  Without any false positive, or of one specimen, it is that of a Poisson process
    (Garwood, Biometrika 28, 437 (1936)).

    Args:
        results: Images, with the peaks that count; those with a column, even an ignored one, are
            left out.
        settings: Uses `radius` and `border`.
        rng: Draws the specimens again.

    Returns:
        The rates over all such images and for each kind of specimen, by the drawn parameter
        ``structure``; NaN without such images.
    """
    bare = [image for image in results if not len(image.columns)]
    kinds: dict[str, list[ImageResult]] = {}
    for image in bare:
        kinds.setdefault(str(image.parameters.get("structure", "")), []).append(image)
    total = _rate(bare, settings, rng)
    return FalsePositiveRates(
        **vars(total), kinds={kind: _rate(kinds[kind], settings, rng) for kind in sorted(kinds)}
    )


def _rate(
    bare: Sequence[ImageResult], settings: Evaluation, rng: np.random.Generator
) -> FalsePositiveRate:
    areas = np.array([image.area(settings) for image in bare])
    counts = np.array([len(image.by_position(settings).false) for image in bare], np.int64)
    specimen = np.array([image.specimen for image in bare])
    area, count = float(areas.sum()), int(counts.sum())
    unit = HUNDRED_SQUARE_NANOMETRES / area if area else math.nan
    if count and len(np.unique(specimen)) > 1:
        weights = resampled_weights(specimen, rng)
        low, high = interval(HUNDRED_SQUARE_NANOMETRES * (weights @ counts) / (weights @ areas))
    else:
        low, high = (unit * end for end in _poisson_interval(count))
    return FalsePositiveRate(len(bare), area / 100, count, count * unit, low, high)


def _poisson_interval(count: int) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(1 - tail, 2 * count + 2) / 2)
