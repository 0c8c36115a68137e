"""How a trained network's answers have to be stretched to be probabilities, and its threshold."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax, logit

from temnet.config.experiment import Experiment
from temnet.evaluation.pairs import pair_by_place
from temnet.evaluation.precision_recall import THRESHOLDS
from temnet.inference.score_calibration import LEAST, ScoreCalibration
from temnet.records import Example, Peaks
from temnet.training.peak_scores import best_threshold, find_all

FEWEST_PEAKS = 50
"""Peaks of either outcome from which a slope is told."""

SLOPES, OFFSETS = (0.25, 5.0), (-8.0, 8.0)
"""How far a calibration may go."""


def calibrate(
    model: keras.Model, selection: Sequence[Example], experiment: Experiment
) -> tuple[ScoreCalibration, float]:
    """What a network's card needs to know before the network is used.

    Args:
        model: The trained network, from normalised images to logits.
        selection: Examples of the split `selection`, which it was not taught on.
        experiment: The settings that both belong to.

    Returns:
        The calibration, and the threshold of the highest species-aware F1 after it.
    """
    found = find_all(model, selection, experiment)
    calibration = fit_calibration(found, selection, experiment)
    calibrated = [calibration.peaks(peaks) for peaks in found]
    threshold, _ = best_threshold(calibrated, selection, experiment, THRESHOLDS)
    return calibration, threshold


def fit_calibration(
    found: Sequence[Peaks], examples: Sequence[Example], experiment: Experiment
) -> ScoreCalibration:
    """The calibration that makes what is true the most probable.

    Args:
        found: Peaks of each example, down to a low score.
        examples: Examples of the split `selection`, which the network was not taught on.
        experiment: Classes, radius and border.

    Returns:
        That of the highest likelihood; a slope stays 1 where fewer than `FEWEST_PEAKS` peaks are
        right, or wrong.
    """
    scores, shares, true = _answers(found, examples, experiment)
    right = true >= 0
    slope, offset = _fit_scores(scores, right)
    return ScoreCalibration(slope, offset, _fit_classes(shares[right], true[right]))


def _answers(
    found: Sequence[Peaks], examples: Sequence[Example], experiment: Experiment
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N,) scores of the peaks that count, (N, class) probabilities and (N,) class or -1."""
    settings, count = experiment.evaluation, len(experiment.class_names)
    scores, shares, true = [np.zeros(0)], [np.zeros((0, count))], [np.zeros(0, np.int64)]
    for peaks, example in zip(found, examples, strict=True):
        height, width = (example.sampling * (n - 1) for n in example.images.shape[:2])
        pairs = pair_by_place(
            peaks, example.columns, settings.radius, (height, width), settings.border
        )
        chosen = np.concatenate([pairs.found, pairs.false])
        scores.append(peaks.score[chosen])
        shares.append(peaks.probabilities[chosen])
        true.append(example.columns.class_index[pairs.true])
        true.append(np.full(len(pairs.false), -1, np.int64))
    return np.concatenate(scores), np.concatenate(shares), np.concatenate(true)


def _fit_scores(scores: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and offset: a logistic regression."""
    if min(right.sum(), (~right).sum()) < FEWEST_PEAKS:
        return 1.0, 0.0
    said = logit(np.clip(scores, LEAST, 1 - LEAST))
    signs = np.where(right, 1, -1)

    def loss(values: np.ndarray) -> float:
        return -float(log_expit(signs * (values[0] * said + values[1])).mean())

    best = minimize(loss, (1.0, 0.0), bounds=(SLOPES, OFFSETS), method="L-BFGS-B")
    return float(best.x[0]), float(best.x[1])


def _fit_classes(shares: np.ndarray, true: np.ndarray) -> float:
    """What the logarithms of the classes' probabilities are multiplied by."""
    wrong = int(np.sum(np.argmax(shares, axis=1) != true)) if shares.shape[1] > 1 else 0
    if min(wrong, len(true) - wrong) < FEWEST_PEAKS:
        return 1.0
    logits, rows = np.log(np.maximum(shares, LEAST)), np.arange(len(true))

    def loss(values: np.ndarray) -> float:
        return -float(log_softmax(logits * values[0], axis=1)[rows, true].mean())

    best = minimize(loss, (1.0,), bounds=(SLOPES,), method="L-BFGS-B")
    return float(best.x[0])
