"""Whether a score of 0.8 means that eight in ten such peaks are columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import LOCALISATION, SPECIES

BINS = 10
"""Bins of equal width from 0 to 1."""


def outcomes(
    looked: Sequence[ImageResult], settings: Evaluation
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What the network said of each peak, and whether it was right.

    Args:
        looked: The images, with peaks down to a low score.
        settings: Radius and border.

    Returns:
        For ``any`` the peak's score and whether a column of any class was there; for ``all`` the
        probability of its class and whether a column of that class was there: (N,) float64 in
        [0, 1] and (N,) bool.
    """
    said: dict[str, list[np.ndarray]] = {LOCALISATION: [], SPECIES: []}
    right: dict[str, list[np.ndarray]] = {LOCALISATION: [], SPECIES: []}
    for image in looked:
        peaks = image.peaks
        of_class = peaks.probabilities[np.arange(len(peaks)), peaks.class_index]
        for name, score, pairs in (
            (LOCALISATION, peaks.score, image.by_place(settings)),
            (SPECIES, of_class, image.by_class(settings)),
        ):
            said[name] += [score[pairs.found], score[pairs.false]]
            right[name] += [np.ones(len(pairs.found), bool), np.zeros(len(pairs.false), bool)]
    none, never = np.zeros(0), np.zeros(0, bool)
    return {
        name: (np.concatenate([none, *said[name]]), np.concatenate([never, *right[name]]))
        for name in said
    }


def reliability_rows(said: np.ndarray, right: np.ndarray) -> list[dict[str, Any]]:
    """Peaks in bins of what was said of them.

    Args:
        said: (N,) in [0, 1].
        right: (N,) bool.

    Returns:
        For each bin that holds a peak: low, high, peaks, said (their mean), right (the fraction).
    """
    edges = np.linspace(0, 1, BINS + 1)
    index = np.clip(np.digitize(said, edges) - 1, 0, BINS - 1)
    return [
        {
            "low": edges[i],
            "high": edges[i + 1],
            "peaks": int(np.sum(index == i)),
            "said": float(said[index == i].mean()),
            "right": float(right[index == i].mean()),
        }
        for i in np.unique(index).tolist()
    ]


def calibration_error(rows: Sequence[dict[str, Any]]) -> float:
    """Expected calibration error: the mean over the peaks of |said - right| of their bin.

    Naeini, Cooper and Hauskrecht, AAAI 2015.

    Args:
        rows: Those of `reliability_rows`.

    Returns:
        In [0, 1]; NaN without peaks.
    """
    total = sum(row["peaks"] for row in rows)
    if not total:
        return math.nan
    return sum(row["peaks"] * abs(row["said"] - row["right"]) for row in rows) / total
