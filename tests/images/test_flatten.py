"""The smooth surface that is subtracted: what it takes away, and what it leaves."""

import numpy as np
import pytest

from temnet.images.flatten import flatten, slow_part

SAMPLING = 0.2
ROW, COL = np.mgrid[:150, :200] * SAMPLING


def test_ramps_and_parabolas_vanish_up_to_the_border():
    image = 5 + 0.1 * ROW - 0.05 * COL + 0.002 * ROW**2 - 0.003 * COL**2 + 0.001 * ROW * COL
    np.testing.assert_allclose(slow_part(image, SAMPLING), image, atol=2e-4)
    np.testing.assert_allclose(flatten(image[..., None], SAMPLING), image.mean(), atol=2e-4)


@pytest.mark.parametrize(
    ("period", "left"),
    # 1 - T with T = (1 + x) exp(-x), x = (2π / period · width)² / 2, twice.
    [(2.3, 1.0), (3.2, 1.0), (8.0, 0.585), (20.0, 0.0054)],
)
def test_lattices_stay_and_slow_waves_go(period, left):
    wave = np.cos(2 * np.pi * COL / period)[..., None]
    inner = (slice(40, -40), slice(75, -75))
    rest = flatten(wave, SAMPLING)[inner]
    rest = rest - rest.mean()
    whole = wave[inner] - wave[inner].mean()
    amplitude = np.sum(rest * whole) / np.sum(whole**2)
    assert amplitude == pytest.approx(left, abs=0.02)


def test_a_focal_series_keeps_its_differences():
    rng = np.random.default_rng(0)
    series = rng.normal(10, 1, (60, 70, 3)).astype(np.float32)
    flat = flatten(series, SAMPLING)
    np.testing.assert_allclose(np.diff(flat, axis=-1), np.diff(series, axis=-1), atol=1e-5)
    assert flat.mean() == pytest.approx(series.mean(), abs=1e-4)


def test_a_constant_and_a_small_image_stay():
    np.testing.assert_allclose(flatten(np.full((16, 16, 1), 7.0), SAMPLING), 7, atol=1e-5)
