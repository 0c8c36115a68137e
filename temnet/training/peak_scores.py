"""Peak scores of a network during training, for choosing checkpoints and thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import keras
import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.learning.labels import Labels
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.metrics import counts_of, pooled_scores
from temnet.evaluation.precision_recall import LOWEST_THRESHOLD
from temnet.images.normalize import normalize
from temnet.inference.engines.keras_engine import keras_engine
from temnet.inference.peaks import default_min_distance, find_peaks
from temnet.inference.probability_maps import predict_probabilities
from temnet.records import Example
from temnet.score_records import PooledScores


def find_all(
    model: keras.Model,
    examples: Iterable[Example],
    labels: Labels,
    threshold: float = LOWEST_THRESHOLD,
) -> list[ImageResult]:
    """The peaks of each example beside its columns.

    Args:
        model: From normalised images to logits.
        examples: Simulated examples at the network's sampling.
        labels: Uses `normalisation_width` and `width`.
        threshold: Lowest score of a peak.
    """
    distance = default_min_distance(labels.width)
    engine = keras_engine(model)
    found: list[ImageResult] = []
    for example in examples:
        images = normalize(example.images, example.sampling, labels.normalisation_width)
        probabilities = predict_probabilities(engine, images)
        peaks = find_peaks(probabilities, example.sampling, threshold, distance)
        found.append(ImageResult.of(peaks, example, index=len(found)))
    return found


def peak_scores(
    results: Sequence[ImageResult],
    class_names: Sequence[str],
    settings: Evaluation,
    threshold: float,
) -> PooledScores:
    """Scores over all examples together.

    Counts are added over the examples before a class's F1 is calculated, so that examples with few
    columns weigh little.

    Args:
        results: Peaks of each example, of any score.
        class_names: Name of each class index.
        settings: Uses `radius` and `border`.
        threshold: Peaks of a lower score are left out.
    """
    certain = [image.above(threshold) for image in results]
    return pooled_scores(counts_of(certain, class_names, settings))


def macro_peak_f1(
    results: Sequence[ImageResult],
    class_names: Sequence[str],
    settings: Evaluation,
    threshold: float,
) -> float:
    """Species-aware F1 over all examples together, averaged over the classes.

    Arguments as for `peak_scores`.

    Returns:
        F1 in [0, 1]; 0 where there is nothing to find and nothing was found.
    """
    value = peak_scores(results, class_names, settings, threshold).macro_f1
    return 0.0 if math.isnan(value) else value


def best_threshold(
    thresholds: Sequence[float], score: Callable[[float], float]
) -> tuple[float, float]:
    """The threshold of the highest score, and that score.

    Of several equally good ones, the one in the middle is chosen: it is the farthest from where
    the score falls.

    Args:
        thresholds: Rising thresholds.
        score: Of a threshold, such as `macro_peak_f1` with the other arguments given.

    >>> best_threshold((0.1, 0.2, 0.3, 0.4, 0.5), lambda value: float(value >= 0.3))
    (0.4, 1.0)
    """
    scores = np.array([score(value) for value in thresholds])
    best = np.flatnonzero(scores == scores.max())
    index = int(best[(len(best) - 1) // 2])
    return float(thresholds[index]), float(scores[index])
