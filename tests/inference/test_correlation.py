"""Transforms by which images are aligned, against NumPy's and against known shifts."""

import numpy as np
import pytest

from temnet.inference.correlation import HIGHEST_FREQUENCY, phases, windowed_spectra

SAMPLING = 0.25
RNG = np.random.default_rng(3)


def spectra(images, shape=None, **more):
    window = np.ones(images.shape[:2] if shape is None else shape)
    return windowed_spectra(images, SAMPLING, window, **more)


def test_white_noise_has_a_mean_power_of_one_whatever_its_scale():
    noise = RNG.normal(500, 30, (128, 96, 2))
    found, _, _ = spectra(noise)
    power = np.mean(np.abs(found) ** 2, axis=(0, 1))
    np.testing.assert_allclose(power, 1, atol=0.05)
    stronger, _, _ = spectra(3 * noise - 200)
    np.testing.assert_allclose(stronger, found, atol=1e-3)
    assert np.abs(spectra(np.full((32, 32, 1), 7.0))[0]).max() < 1e-9


def test_a_window_does_not_change_the_power_of_noise():
    noise = RNG.normal(0, 1, (128, 128, 1))
    window = np.outer(np.hanning(128), np.hanning(128))
    power = np.mean(np.abs(windowed_spectra(noise, SAMPLING, window)[0]) ** 2)
    assert power == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("wave", [(0.3, 0.4), (-0.6, 0.2)])
def test_a_wave_lies_at_its_frequency_in_inverse_angstrom(wave):
    row, col = np.mgrid[:80, :120] * SAMPLING  # whole periods along both sides
    found, rows, cols = spectra(np.cos(2 * np.pi * (wave[0] * row + wave[1] * col))[..., None])
    top = np.unravel_index(np.argmax(np.abs(found[..., 0])), found.shape[:2])
    assert (rows[top[0]], cols[top[1]]) == pytest.approx(wave)


def test_only_frequencies_up_to_the_highest_are_kept():
    noise = RNG.normal(0, 1, (64, 64, 1))
    _, rows, cols = spectra(noise)
    assert max(rows.max(), cols.max()) == pytest.approx(HIGHEST_FREQUENCY)
    found, rows, cols = spectra(noise, highest=0.5)
    assert found.shape == (17, 9, 1) and rows.min() == -0.5 and cols.max() == 0.5
    fine, _, _ = windowed_spectra(noise, 0.5, np.ones((64, 64)))
    assert fine.shape == (64, 33, 1)  # all that half a pixel's frequency allows


@pytest.mark.parametrize("moved", [(0, 0), (3, -5), (-8, 2)])
def test_the_correlation_is_largest_at_the_shift_of_the_second_image(moved):
    first = RNG.normal(0, 1, (64, 64))
    images = np.stack([first, np.roll(first, moved, axis=(0, 1))], axis=-1)
    found, rows, cols = spectra(images)
    shifts = np.arange(-10, 11) * SAMPLING
    along_rows, along_cols = phases(shifts, rows, cols)
    values = (along_rows @ (np.conj(found[..., 0]) * found[..., 1]) @ along_cols).real
    best = np.unravel_index(np.argmax(values), values.shape)
    assert (shifts[list(best)] / SAMPLING).tolist() == list(moved)
