"""Everything that is told about one network from what it found in images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from temnet.config.experiment import Experiment
from temnet.evaluation.baselines import by_chance, never_naming, rarest_class
from temnet.evaluation.conditions import MEAN_SCORE, conditions
from temnet.evaluation.confusion import confusion_matrix, invented_per_area
from temnet.evaluation.evaluate import rows_with_conditions
from temnet.evaluation.image_result import ImageResult, score_rows
from temnet.evaluation.metrics import (
    MACRO,
    MEAN,
    MEDIAN,
    SHARE,
    SHIFT,
    ImageCounts,
    intervals,
    scores,
    tally,
)
from temnet.evaluation.precision_recall import threshold_rows
from temnet.evaluation.reliability import calibration_error, outcomes, reliability_rows
from temnet.evaluation.score_curves import dependence_rows
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.evaluation.summary import summarise
from temnet.randomness import generator
from temnet.reporting.score_tables import INVENTED, MISSED

OVER_ALL = (MACRO, MEAN, MEDIAN, SHARE, SHIFT)

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Assessment:
    """What was told about one network.

    Attributes:
        summary: Its part of summary.json; plain values.
        tables: Rows of scores, confusion, thresholds, reliability and dependence, by these names.
        images: The counts of every image.
    """

    summary: Mapping[str, Any]
    tables: Mapping[str, Rows]
    images: ImageCounts


def assess(
    name: str, threshold: float, looked: Sequence[ImageResult], experiment: Experiment
) -> Assessment:
    """Scores a network's findings in every way that needs no further images.

    Args:
        name: What tables call the network.
        threshold: Its lowest score of a column.
        looked: Every image, with peaks down to a low score.
        experiment: The settings: classes, radius, border, seed.
    """
    classes, settings = experiment.class_names, experiment.evaluation
    certain = [image.above(threshold) for image in looked]
    rows = rows_with_conditions(certain, classes, settings)
    images = tally(rows, classes, {image.index: image.specimen for image in looked})
    rng = generator(experiment.seed, "evaluation/bootstrap")
    reliability = {
        kind: reliability_rows(said, right)
        for kind, (said, right) in outcomes(looked, settings).items()
    }
    drawn = [{**conditions(image.parameters), **_mean_score(image)} for image in certain]
    summary = {
        "threshold": threshold,
        **summarise(rows, classes),
        **_with_intervals(images, rng),
        "baselines": _baselines(certain, experiment),
        "without_columns": invented_per_area(
            certain, settings, generator(experiment.seed, "evaluation/invented")
        ),
        "calibration_error": {kind: calibration_error(bins) for kind, bins in reliability.items()},
    }
    tables = {
        "scores": rows,
        "confusion": _confusion_rows(confusion_matrix(certain, len(classes), settings), classes),
        "thresholds": threshold_rows(looked, settings),
        "reliability": [
            {"class": kind, **row} for kind, bins in reliability.items() for row in bins
        ],
        "dependence": dependence_rows(images, drawn, rng),
    }
    named = {key: [{"network": name, **row} for row in part] for key, part in tables.items()}
    return Assessment(plain_values(summary), named, images)


def _mean_score(image: ImageResult) -> dict[str, float]:
    score = image.peaks.score
    return {MEAN_SCORE.name: float(score.mean())} if len(score) else {}


def _with_intervals(images: ImageCounts, rng: np.random.Generator) -> dict[str, Any]:
    """Statistics of the images' own scores, and the intervals of all statistics."""
    if not len(images):
        return {}
    values, ends = scores(images), intervals(images, rng)
    by_class: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in images.names}
    for key, pair in ends.items():
        name, _, statistic = key.rpartition("/")
        if name:
            by_class[name][statistic] = pair
    return {
        "specimens": len(np.unique(images.specimen)),
        **{name: values[name] for name in OVER_ALL[1:]},
        "intervals": {**{name: ends[name] for name in OVER_ALL}, "classes": by_class},
    }


def _baselines(certain: Sequence[ImageResult], experiment: Experiment) -> dict[str, Any]:
    """What the same peaks score at random places, and without the rarest class."""
    classes, settings = experiment.class_names, experiment.evaluation
    rng = generator(experiment.seed, "evaluation/chance")
    found = {"chance": _pooled(by_chance(certain, rng), experiment)}
    rarest = rarest_class(certain, len(classes), settings)
    if rarest is not None:
        turned = [replace(one, peaks=never_naming(one.peaks, rarest)) for one in certain]
        found["never_rarest"] = {"rarest": classes[rarest], **_pooled(turned, experiment)}
    return found


def _pooled(looked: Sequence[ImageResult], experiment: Experiment) -> dict[str, Any]:
    """Macro F1, F1 of each class, of ``any`` and of ``all``, and the mean F1 of an image."""
    classes = experiment.class_names
    rows = score_rows(looked, classes, experiment.evaluation)
    values = scores(tally(rows, classes, {image.index: image.specimen for image in looked}))
    f1 = {name: values[f"{name}/f1"] for name in (*classes, LOCALISATION, SPECIES)}
    return {MACRO: values[MACRO], MEAN: values[MEAN], "classes": f1}


def _confusion_rows(matrix: np.ndarray, classes: Sequence[str]) -> Rows:
    return [
        {"true_class": true, "found_class": found, "columns": int(matrix[i, j])}
        for i, true in enumerate((*classes, INVENTED))
        for j, found in enumerate((*classes, MISSED))
        if (true, found) != (INVENTED, MISSED)
    ]


def plain_values(value: Any) -> Any:
    """The same with None for NaN and infinity, as JSON has neither.

    >>> plain_values({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if isinstance(value, Mapping):
        return {key: plain_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
