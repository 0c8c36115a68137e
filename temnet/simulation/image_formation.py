"""Image formation: from an exit wave through the contrast transfer to a focal series.

Defocus is positive for underfocus (C10 = -defocus), as in abTEM.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from temnet.electrons import wavelength
from temnet.simulation.aberrations import aberration_function
from temnet.simulation.exit_wave import ExitWave
from temnet.simulation.fourier import good_size, rotation
from temnet.simulation.optics import Optics, focal_ensemble


def focal_series(wave: ExitWave, optics: Optics) -> np.ndarray:
    """Intensities in the image plane, with the illumination's intensity as one.

    The wave is cut at the aperture and carried on a grid whose Nyquist frequency is at least
    twice that, which holds the whole band of its square.

    Args:
        wave: The exit wave.
        optics: The microscope.

    Returns:
        (focus, row, col) float32 over the wave's whole periodic box.
    """
    length = wavelength(optics.energy)
    shape = _reduced_shape(wave, optics.aperture / length)
    spectrum = crop_band(fft.fft2(wave.array), shape)
    rows, cols = (
        length * fft.fftfreq(count, side / count)
        for count, side in zip(shape, wave.grid.extent, strict=True)
    )
    opening = _aperture(rows, cols, optics.aperture)
    lit = np.nonzero(opening)
    rays = cols[lit[1]] + 1j * rows[lit[0]]
    passed = spectrum[lit] * opening[lit]
    way, slope = aberration_function(optics.aberrations, rays)
    deviations, weights = focal_ensemble(optics)
    series = np.zeros((len(optics.defocus), *shape), np.float32)
    field = np.zeros(shape, np.complex64)
    for number, defocus in enumerate(optics.defocus):
        for deviation, weight in zip(deviations, weights, strict=True):
            focus = defocus + wave.depth + deviation
            transfer = rotation(-2 * np.pi / length * (way - focus / 2 * np.abs(rays) ** 2))
            transfer *= _envelope(optics, rays, slope - focus * rays)
            field[lit] = passed * transfer
            image = fft.ifft2(field)
            series[number] += np.float32(weight) * (image.real**2 + image.imag**2)
    return series


def _reduced_shape(wave: ExitWave, limit: float) -> tuple[int, int]:
    """The coarsest good grid that holds the squared band of a wave cut at ``limit`` [1/Å]."""
    rows, cols = (
        min(count, good_size(4 * limit * side + 2))
        for count, side in zip(wave.array.shape, wave.grid.extent, strict=True)
    )
    return rows, cols


def _aperture(rows: np.ndarray, cols: np.ndarray, aperture: float) -> np.ndarray:
    """(row, col) transparency for rays at angles [rad]; its edge is a grid point wide."""
    edge = max(rows[1], cols[1])
    inside = (aperture - np.hypot(rows[:, None], cols)) / edge + 0.5
    return np.clip(inside, 0, 1).astype(np.float32)


def _envelope(optics: Optics, rays: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Damping by the spread of directions and, unless foci are added up, by that of focus.

    exp(-(spread of phase)^2 / 2): Frank, Optik 38, 519 (1973).
    """
    to_phase = 2 * np.pi / wavelength(optics.energy)
    square = (to_phase * optics.angular_spread * np.abs(slope)) ** 2
    if not optics.ensemble:
        square += (to_phase * optics.focal_spread / 2 * np.abs(rays) ** 2) ** 2
    return np.exp(-square / 2).astype(np.float32)


def crop_band(spectrum: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The transform of a periodic wave on a coarser grid: only its lowest frequencies.

    Args:
        spectrum: (n, m) complex.
        shape: The new (n', m'), even and not larger.
    """
    full = spectrum.size
    for axis, count in enumerate(shape):
        half = count // 2
        index = np.r_[0:half, spectrum.shape[axis] - (count - half) : spectrum.shape[axis]]
        spectrum = np.take(spectrum, index, axis=axis)
    return spectrum * np.float32(spectrum.size / full)
