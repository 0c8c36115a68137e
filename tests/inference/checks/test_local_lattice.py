"""The lattice around a column, in images whose waves are known."""

import numpy as np
import pytest

from temnet.inference.checks import local_lattice as module
from temnet.inference.checks.local_lattice import local_lattice

SAMPLING, SIDE = 0.2, 240
CENTRES = np.stack(np.meshgrid([10.0, 24.0, 38.0], [10.0, 24.0, 38.0]), axis=-1).reshape(-1, 2)


def counts(waves, contrast=0.2, dose=2000.0, seed=0, foci=1):
    """Counts (row, col, focus) of waves, each (spacing [Å], angle [rad])."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[:SIDE, :SIDE] * SAMPLING
    mean = np.ones((SIDE, SIDE, foci))
    for spacing, angle in waves:
        along = row * np.cos(angle) + col * np.sin(angle)
        mean += contrast * np.cos(2 * np.pi * along / spacing)[..., None]
    return rng.poisson(dose * SAMPLING**2 * mean).astype(np.float32)


@pytest.mark.parametrize("foci", [1, 3])
@pytest.mark.parametrize("spacing", [1.4, 2.3, 3.2])
def test_two_waves_that_cross_are_a_lattice(spacing, foci):
    found = local_lattice(counts([(spacing, 0.3), (spacing, 1.5)], foci=foci), SAMPLING, CENTRES)
    assert found.two.all() and not found.one.any()


@pytest.mark.parametrize("foci", [1, 3])
@pytest.mark.parametrize("spacing", [2.0, 3.4])
def test_one_wave_and_its_harmonic_are_fringes(spacing, foci):
    waves = [(spacing, 0.8), (spacing / 2, 0.8)]
    found = local_lattice(counts(waves, foci=foci), SAMPLING, CENTRES)
    # In 2 % of the windows noise passes for a second direction.
    assert found.one.mean() > 0.85 and found.two.mean() < 0.15


def test_noise_shows_neither():
    found = [local_lattice(counts([], seed=seed), SAMPLING, CENTRES) for seed in range(20)]
    assert np.mean([one.two for one in found]) < 0.02 and not any(one.one.any() for one in found)


def test_the_lattice_of_a_part_is_that_of_its_columns():
    image = counts([(2.3, 0.3), (2.3, 1.5)], dose=20000.0)
    image[:, SIDE // 2 :] = counts([], dose=20000.0)[:, SIDE // 2 :]
    columns = np.array([[24.0, 8.0], [24.0, 40.0]])
    assert local_lattice(image, SAMPLING, columns, sizes=1).two.tolist() == [True, False]


def test_small_images_and_images_without_columns_and_contrast():
    image = counts([(2.3, 0.3), (2.3, 1.5)])
    assert local_lattice(image[:50, :60], SAMPLING, np.array([[5.0, 6.0]])).two.all()
    assert local_lattice(image, SAMPLING, np.zeros((0, 2))).two.shape == (0,)
    flat = local_lattice(np.ones((80, 80, 1)), SAMPLING, CENTRES[:1])
    assert not flat.two.any() and not flat.one.any()
    tiny = local_lattice(np.ones((4, 4, 1)), SAMPLING, np.array([[0.3, 0.3]]))
    assert not tiny.two.any()


@pytest.mark.parametrize(("shape", "sampling"), [((80, 80), 0.2), ((57, 80), 0.3), ((33, 40), 0.6)])
def test_the_power_is_that_of_a_fourier_transform(shape, sampling):
    """Of the tapered window without its mean, in the order of the rings; the border wraps."""
    geometry = module._geometry(shape, sampling)
    windows = np.random.default_rng(0).normal(5, 1, (2, 3, *shape))
    power = module._power(windows, geometry)
    mean = np.average(windows, axis=(2, 3), weights=np.broadcast_to(geometry.taper, windows.shape))
    spectra = np.fft.fft2((windows - mean[..., None, None]) * geometry.taper)
    expected = np.mean(np.abs(spectra) ** 2, axis=1)
    rows = np.round(geometry.rows * shape[0] * sampling).astype(int)
    cols = np.round(geometry.cols * shape[1] * sampling).astype(int)
    np.testing.assert_allclose(power, expected[:, rows[:, None], cols], rtol=1e-9, atol=1e-9)
    frequencies = [np.fft.fftfreq(size, sampling) for size in shape]
    radius = np.hypot(*np.meshgrid(*frequencies, indexing="ij"))
    low, high = module.FREQUENCIES
    there = np.count_nonzero((radius >= low) & (radius < high))
    both = 2 * sum(map(len, geometry.members))  # each frequency and its opposite
    at_the_edge = sum(shape[axis] for axis in (0, 1) if shape[axis] % 2 == 0 and sampling > 0.5)
    assert 0 <= there - both <= at_the_edge


def test_larger_windows_decide_only_where_smaller_ones_do_not():
    image = counts([(2.3, 0.3), (2.3, 1.5)], contrast=0.015)
    steps = [local_lattice(image, SAMPLING, CENTRES, sizes=number).two for number in (1, 2, 3)]
    assert np.all(steps[0] <= steps[1]) and np.all(steps[1] <= steps[2])
    assert 0 < steps[0].sum() < steps[2].sum()
    alone = [local_lattice(image, SAMPLING, one[None]) for one in CENTRES]
    together = local_lattice(image, SAMPLING, CENTRES)
    assert together.two.tolist() == [bool(one.two[0]) for one in alone]
    assert together.one.tolist() == [bool(one.one[0]) for one in alone]
