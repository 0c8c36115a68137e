"""The multislice loop and the aberrations, against abTEM's own."""

import abtem
import numpy as np
import pytest
from abtem.core.energy import energy2sigma
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st

from temnet.electrons import wavelength
from temnet.simulation.aberrations import TERMS, aberration_function
from temnet.simulation.multislice import multislice, projected_potential

SHAPE, SAMPLING, ENERGY = (128, 160), 0.05, 80e3
EXTENT = (SHAPE[0] * SAMPLING, SHAPE[1] * SAMPLING)


def abtem_wave(places, numbers, depths, thickness):
    """The same specimen by abTEM: uniform slices and x-first arrays."""
    positions = np.column_stack([places[:, 1], places[:, 0], depths])
    atoms = Atoms(numbers=numbers, positions=positions, cell=[EXTENT[1], EXTENT[0], thickness])
    with abtem.config.set({"precision": "float32", "diagnostics.progress_bar": False}):
        potential = abtem.Potential(atoms, gpts=SHAPE[::-1], slice_thickness=1.0)
        waves = abtem.PlaneWave(energy=ENERGY).multislice(potential, lazy=False)
    return np.asarray(waves.array).T


def test_the_wave_is_that_of_abtem():
    rng = np.random.default_rng(0)
    places = rng.uniform([0, 0], EXTENT, (12, 2))
    numbers = np.array([6, 16, 42] * 4)
    layer = np.arange(12) % 3
    expected = abtem_wave(places, numbers, layer + 0.5, 3.0)
    own = multislice(places, numbers, layer, np.ones(3), SHAPE, SAMPLING, ENERGY)
    # Below 2 1/Å; the rest is abTEM's linear spreading of atoms over pixels.
    contrast = below(expected - 1, 2.0)
    assert rms(below(own, 2.0) - below(expected, 2.0)) < 0.02 * rms(contrast)
    swapped = multislice(places, numbers, 2 - layer, np.ones(3), SHAPE, SAMPLING, ENERGY)
    assert rms(below(swapped, 2.0) - below(expected, 2.0)) > 0.05 * rms(contrast)


def rms(array):
    return np.sqrt(np.mean(np.abs(array) ** 2))


def below(wave, limit):
    rows, cols = (np.fft.fftfreq(n, SAMPLING) for n in SHAPE)
    return np.fft.ifft2(np.fft.fft2(wave) * (np.hypot(rows[:, None], cols) < limit))


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 1), st.floats(0, 1))
def test_atoms_between_pixels_are_as_good_as_on_them(down, right):
    """A shift of the atom is a phase of the potential's transform."""
    place = np.array([[3.0, 4.0]])
    step = np.array([down, right]) * SAMPLING
    before = projected_potential(place, np.array([42]), SHAPE, SAMPLING)
    after = projected_potential(place + step, np.array([42]), SHAPE, SAMPLING)
    rows, cols = (np.fft.fftfreq(n, SAMPLING) for n in SHAPE)
    phase = np.exp(-2j * np.pi * (rows[:, None] * step[0] + cols * step[1]))
    keep = np.hypot(rows[:, None], cols) < 3.0
    ratio = np.fft.fft2(after)[keep] / np.fft.fft2(before)[keep]
    np.testing.assert_allclose(ratio, phase[keep], atol=4e-3)


def test_a_potential_over_the_border_comes_in_on_the_other_side():
    corner = projected_potential(np.zeros((1, 2)), np.array([6]), SHAPE, SAMPLING)
    inner = projected_potential(np.array([[2.0, 3.0]]), np.array([6]), SHAPE, SAMPLING)
    np.testing.assert_allclose(np.roll(corner, (40, 60), (0, 1)), inner, atol=1e-3 * inner.max())


def test_no_atoms_have_no_potential_and_leave_the_wave_alone():
    none = np.zeros((0, 2)), np.zeros(0, int)
    assert not projected_potential(*none, SHAPE, SAMPLING).any()
    wave = multislice(*none, np.zeros(0, int), np.ones(2), SHAPE, SAMPLING, ENERGY)
    np.testing.assert_allclose(wave, 1, atol=1e-6)


def test_blur_is_the_debye_waller_factor():
    place, carbon = np.array([[3.0, 4.0]]), np.array([6])
    sharp = projected_potential(place, carbon, SHAPE, SAMPLING)
    blurred = projected_potential(place, carbon, SHAPE, SAMPLING, (("C", 0.1),))
    other = projected_potential(place, carbon, SHAPE, SAMPLING, (("Mo", 0.1),))
    rows, cols = (np.fft.fftfreq(n, SAMPLING) for n in SHAPE)
    square = rows[:, None] ** 2 + cols**2
    damped = np.fft.ifft2(np.fft.fft2(sharp) * np.exp(-2 * np.pi**2 * 0.01 * square)).real
    np.testing.assert_allclose(blurred, damped, atol=1e-4 * sharp.max())
    np.testing.assert_array_equal(other, sharp)


def test_a_single_slice_is_a_phase_object():
    place, carbon = np.array([[3.0, 4.0]]), np.array([6])
    wave = multislice(place, carbon, np.zeros(1, int), np.zeros(1), SHAPE, SAMPLING, ENERGY)
    potential = projected_potential(place, carbon, SHAPE, SAMPLING)
    expected = below(np.exp(1j * energy2sigma(ENERGY) * potential), 1 / (3 * SAMPLING))
    np.testing.assert_allclose(wave, expected, atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**16))
def test_aberrations_are_those_of_abtem(seed):
    rng = np.random.default_rng(seed)
    sizes = {"C10": 1e2, "C12": 1e2, "C21": 1e3, "C23": 1e3, "C30": 1e5, "C32": 1e5, "C34": 1e5,
             "C50": 1e7}  # fmt: skip
    values = {name: rng.normal(0, size) for name, size in sizes.items()}
    values |= {f"phi{name[1:]}": rng.uniform(-3, 3) for name in TERMS if TERMS[name][1]}
    alpha = np.linspace(1e-4, 25e-3, 30)[:, None]
    phi = np.linspace(-np.pi, np.pi, 16, endpoint=False)[None, :]
    rays = alpha * np.exp(1j * phi)
    way, slope = aberration_function(values, rays)
    with abtem.config.set({"precision": "float64"}):
        lens = abtem.CTF(energy=ENERGY, **values)
        grids = alpha + 0 * phi, phi + 0 * alpha
        expected = lens._evaluate_from_angular_grid(*grids)
    phase = 2 * np.pi / wavelength(ENERGY) * way
    np.testing.assert_allclose(np.exp(-1j * phase), expected, atol=5e-3)
    # The slope is the way's derivative.
    step = 1e-7
    for direction in (1.0, 1j):
        ahead = aberration_function(values, rays + step * direction)[0]
        behind = aberration_function(values, rays - step * direction)[0]
        along = (slope * np.conj(direction)).real
        np.testing.assert_allclose((ahead - behind) / (2 * step), along, atol=1e-3)


def test_no_aberrations_are_no_way():
    way, slope = aberration_function({}, np.array([0.01 + 0.02j]))
    assert way == pytest.approx(0) and slope == pytest.approx(0)
