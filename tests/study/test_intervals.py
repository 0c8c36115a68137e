import math

import numpy as np
import pytest
from scipy.stats import t

from temnet.evaluation.bootstrap import resampled_weights
from temnet.study.intervals import estimate


def of(scores, rng, samples=2000):
    """The estimate of the mean of (training, specimen) scores."""
    weights = resampled_weights(np.arange(scores.shape[1]), rng, samples)
    resampled = weights @ scores.T / scores.shape[1]
    return estimate(scores.mean(axis=1), resampled, scores.shape[1])


def test_where_specimens_are_alike_it_is_students_interval_of_the_trainings():
    scores = np.repeat([[0.80], [0.82], [0.87]], 40, axis=1)
    found = of(scores, np.random.default_rng(0))
    # s is 0.03606, and t with two degrees of freedom 4.303 in every table.
    assert found.mean == pytest.approx(0.83)
    assert found.high - found.mean == pytest.approx(4.303 * 0.036056 / math.sqrt(3), rel=1e-3)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_where_trainings_are_alike_it_is_that_of_the_mean_over_specimens():
    rng = np.random.default_rng(1)
    specimens = rng.normal(0.5, 0.1, 50)
    found = of(np.tile(specimens, (3, 1)), rng, 20000)
    half = t.ppf(0.975, 49) * specimens.std() / math.sqrt(50)
    assert found.high - found.mean == pytest.approx(half, rel=0.02)


@pytest.mark.parametrize(
    ("trainings", "training", "specimen", "together"),
    [
        (3, 0.02, 0.02, 0.02),
        (3, 0.01, 0.05, 0.05),
        (3, 0.0005, 0.1, 0.05),
        (2, 0.02, 0.02, 0.02),
    ],
)
def test_nineteen_of_twenty_intervals_hold_the_truth(trainings, training, specimen, together):
    rng = np.random.default_rng(2)
    held, of_trainings, of_specimens = [], [], []
    for _ in range(300):
        scores = rng.normal(0, training, (trainings, 1)) + rng.normal(0, specimen, 100)
        scores = scores + rng.normal(0, together, (trainings, 100))
        found = of(scores, rng, 200)
        held.append(found.low <= 0 <= found.high)
        means, columns = scores.mean(axis=1), scores.mean(axis=0)
        half = t.ppf(0.975, trainings - 1) * means.std(ddof=1) / math.sqrt(trainings)
        of_trainings.append(abs(means.mean()) <= half)
        of_specimens.append(abs(columns.mean()) <= 1.96 * columns.std() / 10)
    assert 0.92 <= np.mean(held) <= 0.999
    # Intervals from one of the two alone fail where the other one varies.
    if specimen > 100 * training:
        assert np.mean(of_trainings) < 0.8
    if training == specimen:
        assert np.mean(of_specimens) < 0.6


def test_pairing_removes_what_trainings_and_specimens_share():
    rng = np.random.default_rng(3)
    first = 0.7 + rng.normal(0, 0.03, (4, 1)) + rng.normal(0, 0.1, 60)
    second = first + 0.01 + rng.normal(0, 0.002, (4, 60))
    weights = resampled_weights(np.arange(60), rng)
    means, gap = first.mean(axis=1), (second - first).mean(axis=1)
    paired = estimate(gap, weights @ (second - first).T / 60, 60)
    assert 0.009 < paired.low < 0.01 < paired.high < 0.011
    alone = estimate(means, weights @ first.T / 60, 60)
    assert alone.high - alone.low > 20 * (paired.high - paired.low)


def test_unknown_values_are_nan():
    one = estimate(np.array([0.5]), np.full((10, 1), 0.5), 9)
    assert one.mean == 0.5 and math.isnan(one.low) and math.isnan(one.high)
    two = estimate(np.array([0.5, 0.6]), np.tile([0.5, 0.6], (10, 1)), 1)
    assert two.mean == pytest.approx(0.55) and math.isnan(two.low)
    known = estimate(np.array([0.5, np.nan, 0.5]), np.full((10, 3), 0.5), 9)
    assert (known.mean, known.low, known.high) == (0.5, 0.5, 0.5)
    nothing = estimate(np.array([np.nan]), np.full((10, 1), np.nan), 9)
    assert math.isnan(nothing.mean)


def test_the_interval_ends_where_scores_do():
    values, resampled = np.array([0.8, 1.0]), np.tile([0.8, 1.0], (10, 1))
    assert estimate(values, resampled, 9).high > 1
    cut = estimate(values, resampled, 9, (0.0, 1.0))
    assert (cut.low, cut.high) == (0.0, 1.0)
