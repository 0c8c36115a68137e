import math

import numpy as np
import pytest

from temnet.evaluation.column_contrast import column_contrast

SAMPLING = 0.2
PLACES = np.array([[r, c] for r in (4.0, 7.0, 10.0) for c in (5.0, 8.0, 11.0)])


def image_with(heights):
    """Gaussian columns of these heights on an even background of 5, 16 Å wide."""
    at = SAMPLING * np.arange(80)
    image = np.full((80, 80), 5.0)
    for (row, col), height in zip(PLACES, heights, strict=True):
        image += height * np.exp(-((at[:, None] - row) ** 2 + (at[None] - col) ** 2) / (2 * 0.4**2))
    return image


def contrast(heights, scale=1.0):
    return column_contrast(scale * image_with(heights), PLACES, SAMPLING)


def test_bright_columns_are_positive_and_dark_ones_negative():
    assert contrast(9 * [1.0]) > 0.05
    assert contrast(9 * [-1.0]) < -0.05
    assert contrast(9 * [0.0]) == pytest.approx(0, abs=1e-6)
    assert abs(contrast([1.0, -1.0] * 4 + [0.0])) < 0.02


def test_it_has_no_unit():
    assert contrast(9 * [1.0], scale=1000.0) == pytest.approx(contrast(9 * [1.0]), rel=1e-4)


def test_it_is_known_also_where_single_pixels_are_noise():
    dose = 20 * SAMPLING**2 / 5  # 20 electrons per Å²
    noisy = np.random.default_rng(0).poisson(dose * image_with(9 * [5.0]))
    found = column_contrast(noisy, PLACES, SAMPLING)
    assert found == pytest.approx(contrast(9 * [5.0]), abs=0.15) and found > 0.2


def test_columns_outside_do_not_count():
    more = np.concatenate([PLACES, [[-3.0, 5.0], [5.0, 17.0]]])
    image = image_with(9 * [1.0])
    assert column_contrast(image, more, SAMPLING) == contrast(9 * [1.0])
    assert math.isnan(column_contrast(image, more[9:], SAMPLING))
    assert math.isnan(column_contrast(image, np.zeros((0, 2)), SAMPLING))
