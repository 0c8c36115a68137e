"""Which class was taken for which, and what was missed and invented."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import chi2

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.metrics import CONFIDENCE, interval, resampled_weights

HUNDRED_SQUARE_NANOMETRES = 1e4
"""100 nm² in Å²."""


def confusion_matrix(
    looked: Sequence[ImageResult], class_count: int, settings: Evaluation
) -> np.ndarray:
    """Numbers of columns by true and found class, over all images.

    Peaks and columns are paired by place alone, so that a column found as another class is one
    pair here, where the species-aware scores count it as missed and as invented.

    Args:
        looked: The images, with the peaks that count.
        class_count: Number of classes C.
        settings: Radius and border.

    Returns:
        (C + 1, C + 1) int64: true class by found class; the last row holds what was invented, the
        last column what was missed, and its last element is 0.
    """
    matrix = np.zeros((class_count + 1, class_count + 1), np.int64)
    for image in looked:
        pairs = image.by_place(settings)
        true, found = image.columns.class_index, image.peaks.class_index
        np.add.at(matrix, (true[pairs.true], found[pairs.found]), 1)
        np.add.at(matrix, (true[pairs.missed], class_count), 1)
        np.add.at(matrix, (class_count, found[pairs.false]), 1)
    return matrix


def invented_per_area(
    looked: Sequence[ImageResult], settings: Evaluation, rng: np.random.Generator
) -> dict[str, Any]:
    """Peaks on images without any column, for each 100 nm² of them.

    Args:
        looked: Images, with the peaks that count; those with a column, ignored ones too, are
            passed over.
        settings: Radius and border.
        rng: Draws the specimens again.

    Returns:
        ``images`` and ``area_nm2`` that were looked at, ``invented`` on them, and
        ``per_100_nm2`` with its 95 % bootstrap interval ``low`` to ``high`` over specimens, since
        peaks come in patches; where that tells nothing, as nothing was invented or there is one
        specimen alone, that of a Poisson process (Garwood, Biometrika 28, 437 (1936)).  NaN
        where there is no such image.  ``kinds`` holds the same for each kind of specimen, by the
        parameter ``structure`` that was drawn.
    """
    empty = [image for image in looked if not len(image.columns)]
    kinds: dict[str, list[ImageResult]] = {}
    for image in empty:
        kinds.setdefault(str(image.parameters.get("structure", "")), []).append(image)
    total = _invented(empty, settings, rng)
    return {
        **total,
        "kinds": {kind: _invented(kinds[kind], settings, rng) for kind in sorted(kinds)},
    }


def _invented(
    empty: Sequence[ImageResult], settings: Evaluation, rng: np.random.Generator
) -> dict[str, float]:
    areas = np.array([image.area(settings) for image in empty])
    counts = np.array([len(image.by_place(settings).false) for image in empty], np.int64)
    specimen = np.array([image.specimen for image in empty])
    area, count = float(areas.sum()), int(counts.sum())
    unit = HUNDRED_SQUARE_NANOMETRES / area if area else math.nan
    if count and len(np.unique(specimen)) > 1:
        weights = resampled_weights(specimen, rng)
        low, high = interval(HUNDRED_SQUARE_NANOMETRES * (weights @ counts) / (weights @ areas))
    else:
        low, high = (unit * end for end in _poisson_interval(count))
    return {
        "images": len(empty),
        "area_nm2": area / 100,
        "invented": count,
        "per_100_nm2": count * unit,
        "low": low,
        "high": high,
    }


def _poisson_interval(count: int) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(1 - tail, 2 * count + 2) / 2)
