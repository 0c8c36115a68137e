"""Baselines of scores: peaks at random positions, and never predicting the rarest class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.metrics import MACRO, MEAN, counts_of, scores
from temnet.records import Peaks
from temnet.score_records import Baseline, Baselines, RarestBaseline

CHANCE_DRAWS = 4
"""How many times the peaks of each image are scattered."""


def baselines(
    results: Sequence[ImageResult],
    class_names: Sequence[str],
    settings: Evaluation,
    rng: np.random.Generator,
) -> Baselines:
    """Scores of the same peaks at random positions, and without the rarest class.

    Args:
        results: The images, with the peaks that count.
        class_names: Name of each class index.
        settings: Uses `radius` and `border`.
        rng: Draws the positions.
    """
    chance = baseline(by_chance(results, rng), class_names, settings)
    rarest = rarest_class(results, len(class_names), settings)
    if rarest is None:
        return Baselines(chance)
    changed = [replace(one, peaks=never_predicting(one.peaks, rarest)) for one in results]
    never = baseline(changed, class_names, settings)
    return Baselines(chance, RarestBaseline(**vars(never), rarest=class_names[rarest]))


def baseline(
    results: Sequence[ImageResult], class_names: Sequence[str], settings: Evaluation
) -> Baseline:
    """F1 of images over the classes, of each class, of an image, of ``any`` and of ``all``."""
    images = counts_of(results, class_names, settings)
    values = scores(images)
    classes = {name: values[f"{name}/f1"] for name in images.names}
    return Baseline(macro_f1=values[MACRO], mean_image_f1=values[MEAN], classes=classes)


def scattered(image: ImageResult, rng: np.random.Generator) -> ImageResult:
    """The image's peaks, their number and classes, at uniformly random positions.

    Args:
        image: An image with the peaks that count.
        rng: Draws the positions.
    """
    positions = rng.uniform(0, 1, (len(image.peaks), 2)) * image.extent
    return replace(image, peaks=replace(image.peaks, positions=positions))


def by_chance(results: Sequence[ImageResult], rng: np.random.Generator) -> list[ImageResult]:
    """Every image `CHANCE_DRAWS` times with its peaks at random positions, as so many images."""
    return [
        replace(scattered(image, rng), index=image.index * CHANCE_DRAWS + draw)
        for image in results
        for draw in range(CHANCE_DRAWS)
    ]


def rarest_class(
    results: Sequence[ImageResult], class_count: int, settings: Evaluation
) -> int | None:
    """The class with the fewest true columns, of those that occur.

    Args:
        results: The images.
        class_count: Number of classes.
        settings: Uses `border`.

    Returns:
        Its index; None where fewer than two classes occur.
    """
    counts = np.zeros(class_count, np.int64)
    for image in results:
        known = image.columns.class_index[image.scored(settings)]
        counts += np.bincount(known, minlength=class_count)
    present = np.flatnonzero(counts)
    return int(present[np.argmin(counts[present])]) if len(present) > 1 else None


def never_predicting(peaks: Peaks, index: int) -> Peaks:
    """The peaks of a network that does not know a class.

    Its peaks become the next most probable class: a network trained without single sulphur
    columns still finds a column there, so that the score of localisation does not change.

    Args:
        peaks: Peaks, whose probabilities give the next class.
        index: The class that is not known, of two or more.
    """
    others = peaks.probabilities.copy()
    others[:, index] = -1
    second = np.argmax(others, axis=1).astype(np.int64)
    return replace(
        peaks, class_index=np.where(peaks.class_index == index, second, peaks.class_index)
    )
