"""Reliability of scores: whether eight in ten peaks that score 0.8 are columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.tables.csv_rows import renamed

BINS = 10
"""Bins of equal width from 0 to 1."""


@dataclass(frozen=True)
class ReliabilityRow:
    """A line of reliability.csv: peaks in a bin of their predicted probability.

    Attributes:
        network: Name of the network.
        class_: ``any`` for the score of a peak, ``all`` for the probability of its class.
        low: Lower end of the bin.
        high: Upper end of the bin.
        peaks: Number of peaks in it.
        predicted: Their mean predicted probability.
        correct: The fraction of them that are columns (``any``), or of that class (``all``).
    """

    network: str
    class_: str
    low: float
    high: float
    peaks: int
    predicted: float = renamed("said")  # old key
    correct: float = renamed("right")  # old key


def outcomes(
    results: Sequence[ImageResult], settings: Evaluation
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The predicted probability of each peak, and whether the prediction is correct.

    Args:
        results: The images, with peaks down to a low score.
        settings: Uses `radius` and `border`.

    Returns:
        For ``any`` the peak's score and whether it has a column of any class; for ``all`` the
        probability of its class and whether it has a column of that class: (N,) float64 in
        [0, 1] and (N,) bool.
    """
    predicted: dict[str, list[np.ndarray]] = {LOCALISATION: [], SPECIES: []}
    correct: dict[str, list[np.ndarray]] = {LOCALISATION: [], SPECIES: []}
    for image in results:
        peaks = image.peaks
        of_class = peaks.probabilities[np.arange(len(peaks)), peaks.class_index]
        for name, score, pairs in (
            (LOCALISATION, peaks.score, image.by_position(settings)),
            (SPECIES, of_class, image.by_class(settings)),
        ):
            predicted[name] += [score[pairs.found], score[pairs.false]]
            correct[name] += [np.ones(len(pairs.found), bool), np.zeros(len(pairs.false), bool)]
    none, never = np.zeros(0), np.zeros(0, bool)
    return {
        name: (np.concatenate([none, *predicted[name]]), np.concatenate([never, *correct[name]]))
        for name in predicted
    }


def reliability_rows(
    predicted: np.ndarray, correct: np.ndarray, name: str = "", network: str = ""
) -> list[ReliabilityRow]:
    """Peaks in bins of their predicted probability.

    Args:
        predicted: (N,) in [0, 1].
        correct: (N,) bool.
        name: ``any`` or ``all``.
        network: Name of the network.

    Returns:
        A row for each bin that holds a peak.
    """
    edges = np.linspace(0, 1, BINS + 1)
    index = np.clip(np.digitize(predicted, edges) - 1, 0, BINS - 1)
    return [
        ReliabilityRow(
            network=network,
            class_=name,
            low=float(edges[i]),
            high=float(edges[i + 1]),
            peaks=int(np.sum(index == i)),
            predicted=float(predicted[index == i].mean()),
            correct=float(correct[index == i].mean()),
        )
        for i in np.unique(index).tolist()
    ]


def calibration_error(rows: Sequence[ReliabilityRow]) -> float:
    """Expected calibration error: the mean over the peaks of |predicted - correct| of their bin.

    Naeini, Cooper and Hauskrecht, AAAI 2015.

    Args:
        rows: Those of `reliability_rows`.

    Returns:
        In [0, 1]; NaN without peaks.
    """
    total = sum(row.peaks for row in rows)
    if not total:
        return math.nan
    return sum(row.peaks * abs(row.predicted - row.correct) for row in rows) / total
