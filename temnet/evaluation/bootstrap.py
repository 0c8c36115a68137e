"""Bootstrap intervals of scores, over specimens."""

from __future__ import annotations

import numpy as np

from temnet.evaluation.metrics import ImageCounts, scores, statistics

RESAMPLES = 2000
"""How often the images are drawn again."""

CONFIDENCE = 0.95
"""Intervals hold the true value this often."""


def resampled_weights(
    specimen: np.ndarray, rng: np.random.Generator, count: int = RESAMPLES
) -> np.ndarray:
    """How often each image is drawn when the specimens are drawn again with replacement.

    Images of one specimen come together, since they are not independent.

    Args:
        specimen: (N,) the specimen of each image.
        rng: Draws.
        count: Number of samples B.

    Returns:
        (B, N) int64.
    """
    specimens, member = np.unique(specimen, return_inverse=True)
    number = len(specimens)
    drawn = rng.multinomial(number, np.full(number, 1 / number), size=count)
    return drawn[:, member]


def intervals(
    images: ImageCounts, rng: np.random.Generator, count: int = RESAMPLES
) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals of all statistics, by the percentiles of `count` samples.

    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    Args:
        images: The images.
        rng: Draws.
        count: Number of samples.

    Returns:
        For each name of `statistics` the lower and upper end; NaN for fewer than two specimens,
        and where no sample has a value.
    """
    if len(np.unique(images.specimen)) < 2:
        return {name: (np.nan, np.nan) for name in scores(images)}
    drawn = statistics(images, resampled_weights(images.specimen, rng, count))
    return {name: interval(values) for name, values in drawn.items()}


def interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of numbers, without NaN; NaN if all are NaN."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.nan, np.nan
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(known, (tail, 100 - tail))
    return float(low), float(high)
