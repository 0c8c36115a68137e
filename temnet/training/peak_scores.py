"""How well a network finds columns, for choosing checkpoints and thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np

from temnet.config.experiment import Experiment
from temnet.evaluation.precision_recall import LOWEST_THRESHOLD
from temnet.evaluation.scores import macro_f1, score_image
from temnet.images.normalize import normalize
from temnet.inference.peaks import default_min_distance, find_peaks
from temnet.inference.probability_maps import predict_probabilities
from temnet.records import Example, Peaks


def find_all(
    model: keras.Model,
    examples: Iterable[Example],
    experiment: Experiment,
    threshold: float = LOWEST_THRESHOLD,
) -> list[Peaks]:
    """The peaks of each example, down to a low score.

    Args:
        model: From normalised images to logits.
        examples: Simulated examples at the network's sampling.
        experiment: Settings that they and the model belong to.
        threshold: Lowest score of a peak.
    """
    width = experiment.labels.normalisation_width
    distance = default_min_distance(experiment.labels.width)
    found = []
    for example in examples:
        images = normalize(example.images, example.sampling, width)
        probabilities = predict_probabilities(model, images)
        found.append(find_peaks(probabilities, example.sampling, threshold, distance))
    return found


def peak_rows(
    found: Sequence[Peaks], examples: Sequence[Example], experiment: Experiment, threshold: float
) -> list[dict[str, Any]]:
    """Scores of each example; see `score_image`.

    Args:
        found: Peaks of each example, of any score.
        examples: The examples.
        experiment: The settings.
        threshold: Peaks of a lower score are left out.
    """
    rows = []
    for peaks, example in zip(found, examples, strict=True):
        height, width = (example.sampling * (n - 1) for n in example.images.shape[:2])
        rows += score_image(
            peaks.select(peaks.score >= threshold),
            example.columns,
            experiment.class_names,
            experiment.evaluation.radius,
            (height, width),
            experiment.evaluation.border,
        )
    return rows


def macro_peak_f1(
    found: Sequence[Peaks], examples: Sequence[Example], experiment: Experiment, threshold: float
) -> float:
    """Species-aware F1 over all examples together, averaged over the classes; see `macro_f1`.

    Counts are added over the examples before a class's F1 is taken, so that examples with few
    columns weigh little.  Arguments as for `peak_rows`.

    Returns:
        F1 in [0, 1]; 0 where there is nothing to find and nothing was found, since then nothing
        was shown.
    """
    value = macro_f1(peak_rows(found, examples, experiment, threshold))
    return 0.0 if math.isnan(value) else value


def best_threshold(
    found: Sequence[Peaks],
    examples: Sequence[Example],
    experiment: Experiment,
    thresholds: Sequence[float],
    score: Callable[..., float] = macro_peak_f1,
) -> tuple[float, float]:
    """The threshold of highest F1, and that F1.

    Of several that are as good, the one in the middle is taken: it is the farthest from where
    the score falls.

    Args:
        found: Peaks of each example, of any score.
        examples: The examples.
        experiment: The settings.
        thresholds: What is tried, rising.
        score: The function of (found, examples, experiment, threshold) that is maximised.
    """
    scores = np.array([score(found, examples, experiment, value) for value in thresholds])
    best = np.flatnonzero(scores == scores.max())
    index = int(best[(len(best) - 1) // 2])
    return float(thresholds[index]), float(scores[index])
