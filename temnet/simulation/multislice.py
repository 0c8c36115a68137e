"""The multislice algorithm: a wave through the projected potentials of a specimen's slices.

Kirkland, Advanced Computing in Electron Microscopy, 2nd ed. (2010), chapter 6.  Scattering factors
are abTEM's; the loop is our own, since it takes a quarter of the time of abTEM's general one and
both agree (`temnet.simulation.accuracy`).  Everything is in single precision and transforms are
SciPy's, which give the same bits in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from abtem.core.energy import energy2sigma
from abtem.parametrizations import LobatoParametrization
from ase.data import chemical_symbols
from scipy import fft

from temnet.electrons import wavelength
from temnet.simulation.fourier import rotation

BAND_LIMIT = 2 / 3
"""Frequencies above this fraction of Nyquist's are cut, so that products do not fold back."""

Shape = tuple[int, int]


def multislice(
    positions: np.ndarray,
    numbers: np.ndarray,
    slices: np.ndarray,
    distances: np.ndarray,
    shape: Shape,
    sampling: float,
    energy: float,
    blur: Mapping[str, float] | None = None,
) -> np.ndarray:
    """The wave that leaves a specimen on which a plane wave of amplitude one fell.

    Args:
        positions: (N, 2) row and column of the atoms in the periodic box [Å].
        numbers: (N,) atomic numbers.
        slices: (N,) the slice of each atom, 0 being the first that the beam meets.
        distances: (S,) way of the wave behind each slice [Å].
        shape: Rows and columns of the grid.
        sampling: Its pixel size [Å].
        energy: Energy of the electrons [eV].
        blur: Standard deviation per axis [Å] of the blur of each element's potential.

    Returns:
        (row, col) complex64.
    """
    sigmas = tuple(sorted((blur or {}).items()))
    strength = np.float32(energy2sigma(energy))
    band = _band(shape)
    wave = np.ones(shape, np.complex64)
    for number, distance in enumerate(distances):
        here = slices == number
        potential = projected_potential(positions[here], numbers[here], shape, sampling, sigmas)
        wave *= rotation(strength * potential)
        spectrum = fft.fft2(wave, overwrite_x=True)
        rows, cols = _propagators(shape, sampling, energy, distance)
        spectrum *= rows[:, None]
        spectrum *= cols
        spectrum *= band
        wave = fft.ifft2(spectrum, overwrite_x=True)
    return wave


def projected_potential(
    positions: np.ndarray,
    numbers: np.ndarray,
    shape: Shape,
    sampling: float,
    sigmas: tuple[tuple[str, float], ...] = (),
) -> np.ndarray:
    """The potential of atoms integrated along the beam, up to the grid's Nyquist frequency.

    Atoms are spread over the grid by cubic splines, whose transform is divided out again.

    Args:
        positions: (N, 2) row and column in the periodic box [Å].
        numbers: (N,) atomic numbers.
        shape: Rows and columns of the grid.
        sampling: Its pixel size [Å].
        sigmas: Element and standard deviation per axis [Å] of its potential's blur.

    Returns:
        (row, col) float32 [V Å].
    """
    total: np.ndarray | None = None
    for number in np.unique(numbers):
        density = _spread(positions[numbers == number] / sampling, shape)
        part = fft.rfft2(density, overwrite_x=True)
        part *= _atom(chemical_symbols[number], shape, sampling, sigmas)
        total = part if total is None else total + part
    if total is None:
        return np.zeros(shape, np.float32)
    return fft.irfft2(total, shape, overwrite_x=True)


def _spread(places: np.ndarray, shape: Shape) -> np.ndarray:
    """(row, col) float32: a cubic B-spline of sum one at each place [pixels], periodically."""
    first = np.floor(places).astype(np.int64)
    t = places - first
    weights = np.stack(
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    )
    index = (first + np.arange(-1, 3)[:, None, None]) % np.array(shape)
    pixel = index[:, None, :, 0] * shape[1] + index[None, :, :, 1]
    weight = weights[:, None, :, 0] * weights[None, :, :, 1] / 36
    sums = np.bincount(pixel.ravel(), weight.ravel(), minlength=shape[0] * shape[1])
    return sums.astype(np.float32).reshape(shape)


@lru_cache(maxsize=64)
def _atom(
    symbol: str, shape: Shape, sampling: float, sigmas: tuple[tuple[str, float], ...]
) -> np.ndarray:
    """Transform of one atom's projected potential [V Å] over that of the spline, half a plane.

    Lobato & Van Dyck, Acta Cryst. A 70, 636 (2014).
    """
    rows, cols = fft.fftfreq(shape[0]), fft.rfftfreq(shape[1])
    square = (rows[:, None] ** 2 + cols**2) / sampling**2
    factor = LobatoParametrization().projected_scattering_factor(symbol)(square)  # type: ignore[misc]
    factor = factor * np.exp(-2 * (np.pi * dict(sigmas).get(symbol, 0.0)) ** 2 * square)
    spline = (np.sinc(rows)[:, None] * np.sinc(cols)) ** 4
    # Up to Nyquist's frequency, not the band limit: the phase that the wave gains is not linear.
    within = square * sampling**2 < 0.25
    return (factor * within / (spline * sampling**2)).astype(np.float32)


@lru_cache(maxsize=16)
def _band(shape: Shape) -> np.ndarray:
    """(row, col) float32, 1 within the band limit."""
    radius = np.hypot(fft.fftfreq(shape[0])[:, None], fft.fftfreq(shape[1]))
    return (radius < BAND_LIMIT / 2).astype(np.float32)


def _propagators(
    shape: Shape, sampling: float, energy: float, distance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fresnel's propagator along rows and along columns, complex64."""
    phase = -np.pi * wavelength(energy) * distance
    rows, cols = (
        np.exp(1j * phase * fft.fftfreq(count, sampling) ** 2).astype(np.complex64)
        for count in shape
    )
    return rows, cols
