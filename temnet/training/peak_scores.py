"""How well a network finds columns, for choosing checkpoints and thresholds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import keras
import numpy as np

from temnet.config.experiment import Experiment
from temnet.evaluation.scores import score_image
from temnet.images.normalize import normalize
from temnet.inference.peaks import default_min_distance, find_peaks
from temnet.inference.predict import predict_probabilities
from temnet.records import Example, Peaks

LOWEST_THRESHOLD = 0.05
"""Peaks are looked for once, down to this score; higher thresholds are read off."""

THRESHOLDS = tuple(np.round(np.arange(0.05, 0.951, 0.05), 2).tolist())
"""Thresholds that `choose_threshold` tries."""


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


def macro_peak_f1(
    found: Sequence[Peaks], examples: Sequence[Example], experiment: Experiment, threshold: float
) -> float:
    """Species-aware F1 over all examples together, averaged over the classes.

    A column counts as found if a peak of its own class lies within `evaluation.radius`.  Counts
    are added over the examples before a class's F1 is taken, so that examples with few columns
    weigh little; classes that neither occur nor were claimed are left out.

    Args:
        found: Peaks of each example, of any score.
        examples: The examples.
        experiment: The settings.
        threshold: Peaks of a lower score are left out.

    Returns:
        F1 in [0, 1]; 0 where there is nothing to find and nothing was found, since then nothing
        was shown.
    """
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(3))
    for peaks, example in zip(found, examples, strict=True):
        rows, cols = example.images.shape[:2]
        table = score_image(
            peaks.select(peaks.score >= threshold),
            example.columns,
            experiment.class_names,
            experiment.evaluation.radius,
            (rows * example.sampling, cols * example.sampling),
            experiment.evaluation.border,
        )
        for row in table:
            if row["class"] in experiment.class_names:
                counts[row["class"]] += (
                    row["true_positives"],
                    row["false_positives"],
                    row["false_negatives"],
                )
    scores = [2 * t / (2 * t + p + n) for t, p, n in counts.values() if t + p + n > 0]
    return float(np.mean(scores)) if scores else 0.0


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


def choose_threshold(
    model: keras.Model, selection: Sequence[Example], experiment: Experiment
) -> tuple[float, float]:
    """The threshold that gives the highest species-aware F1 on `selection`, and that F1.

    Args:
        model: The trained network.
        selection: Examples of the split `selection`.
        experiment: The settings.
    """
    found = find_all(model, selection, experiment)
    return best_threshold(found, selection, experiment, THRESHOLDS)
