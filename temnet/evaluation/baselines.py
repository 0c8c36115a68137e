"""What scores are to be compared with: chance, and never naming the rarest class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.records import Peaks

CHANCE_DRAWS = 4
"""How many times the peaks of each image are scattered."""


def scattered(looked: ImageResult, rng: np.random.Generator) -> ImageResult:
    """The image's peaks, their number and classes, at even random places.

    Args:
        looked: An image with the peaks that count.
        rng: Draws the places.
    """
    positions = rng.uniform(0, 1, (len(looked.peaks), 2)) * looked.shape_angstrom
    return replace(looked, peaks=replace(looked.peaks, positions=positions))


def by_chance(looked: Sequence[ImageResult], rng: np.random.Generator) -> list[ImageResult]:
    """Every image `CHANCE_DRAWS` times with its peaks at random places."""
    return [scattered(image, rng) for image in looked for _ in range(CHANCE_DRAWS)]


def rarest_class(
    looked: Sequence[ImageResult], class_count: int, settings: Evaluation
) -> int | None:
    """The class with the fewest true columns, of those that occur.

    Args:
        looked: The images.
        class_count: Number of classes.
        settings: Border.

    Returns:
        Its index; None where fewer than two classes occur.
    """
    counts = np.zeros(class_count, np.int64)
    for image in looked:
        inside = image.columns.inside(*image.shape_angstrom, settings.border)
        known = image.columns.class_index[inside]
        counts += np.bincount(known[known >= 0], minlength=class_count)
    present = np.flatnonzero(counts)
    return int(present[np.argmin(counts[present])]) if len(present) > 1 else None


def never_naming(peaks: Peaks, index: int) -> Peaks:
    """The peaks of a network that does not know a class.

    Its peaks stay, as the next most probable class: who was never told of single sulphur columns
    still sees that a column is there, and the score of places does not change.

    Args:
        peaks: What was found; their probabilities tell the next class.
        index: The class that is not known, of two or more.
    """
    others = peaks.probabilities.copy()
    others[:, index] = -1
    second = np.argmax(others, axis=1).astype(np.int64)
    turned = np.where(peaks.class_index == index, second, peaks.class_index)
    return replace(peaks, class_index=turned)
