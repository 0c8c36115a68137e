"""Paired comparison of two networks on the same images."""

from __future__ import annotations

import numpy as np
from scipy.stats import wilcoxon

from temnet.evaluation.bootstrap import interval, resampled_weights
from temnet.score_records import Difference


def paired_difference(
    first: np.ndarray, second: np.ndarray, specimen: np.ndarray, rng: np.random.Generator
) -> Difference:
    """The difference between the F1 of two networks, image by image.

    Specimens are the units: the differences of images that share one are averaged for the
    signed-rank test (zeros by Pratt's rule) and drawn together for the interval.

    Args:
        first: (N,) F1 of each image by one network.
        second: (N,) by the other; images where either is NaN are left out.
        specimen: (N,) the specimen of each image.
        rng: Draws the samples.

    Returns:
        The second minus the first.  Interval and p are NaN for fewer than two specimens; p is 1
        where no image differs.
    """
    known = np.isfinite(first) & np.isfinite(second)
    difference, specimen = (second - first)[known], specimen[known]
    units, member = np.unique(specimen, return_inverse=True)
    low = high = p = np.nan
    if len(units) > 1:
        weights = resampled_weights(specimen, rng)
        low, high = interval(weights @ difference / weights.sum(axis=1))
        means = np.bincount(member, difference) / np.bincount(member)
        p = float(wilcoxon(means, zero_method="pratt").pvalue) if np.any(means) else 1.0
    return Difference(
        images=len(difference),
        specimens=len(units),
        mean=float(difference.mean()) if len(difference) else np.nan,
        low=low,
        high=high,
        better=int(np.sum(difference > 0)),
        worse=int(np.sum(difference < 0)),
        p=p,
    )
