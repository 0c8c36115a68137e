"""Two networks on the same images."""

from __future__ import annotations

import numpy as np
from scipy.stats import wilcoxon

from temnet.evaluation.metrics import interval, resampled_weights


def paired_difference(
    first: np.ndarray, second: np.ndarray, specimen: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    """How much better the second network reads an image than the first.

    Specimens are the units: the differences of images that share one are averaged for the
    signed-rank test (zeros by Pratt's rule) and drawn together for the interval.

    Args:
        first: (N,) F1 of each image by one network.
        second: (N,) by the other; images where either is NaN are left out.
        specimen: (N,) the specimen of each image.
        rng: Draws the samples.

    Returns:
        ``images``, ``specimens``, ``mean`` difference (second minus first) with its 95 %
        bootstrap interval ``low`` to ``high``, ``better`` and ``worse`` (numbers of images), and
        the two-sided ``p`` of the Wilcoxon signed-rank test; NaN for fewer than two specimens, 1
        where no image differs.
    """
    known = np.isfinite(first) & np.isfinite(second)
    difference, specimen = (second - first)[known], specimen[known]
    units, member = np.unique(specimen, return_inverse=True)
    found = {
        "images": len(difference),
        "specimens": len(units),
        "mean": float(difference.mean()) if len(difference) else np.nan,
        "better": int(np.sum(difference > 0)),
        "worse": int(np.sum(difference < 0)),
    }
    if len(units) < 2:
        return {**found, "low": np.nan, "high": np.nan, "p": np.nan}
    weights = resampled_weights(specimen, rng)
    low, high = interval(weights @ difference / weights.sum(axis=1))
    means = np.bincount(member, difference) / np.bincount(member)
    p = wilcoxon(means, zero_method="pratt").pvalue if np.any(means) else 1.0
    return {**found, "low": low, "high": high, "p": float(p)}
