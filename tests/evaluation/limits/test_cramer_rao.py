import math
from dataclasses import replace

import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.limits.cramer_rao import (
    bound_rows,
    chosen_columns,
    cramer_rao_bound,
    ratio_to_bound,
)
from temnet.records import Columns, Peaks

PIXEL = 0.1


def dot(height, background, widths=(0.5, 0.5), centre=(4.03, 5.11)):
    """Expected electrons of a Gaussian dot, and derivatives by its row and column."""
    row, col = np.mgrid[:81, :101] * PIXEL
    shape = np.exp(
        -((row - centre[0]) ** 2) / (2 * widths[0] ** 2)
        - (col - centre[1]) ** 2 / (2 * widths[1] ** 2)
    )
    expected = background + height * shape
    slopes = [height * shape * (x - c) / w**2
              for x, c, w in zip((row, col), centre, widths, strict=True)]  # fmt: skip
    return expected, *slopes


def test_a_dot_in_the_dark_is_found_to_its_width_over_the_root_of_its_electrons():
    expected, *slopes = dot(3.0, 0.0, widths=(0.5, 0.3))
    bound = cramer_rao_bound(expected, *slopes)
    electrons = expected.sum()
    assert bound[0, 0] == pytest.approx(0.5**2 / electrons, rel=1e-6)
    assert bound[1, 1] == pytest.approx(0.3**2 / electrons, rel=1e-6)
    assert abs(bound[0, 1]) < 1e-6 * bound[1, 1]


def test_a_faint_dot_on_a_bright_field():
    # sum (d mean)^2 / background = height^2 (pi / 2) / background / pixel area for a round dot.
    expected, *slopes = dot(0.05, 50.0)
    bound = cramer_rao_bound(expected, *slopes)
    assert bound[0, 0] == pytest.approx(2 * 50 * PIXEL**2 / (math.pi * 0.05**2), rel=2e-3)
    twice = cramer_rao_bound(2 * expected, *(2 * slope for slope in slopes))
    np.testing.assert_allclose(twice, bound / 2, rtol=1e-9)


def test_the_best_estimate_reaches_the_bound():
    # One step of Newton from the truth is the maximum of the likelihood, but for higher orders.
    expected, *slopes = dot(40.0, 20.0)
    bound = cramer_rao_bound(expected, *slopes)
    counts = np.random.default_rng(0).poisson(expected, (800, *expected.shape))
    score = np.stack([((counts / expected - 1) * slope).sum(axis=(1, 2)) for slope in slopes], 1)
    estimates = score @ bound
    np.testing.assert_allclose(np.diag(np.cov(estimates.T)), np.diag(bound), rtol=0.16)


def test_an_image_without_information_has_no_bound():
    flat = np.ones((4, 5))
    assert np.isinf(np.diag(cramer_rao_bound(flat, 0 * flat, 0 * flat))).all()
    # A line along the columns determines the row alone.
    line = np.random.default_rng(0).normal(size=(4, 5))
    assert np.isinf(np.diag(cramer_rao_bound(flat, line, 0 * line))).all()


def image(count=30, error=0.02):
    rng = np.random.default_rng(1)
    places = np.stack(np.meshgrid(np.arange(3, 33, 3.0), np.arange(3, 12, 3.0)), -1).reshape(-1, 2)
    places = places[:count]
    moved = places + 0.1 + rng.normal(0, error / math.sqrt(2), places.shape)
    number = np.arange(len(places)) > 0  # the first one is missed
    zeros = np.zeros(number.sum(), np.int64)
    peaks = Peaks(zeros, moved[number], zeros, np.ones(len(zeros)), np.ones((len(zeros), 1)),
                  np.full(len(zeros), np.nan))  # fmt: skip
    columns = Columns(places, np.zeros(len(places), np.int64), np.ones(len(places), np.int64))
    return ImageResult(3, peaks, columns, (40.0, 20.0), {}, specimen=1)


def test_errors_are_beside_the_bounds_of_their_columns():
    shown = image()
    places = shown.columns.positions
    rows = bound_rows(shown, places, np.full(len(places), 0.01), ("C",), Evaluation())
    assert math.isnan(rows[0].error_pm) and rows[0].bound_pm == pytest.approx(1)
    # The shift of 10 pm a side is subtracted; errors of 2 pm are left, twice the bound.
    found = ratio_to_bound(
        [replace(row, specimen=i // 3) for i, row in enumerate(rows)], np.random.default_rng(0)
    )
    assert (found.columns, found.found) == (30, 29)
    assert found.ratio == pytest.approx(2, rel=0.2)
    assert found.low < found.ratio < found.high
    nothing = ratio_to_bound(rows[:1], np.random.default_rng(0))
    assert nothing.found == 0 and math.isnan(nothing.ratio)


def test_columns_are_chosen_at_random_among_those_that_count():
    shown = image()
    first = chosen_columns(shown, Evaluation(border=4), 1, 5)
    assert first.shape == (5, 2) and np.all(first[:, 1] >= 4)
    np.testing.assert_array_equal(first, chosen_columns(shown, Evaluation(border=4), 1, 5))
    assert len(chosen_columns(shown, Evaluation(border=0), 1, 500)) == 30
