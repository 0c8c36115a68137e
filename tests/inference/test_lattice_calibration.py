import logging
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from tifffile import imread

from temnet.errors import InputError
from temnet.inference.lattice_calibration import Calibration, header_warning, measure_sampling

MOVIE = Path(__file__).parents[2] / "experiments/images/pt_ceo2_raw.tif"


def lattice(spacing, shape, angle, noise, rng, stretch=1.0, second=0.0):
    """A hexagonal lattice with planes ``spacing`` pixels apart, cut off like a particle.

    ``stretch`` is the height of a pixel in units of its width, ``second`` the amplitude of the
    next ring, whose planes are sqrt(3) times closer.
    """
    row, col = np.mgrid[: shape[0], : shape[1]].astype(float)
    image = np.zeros(shape)
    for closer, amplitude, turn in ((1, 1, 0), (np.sqrt(3), second, np.pi / 6)):
        for direction in angle + turn + np.arange(3) * np.pi / 3:
            way = row * stretch * np.sin(direction) + col * np.cos(direction)
            image += amplitude * np.cos(2 * np.pi * closer * way / spacing + rng.uniform(0, 6))
    return image + noise * rng.standard_normal(shape)


@pytest.mark.parametrize("shape", [(128, 128), (97, 210), (255, 120)])
def test_a_clear_lattice_gives_the_pixel_size(shape):
    rng = np.random.default_rng(1)
    for sampling in (0.21, 0.437):
        image = lattice(2.27 / sampling, shape, rng.uniform(0, 6), 0.01, rng)
        found = measure_sampling(image, 2.27)
        assert found.sampling == pytest.approx(sampling, rel=2e-4)
        assert len(found.spots) == 3 and found.distortion < 1e-3
        np.testing.assert_allclose(
            np.linalg.norm(found.spots, axis=1), sampling / 2.27, rtol=1e-3, atol=0
        )
        # Another spacing means another pixel size, and another gain and offset the same.
        assert measure_sampling(image, 4.54).sampling == pytest.approx(2 * sampling, rel=2e-4)
        assert measure_sampling(500 - 40 * image, 2.27).sampling == pytest.approx(found.sampling)


@pytest.mark.parametrize(("frames", "noise"), [(1, 3.0), (8, 6.0)])
def test_the_truth_lies_within_the_uncertainty_as_often_as_stated(frames, noise):
    rng = np.random.default_rng(2)
    errors = []
    for _ in range(60):
        sampling, angle = rng.uniform(0.2, 0.4), rng.uniform(0, 6)
        still = lattice(2.27 / sampling, (128, 128), angle, 0, rng)
        movie = still + noise * rng.standard_normal((frames, 128, 128))
        found = measure_sampling(movie, 2.27)
        errors.append((found.sampling - sampling) / found.uncertainty)
    # 68.3 % and 95.4 %; of 60 these come out within 14 and 7 % almost always.
    assert 0.54 <= np.mean(np.abs(errors) < 1) <= 0.82
    assert np.mean(np.abs(errors) < 2) >= 0.88


def test_more_noise_means_more_uncertainty():
    rng = np.random.default_rng(3)
    still = lattice(9, (128, 128), 0.3, 0, rng)
    noise = rng.standard_normal(still.shape)
    low, high = (measure_sampling(still + level * noise, 2.27) for level in (0.5, 2))
    assert high.uncertainty / low.uncertainty == pytest.approx(4, rel=0.25)


def test_a_distorted_ring_is_reported(caplog):
    rng = np.random.default_rng(4)
    image = lattice(9, (200, 200), 0.0, 0.1, rng, stretch=1.03)
    with caplog.at_level(logging.WARNING):
        found = measure_sampling(image, 1.8)
    assert "differ in frequency" in caplog.text
    # Frequencies along the rows grow by 3 %: spots at 0 and 60 degrees have 1 and 1.0226.
    assert found.distortion == pytest.approx(0.0226 / 2.0226, abs=0.001)
    assert found.uncertainty > 0.01 * 0.2
    assert abs(found.sampling - 0.2 * (1 + 2 * 1.0226) / 3) < 1e-4
    caplog.clear()
    assert measure_sampling(lattice(9, (200, 200), 0.0, 0.1, rng), 1.8).uncertainty < 1e-4
    assert not caplog.records


def test_of_two_rings_the_strongest_or_the_expected_is_used():
    rng = np.random.default_rng(5)
    image = lattice(12, (160, 160), 0.2, 0.2, rng, second=0.5)
    assert measure_sampling(image, 2.4).sampling == pytest.approx(0.2, rel=1e-3)
    near = measure_sampling(image, 2.4, expected=0.22)
    assert near.sampling == pytest.approx(0.2, rel=1e-3)
    second = measure_sampling(image, 2.4 / np.sqrt(3), expected=0.19)
    assert second.sampling == pytest.approx(0.2, rel=1e-3)
    with pytest.raises(InputError, match="near the expected pixel size of 0.5 Å"):
        measure_sampling(image, 2.4, expected=0.5)


def test_noise_film_and_blank_images_have_no_pixel_size():
    rng = np.random.default_rng(6)
    noise = rng.standard_normal((6, 150, 150))
    grain = gaussian_filter(noise[0], 1.5)
    film = grain / grain.std() + 0.5 * noise  # the same film in each frame
    empty = np.zeros((150, 150))
    pinned = np.arange(150) * np.ones((150, 1))
    for image in (noise, noise[0], grain, film, empty, pinned):
        with pytest.raises(InputError, match="no lattice stands out"):
            measure_sampling(image, 2.27)
    with_lattice = film + 0.5 * lattice(8, (150, 150), 0.4, 0, rng)
    assert measure_sampling(with_lattice, 2.0).sampling == pytest.approx(0.25, rel=6e-3)


def test_false_alarms_are_rare():
    rng = np.random.default_rng(7)
    for _ in range(100):
        with pytest.raises(InputError):
            measure_sampling(rng.standard_normal((64, 80)), 2.27)


def test_images_that_cannot_be_measured_are_refused():
    image = lattice(9, (64, 64), 0, 0.1, np.random.default_rng(0))
    for spacing in (0, -1, np.nan):
        with pytest.raises(InputError, match="spacing must be a length"):
            measure_sampling(image, spacing)
    with pytest.raises(InputError, match="expected pixel size must be"):
        measure_sampling(image, 2, expected=-0.1)
    with pytest.raises(InputError, match="at least 32 pixels"):
        measure_sampling(image[:20], 2)


def test_platinum_and_ceria_agree_on_the_real_movie():
    movie = imread(MOVIE)
    platinum = measure_sampling(movie, 3.924 / np.sqrt(3), expected=0.21)
    ceria = measure_sampling(movie, 5.411 / np.sqrt(3), expected=0.21)
    assert platinum.sampling == pytest.approx(0.202, rel=0.01)
    for found in (platinum, ceria):
        assert abs(found.sampling - 0.202) < found.uncertainty < 0.03 * 0.202
        # The crystals are ten planes thick: their two spots each differ by some per cent.
        assert len(found.spots) == 2 and 0.01 < found.distortion < 0.03
        angle = np.degrees(np.arctan2(*found.spots.T))
        # {111} planes along [110] meet at arccos(1 / 3) = 70.5 degrees.
        assert min(np.ptp(angle), 180 - np.ptp(angle)) == pytest.approx(70.5, abs=1)


def test_a_header_is_doubted_beyond_two_per_cent():
    found = Calibration(0.2, 0.001, np.zeros((1, 2)), 0.0)
    assert header_warning(0.2039, found) is None and header_warning(0.1961, found) is None
    assert "2.5 % less" in header_warning(0.205, found)
    assert "2.5 % more" in header_warning(0.195, found)
