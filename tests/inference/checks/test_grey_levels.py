"""Slow variation and skewness against closed forms and images of known sign."""

import numpy as np
import pytest

from temnet.inference.checks.grey_levels import skewness, slow_variation

SAMPLING = 0.2
ROW, COL = np.mgrid[:160, :160] * SAMPLING


def columns(height, spacing=2.3, width=0.45):
    """A square lattice of Gaussian columns on 1."""
    image = np.ones(ROW.shape)
    for row in np.arange(1, 32, spacing):
        for col in np.arange(1, 32, spacing):
            image += height * np.exp(-0.5 * ((ROW - row) ** 2 + (COL - col) ** 2) / width**2)
    return image[..., None]


def test_the_variation_of_a_ramp_is_its_half_height_over_root_three():
    ramp = (1 + 0.3 * (COL / COL.max() * 2 - 1))[..., None]
    assert slow_variation(ramp, SAMPLING) == pytest.approx(0.3 / np.sqrt(3), rel=0.02)
    assert slow_variation(1000 * ramp, SAMPLING) == slow_variation(ramp, SAMPLING)


def test_a_lattice_does_not_count_as_slow():
    assert slow_variation(columns(0.5), SAMPLING) < 0.03
    assert np.isnan(slow_variation(-columns(0.5), SAMPLING))


def test_bright_and_dark_columns_have_opposite_skewness_on_any_ground():
    bright, dark = skewness(columns(0.3), SAMPLING), skewness(columns(-0.3), SAMPLING)
    assert bright > 0.3 and dark == pytest.approx(-bright, rel=1e-3)
    ground = (1 + 0.5 * (ROW + COL) / 64)[..., None]
    assert skewness(columns(-0.3) * ground, SAMPLING) == pytest.approx(dark, rel=0.2)


def test_noise_and_blank_images_have_none():
    noise = np.random.default_rng(0).normal(100, 10, (160, 160, 1))
    assert abs(skewness(noise, SAMPLING)) < 0.1
    assert skewness(np.zeros((32, 32, 1)), SAMPLING) == 0
