"""Calibration of a trained network's scores, and its threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import keras
import numpy as np
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax, logit

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.experiment import Experiment, required
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.precision_recall import THRESHOLDS
from temnet.inference.score_calibration import LEAST, ScoreCalibration
from temnet.records import Example
from temnet.training.peak_scores import best_threshold, find_all, macro_peak_f1

FEWEST_PEAKS = 50
"""Fewest correct, and fewest wrong, peaks from which a slope is fitted."""

SLOPES, OFFSETS = (0.25, 5.0), (-8.0, 8.0)
"""Limits of a calibration.  `sklearn.linear_model.LogisticRegression` knows no limits, and its
slope diverges where a score separates correct from wrong peaks without an error."""


def calibrate(
    model: keras.Model, selection: Sequence[Example], experiment: Experiment
) -> tuple[ScoreCalibration, float]:
    """Calibration and threshold for a network's card.

    Args:
        model: The trained network, from normalised images to logits.
        selection: Examples of the split `selection`, which it was not trained on.
        experiment: Settings of both; uses `labels` and `evaluation`.

    Returns:
        The calibration, and the threshold of the highest species-aware F1 after it.
    """
    classes, settings = experiment.class_names, experiment.evaluation
    results = find_all(model, selection, required(experiment.labels, "labels"))
    calibration = fit_calibration(results, len(classes), settings)
    calibrated = [replace(one, peaks=calibration.peaks(one.peaks)) for one in results]
    threshold, _ = best_threshold(THRESHOLDS, partial(macro_peak_f1, calibrated, classes, settings))
    return calibration, threshold


def fit_calibration(
    results: Sequence[ImageResult], class_count: int, settings: Evaluation
) -> ScoreCalibration:
    """The calibration of the highest likelihood.

    Args:
        results: Peaks down to a low score, in examples that the network was not trained on.
        class_count: Number of classes.
        settings: Uses `radius` and `border`.

    Returns:
        A slope stays 1 for fewer than `FEWEST_PEAKS` correct, or wrong, peaks.
    """
    scores, shares, true = _outcomes(results, class_count, settings)
    correct = true >= 0
    slope, offset = _fit_scores(scores, correct)
    return ScoreCalibration(slope, offset, _fit_classes(shares[correct], true[correct]))


def _outcomes(
    results: Sequence[ImageResult], class_count: int, settings: Evaluation
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N,) scores of the peaks that count, (N, class) probabilities and (N,) class or -1."""
    scores, shares, true = [np.zeros(0)], [np.zeros((0, class_count))], [np.zeros(0, np.int64)]
    for image in results:
        pairs = image.by_position(settings)
        chosen = np.concatenate([pairs.found, pairs.false])
        scores.append(image.peaks.score[chosen])
        shares.append(image.peaks.probabilities[chosen])
        true.append(image.columns.class_index[pairs.true])
        true.append(np.full(len(pairs.false), -1, np.int64))
    return np.concatenate(scores), np.concatenate(shares), np.concatenate(true)


def _fit_scores(scores: np.ndarray, correct: np.ndarray) -> tuple[float, float]:
    """Slope and offset: a logistic regression."""
    if min(correct.sum(), (~correct).sum()) < FEWEST_PEAKS:
        return 1.0, 0.0
    predicted = logit(np.clip(scores, LEAST, 1 - LEAST))
    signs = np.where(correct, 1, -1)

    def loss(values: np.ndarray) -> float:
        return -float(log_expit(signs * (values[0] * predicted + values[1])).mean())

    best = minimize(loss, (1.0, 0.0), bounds=(SLOPES, OFFSETS), method="L-BFGS-B")
    return float(best.x[0]), float(best.x[1])


def _fit_classes(shares: np.ndarray, true: np.ndarray) -> float:
    """The factor of the logarithms of the classes' probabilities."""
    wrong = int(np.sum(np.argmax(shares, axis=1) != true)) if shares.shape[1] > 1 else 0
    if min(wrong, len(true) - wrong) < FEWEST_PEAKS:
        return 1.0
    logits, rows = np.log(np.maximum(shares, LEAST)), np.arange(len(true))

    def loss(values: np.ndarray) -> float:
        return -float(log_softmax(logits * values[0], axis=1)[rows, true].mean())

    best = minimize(loss, (1.0,), bounds=(SLOPES,), method="L-BFGS-B")
    return float(best.x[0])
