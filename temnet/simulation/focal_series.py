"""From an exit wave to the intensities of a focal series."""

from __future__ import annotations

import abtem
import numpy as np
from abtem.distributions import from_values
from scipy import fft

from temnet.config.experiment import wavelength
from temnet.simulation.exit_wave import ExitWave, to_image_axes
from temnet.simulation.fourier import good_size
from temnet.simulation.optics import ABTEM_SPREAD, Optics, focal_ensemble
from temnet.units import MILLIRADIAN


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
    reduced = _reduced(wave, optics)
    deviations, weights = focal_ensemble(optics)
    defocus = np.add.outer(np.array(optics.defocus) + wave.depth, deviations)
    transfer = abtem.CTF(
        energy=optics.energy,
        defocus=from_values(defocus.ravel()),
        semiangle_cutoff=optics.aperture / MILLIRADIAN,
        angular_spread=ABTEM_SPREAD * optics.angular_spread / MILLIRADIAN,
        focal_spread=0.0 if optics.ensemble else ABTEM_SPREAD * optics.focal_spread,
        **optics.aberrations,
    )
    array = reduced.apply_ctf(transfer).array
    intensity = np.abs(array.reshape(*defocus.shape, *reduced.array.shape[-2:])) ** 2
    series = np.einsum("fexy,e->fxy", intensity, weights.astype(np.float32))
    return np.ascontiguousarray(to_image_axes(series), np.float32)


def _reduced(wave: ExitWave, optics: Optics) -> abtem.Waves:
    """The wave on the coarsest good grid that holds its squared band."""
    array = np.asarray(wave.waves.array)
    extent = wave.grid.extent[::-1]
    limit = optics.aperture / wavelength(optics.energy)
    shape = tuple(
        min(count, good_size(4 * limit * side + 2))
        for count, side in zip(array.shape, extent, strict=True)
    )
    if shape != array.shape:
        array = crop_band(array, shape)
    return abtem.Waves(array.astype(np.complex64), energy=optics.energy, extent=extent)


def crop_band(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A periodic wave on a coarser grid: only its lowest frequencies are kept.

    Args:
        array: (n, m) complex.
        shape: The new (n', m'), even and not larger.
    """
    spectrum = fft.fft2(array)
    for axis, count in enumerate(shape):
        half = count // 2
        index = np.r_[0:half, array.shape[axis] - (count - half) : array.shape[axis]]
        spectrum = np.take(spectrum, index, axis=axis)
    return fft.ifft2(spectrum) * (spectrum.size / array.size)
