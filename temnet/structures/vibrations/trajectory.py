"""Thermal vibrations from a trajectory of molecular dynamics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PLANCK_OVER_BOLTZMANN = 47.992430
"""h / k_B [K / THz] (CODATA 2018)."""

HOP = 1.2
"""An atom farther than this from its mean position has moved to another site [Å]."""


@dataclass(frozen=True)
class Trajectory:
    """Frames of molecular dynamics.

    Attributes:
        numbers: (N,) atomic numbers.
        positions: (F, N, 3) [Å], not wrapped into any cell.
        interval: Time between frames [fs].
        component: (N,) int64, index of the body of each atom; bodies move relative to each other.
        periodic: For each component whether it is periodic, and so cannot rotate.
        sheet: Whether the components are sheets in the xy plane, which bend.
        temperature: Mean temperature of the frames [K].
    """

    numbers: np.ndarray
    positions: np.ndarray
    interval: float
    component: np.ndarray
    periodic: tuple[bool, ...]
    sheet: bool
    temperature: float


def displacements(
    trajectory: Trajectory, bending_wavelength: float
) -> tuple[np.ndarray, np.ndarray]:
    """Displacements from the mean positions, without rigid motion of the components.

    Args:
        trajectory: The frames.
        bending_wavelength: Longer out-of-plane waves of a sheet are subtracted [Å].

    Returns:
        (F, N, 3) displacements [Å] of mean zero, and (N, 3) mean positions [Å].
    """
    moved = trajectory.positions.astype(np.float64)
    for number, periodic in enumerate(trajectory.periodic):
        mine = trajectory.component == number
        moved[:, mine] = _at_rest(moved[:, mine], turn=not periodic)
        if trajectory.sheet:
            moved[:, mine, 2] = _unbent(moved[:, mine], bending_wavelength)
    mean = moved.mean(axis=0)
    return moved - mean, mean


def _at_rest(frames: np.ndarray, turn: bool) -> np.ndarray:
    """Frames shifted, and rotated, onto their mean: Kabsch, Acta Cryst. A 32, 922 (1976)."""
    centre = frames.mean(axis=1, keepdims=True)
    frames = frames - centre + centre[:1]
    if not turn:
        return frames
    middle = centre[0]
    for _ in range(2):  # the mean of the rotated frames differs a little from the first one
        mean = frames.mean(axis=0) - middle
        u, _, vt = np.linalg.svd(np.einsum("fni,nj->fij", frames - middle, mean))
        sign = np.sign(np.linalg.det(u @ vt))
        u[:, :, -1] *= sign[:, None]
        frames = np.einsum("fni,fij->fnj", frames - middle, u @ vt) + middle
    return frames


def _unbent(frames: np.ndarray, wavelength: float) -> np.ndarray:
    """(F, N) heights without the mean shape's change in waves longer than ``wavelength``."""
    mean = frames.mean(axis=0)
    waves = _long_waves(mean[:, :2] - mean[:, :2].mean(axis=0), wavelength)
    change = frames[..., 2] - mean[:, 2]
    amplitude = np.linalg.lstsq(waves, change.T, rcond=None)[0]
    return frames[..., 2] - (waves @ amplitude).T


def _long_waves(places: np.ndarray, wavelength: float) -> np.ndarray:
    """(N, M) a plane and all plane waves over the sheet that are longer than ``wavelength``."""
    size = np.ptp(places, axis=0)
    columns = [np.ones(len(places)), *places.T]
    reach = np.floor(size / wavelength).astype(int)
    for m in range(0, reach[0] + 1):
        for n in range(-reach[1], reach[1] + 1):
            wave = np.array([m, n]) / size
            if (m, n) <= (0, 0) or np.linalg.norm(wave) * wavelength > 1:
                continue
            phase = 2 * np.pi * places @ wave
            columns += [np.cos(phase), np.sin(phase)]
    return np.stack(columns, axis=1)


def stayed(moves: np.ndarray, sheet: bool) -> np.ndarray:
    """(N,) bool: atoms that stayed on one site.

    Args:
        moves: (F, N, 3) displacements from the mean [Å].
        sheet: Whether they lie in a sheet; its out-of-plane motion is no hop.
    """
    far = np.linalg.norm(moves[..., :2] if sheet else moves, axis=2)
    return far.max(axis=0) < HOP


def quantum_factor(moves: np.ndarray, interval: float, temperature: float) -> float:
    """Ratio of the quantum to the classical standard deviation of harmonic vibration.

    An oscillator of frequency f has x coth(x) times its classical variance, x = h f / (2 k T);
    the spectrum of the displacements gives the share of each frequency in the variance.

    Args:
        moves: (F, N) displacements of some atoms along one direction [Å], or (F, N, 3).
        interval: Time between frames [fs].
        temperature: Temperature [K].
    """
    frames = moves.reshape(len(moves), -1)
    power = (np.abs(np.fft.rfft(frames - frames.mean(axis=0), axis=0)) ** 2).sum(axis=1)
    frequency = np.fft.rfftfreq(len(frames), interval * 1e-3)  # THz
    x = PLANCK_OVER_BOLTZMANN * frequency / (2 * temperature)
    gain = np.divide(x, np.tanh(x), out=np.ones_like(x), where=x > 0)
    if power.sum() == 0:
        return 1.0
    return float(np.sqrt((gain * power).sum() / power.sum()))
