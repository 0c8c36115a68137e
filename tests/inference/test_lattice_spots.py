"""Spots of the power spectrum, where waves and noise are known."""

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.inference.lattice_spots import find_spots, hann

RNG = np.random.default_rng(11)


def waves(shape, *kinds, noise=0.3):
    """An image of waves, each given by its frequency (row, col) and amplitude, and noise."""
    row, col = np.mgrid[: shape[0], : shape[1]]
    image = noise * RNG.standard_normal(shape)
    for (along_rows, along_cols), amplitude in kinds:
        image += amplitude * np.cos(2 * np.pi * (along_rows * row + along_cols * col) + 0.7)
    return image


def distance(found, frequency):
    """Of a frequency from another or from its opposite."""
    frequency = np.asarray(frequency)
    return min(np.linalg.norm(found - frequency), np.linalg.norm(found + frequency))


@pytest.mark.parametrize("shape", [(128, 128), (97, 150)])
def test_waves_are_found_between_the_points_of_the_grid_the_strongest_first(shape):
    one, two = (0.1234, 0.0871), (-0.061, 0.1507)
    found = find_spots(waves(shape, (two, 0.5), (one, 1.0)))
    assert len(found) == 2
    for place, frequency in enumerate((one, two)):
        assert distance(found.frequencies[place], frequency) < 0.02 / min(shape)
    # Power goes as the square of the amplitude.
    assert found.strengths[0] / found.strengths[1] == pytest.approx(4, rel=0.1)
    assert len(find_spots(waves(shape, (two, 0.5), (one, 1.0)), most=1)) == 1


def test_errors_of_a_length_are_as_stated():
    frequency = np.array([0.0731, 0.1118])
    off = []
    for _ in range(40):
        found = find_spots(waves((96, 96), (frequency, 0.5), noise=1.5))
        near = np.argmin([distance(each, frequency) for each in found.frequencies])
        length = np.linalg.norm(found.frequencies[near])
        off.append((length - np.linalg.norm(frequency)) / np.sqrt(found.variances[near]))
    assert 0.7 < np.std(off) < 1.35 and abs(np.mean(off)) < 0.5


def test_noise_and_blank_images_have_no_spots():
    found = [len(find_spots(RNG.poisson(3.0, (64, 64)))) for _ in range(60)]
    assert sum(found) <= 1  # one image in 10,000 has one
    assert len(find_spots(np.full((2, 64, 64), 7.0))) == 0


def test_a_wave_of_few_periods_is_a_shape():
    slow, fast = ((5 / 96, 0.0), 1.0), ((0.0, 12 / 96), 1.0)
    found = find_spots(waves((96, 96), slow, fast))
    assert len(found) == 1 and distance(found.frequencies[0], fast[0]) < 1e-3


def test_frames_of_a_movie_add_up_though_it_drifts():
    row, col = np.mgrid[:96, :96]
    phase = RNG.uniform(0, 2 * np.pi, 24)
    movie = np.stack([np.cos(2 * np.pi * (0.13 * row + 0.05 * col) + each) for each in phase])
    movie = 0.12 * movie + RNG.standard_normal(movie.shape)
    found = find_spots(movie)
    assert len(found) == 1 and distance(found.frequencies[0], (0.13, 0.05)) < 2e-3
    assert len(find_spots(movie.mean(axis=0))) == 0  # the average is blurred by the drift


def test_a_small_crystal_has_broad_spots():
    wave = waves((160, 160), ((0.1, 0.12), 1.0), noise=0)
    away = np.hypot(*(np.mgrid[:160, :160] - 79.5))
    whole, part = (
        find_spots(np.where(away < radius, wave, 0) + 0.1 * RNG.standard_normal(wave.shape))
        for radius in (200, 25)
    )
    assert part.widths[0] > 1.5 * whole.widths[0]
    chosen = part.select(np.array([0]))
    assert len(chosen) == 1 and chosen.widths[0] == part.widths[0]


def test_the_window_is_that_of_hann_between_pixels():
    np.testing.assert_allclose(hann(8), np.hanning(17)[1::2], atol=1e-12)


@pytest.mark.parametrize("shape", [(31, 64), (64,), (0, 64, 64)])
def test_images_that_are_too_small_are_refused(shape):
    with pytest.raises(InputError, match="at least 32 pixels"):
        find_spots(np.zeros(shape))
