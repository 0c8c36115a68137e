import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from temnet.images.normalize import gaussian_blur, normalize


@pytest.fixture
def series():
    rng = np.random.default_rng(0)
    ramp = np.linspace(1, 3, 60)[:, None, None]
    return (ramp + 0.2 * rng.standard_normal((60, 45, 3)) * ramp).astype(np.float32)


def test_blur_is_a_gaussian_with_reflecting_border(series):
    expected = gaussian_filter(series.astype(float), (3, 3, 0), mode="reflect", truncate=8)
    np.testing.assert_allclose(gaussian_blur(series, 3.0), expected, atol=2e-4)


def test_normalised_series_has_zero_mean_and_unit_power_everywhere(series):
    normalised = normalize(series, sampling=0.2, width=1.6)
    sigma = 1.6 / 0.2
    local = gaussian_filter(normalised.mean(axis=-1), sigma)
    power = gaussian_filter((normalised**2).mean(axis=-1), sigma)
    inner = slice(16, -16)  # a ramp has a kink where the border reflects it
    assert np.abs(local[inner]).max() < 0.1
    assert 0.85 < power[inner].min() <= power[inner].max() < 1.15
    raw = gaussian_filter((series**2).mean(axis=-1), sigma)[inner]
    assert raw.max() > 2 * raw.min()  # which the raw series does not have


def test_gain_and_unit_of_the_camera_do_not_matter(series):
    np.testing.assert_allclose(
        normalize(series, 0.2, 2.0), normalize(series * 1e4, 0.2, 2.0), rtol=1e-3, atol=1e-4
    )


def test_a_series_keeps_its_relative_contrast(series):
    series = series.copy()
    mean = series.mean(axis=(0, 1))
    series[..., 1] = mean[1] + 3 * (series[..., 1] - mean[1])
    normalised = normalize(series, 0.2, 2.0)
    ratio = normalised[..., 1].std() / normalised[..., 0].std()
    assert 2 < ratio < 4


def test_a_blank_image_stays_blank():
    assert np.abs(normalize(np.full((20, 20, 1), 7.0), 0.2, 2.0)).max() < 1e-2
    assert np.abs(normalize(np.zeros((20, 20, 1)), 0.2, 2.0)).max() == 0


@given(
    st.integers(3, 40), st.integers(3, 40), st.floats(0.05, 60), st.sampled_from(["f4", "f8"])
)  # fmt: skip
def test_frequencies_that_are_left_out_do_not_exist(rows, cols, sigma, dtype):
    images = np.random.default_rng(rows).normal(size=(2, rows, cols, 1)).astype(dtype)
    transform = scipy.fft.dctn(images.astype(np.float64), axes=(1, 2))
    for axis, count in ((1, rows), (2, cols)):
        shape = [1, 1, 1, 1]
        shape[axis] = count
        frequency = np.arange(count).reshape(shape) / (2 * count)
        transform *= np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    found = gaussian_blur(images, sigma)
    assert found.dtype == images.dtype and found.shape == images.shape
    expected = scipy.fft.idctn(transform, axes=(1, 2))
    np.testing.assert_allclose(found, expected, atol=2e-6 if dtype == "f4" else 1e-9)


def test_single_precision_is_enough_for_counts_on_a_high_level():
    images = 1000 + 10 * np.random.default_rng(0).normal(size=(200, 300, 1))
    images = images.astype(np.float32)
    exact = images.astype(np.float64)
    centred = exact - gaussian_blur(exact, 20.0)
    expected = centred / np.sqrt(gaussian_blur(centred**2, 20.0))
    found = normalize(images, 0.1, 2.0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # Where the level is not taken off first, rounding is more.
    coarse = images - gaussian_blur(images, 20.0)
    coarse /= np.sqrt(gaussian_blur(coarse**2, 20.0))
    assert np.abs(coarse - expected).max() > 3 * np.abs(found - expected).max()


@pytest.mark.parametrize("factor", [2.0**-100, 2.0**100])
def test_values_of_any_size_are_normalised_to_the_last_digit(series, factor):
    np.testing.assert_array_equal(normalize(series * np.float32(factor), 0.2, 2.0),
                                  normalize(series, 0.2, 2.0))  # fmt: skip
