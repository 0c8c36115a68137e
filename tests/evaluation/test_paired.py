import math

import numpy as np
import pytest
from scipy.stats import wilcoxon

from temnet.evaluation.paired import paired_difference


def compare(first, second, specimen=None, seed=0):
    specimen = np.arange(len(first)) if specimen is None else specimen
    return paired_difference(first, second, specimen, np.random.default_rng(seed))


def test_a_network_that_is_better_everywhere():
    rng = np.random.default_rng(0)
    first = rng.uniform(0.5, 0.9, 12)
    difference = rng.uniform(0.01, 0.05, 12)
    found = compare(first, first + difference)
    assert found.mean == pytest.approx(difference.mean())
    assert 0 < found.low < found.mean < found.high < 0.05
    assert (found.better, found.worse, found.images) == (12, 0, 12)
    assert found.p == pytest.approx(2 / 2**12)  # the exact two-sided test of twelve like signs
    swapped = compare(first + difference, first)
    assert swapped.mean == -found.mean and swapped.worse == 12


def test_no_difference_is_not_significant():
    rng = np.random.default_rng(1)
    first = rng.uniform(0.5, 0.9, 80)
    low = [compare(first, first + rng.normal(0, 0.05, 80)).p < 0.05 for _ in range(30)]
    assert np.mean(low) < 0.2
    same = compare(first, first)
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_specimens_are_the_units():
    rng = np.random.default_rng(2)
    units = rng.normal(0.01, 0.05, 20)
    difference, specimen = np.repeat(units, 8), np.repeat(np.arange(20), 8)
    found = compare(np.zeros(160), difference, specimen)
    assert (found.images, found.specimens) == (160, 20)
    assert found.p == pytest.approx(wilcoxon(units).pvalue)
    assert compare(np.zeros(160), difference).p < 0.1 * found.p  # taken as independent
    error = units.std() / math.sqrt(20)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_images_that_one_cannot_score_are_left_out():
    first, second = np.array([0.5, np.nan, 0.7, 0.2]), np.array([0.6, 0.6, np.nan, 0.3])
    found = compare(first, second)
    assert found.images == 2 and found.mean == pytest.approx(0.1)
    nothing = compare(first[1:3], second[1:3])
    assert nothing.images == 0 and math.isnan(nothing.mean) and math.isnan(nothing.p)
