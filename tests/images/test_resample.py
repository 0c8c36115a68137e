import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from temnet.images.resample import resample, resampled_size, square_pixels


def wave(count, sampling, frequency, phase=0.3):
    return np.cos(2 * np.pi * frequency * sampling * np.arange(count) + phase)


@given(
    sampling=st.floats(0.05, 0.3),
    new=st.floats(0.05, 0.3),
    fraction=st.floats(0.0, 0.6),
)
def test_a_wave_below_both_nyquist_frequencies_is_kept(sampling, new, fraction):
    frequency = fraction * 0.5 / max(sampling, new)
    count = int(40 * 0.3 / sampling)
    image = wave(count, sampling, frequency)[:, None, None] * np.ones((1, 9, 1))
    resampled = resample(image, sampling, new)[..., 0]
    expected = wave(resampled.shape[0], new, frequency)
    border = int(np.ceil(4 * max(1, sampling / new))) + 1
    middle = slice(border, -border)
    assert np.abs(resampled[middle, 0] - expected[middle]).max() < 0.03


def test_a_wave_above_the_new_nyquist_frequency_does_not_fold_back():
    image = wave(400, 0.1, 4.0)[:, None, None] * np.ones((1, 9, 1))
    assert np.abs(resample(image, 0.1, 0.2)[20:-20]).max() < 0.02
    assert np.abs(image[::2]).max() > 0.9  # plain decimation folds it


def test_centre_of_the_first_pixel_stays_and_axes_are_not_swapped():
    image = np.zeros((61, 41, 1))
    image[20, 30] = 1
    resampled = resample(image, 0.1, 0.05)[..., 0]
    assert resampled.shape == (121, 81)
    assert np.unravel_index(resampled.argmax(), resampled.shape) == (40, 60)


@given(st.integers(2, 300), st.floats(0.05, 1), st.floats(0.05, 1))
def test_a_constant_stays_and_pixels_lie_inside(count, sampling, new):
    resampled = resample(np.full((count, 3, 1), 5.0), sampling, new)
    np.testing.assert_allclose(resampled, 5.0, rtol=1e-5)
    size = resampled_size(count, sampling, new)
    assert resampled.shape[0] == size
    assert (size - 1) * new <= (count - 1) * sampling * (1 + 1e-6) + 1e-6


def test_equal_pixels_are_left_alone():
    image = np.random.default_rng(0).random((5, 6, 2)).astype(np.float32)
    assert resample(image, 0.2, 0.2) is image


def test_square_pixels_are_what_resampling_makes_of_one_axis():
    image = np.random.default_rng(0).random((2, 20, 30, 3))
    tall = square_pixels(image, (0.3, 0.2))
    assert tall.shape == (2, resampled_size(20, 0.3, 0.2), 30, 3)
    rows = np.repeat(image[:, :, :1], 9, axis=2)  # the same in every column
    whole = resample(rows, 0.3, 0.2)
    np.testing.assert_allclose(tall[:, :, :1], whole[:, :, :1], atol=1e-5)
    turned = square_pixels(image.swapaxes(1, 2), (0.2, 0.3))
    np.testing.assert_allclose(turned, tall.swapaxes(1, 2), atol=1e-6)
    np.testing.assert_array_equal(square_pixels(image, (0.2, 0.2)), image.astype(np.float32))
