"""Strain and ripples of sheets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Deformation:
    """A smooth deformation of a sheet in the xy plane.

    Attributes:
        centre: (2,) x, y of the fixed point [Å].
        strain: (2, 2) symmetric uniform strain.
        wave: (2,) wave vector of a local strain [rad/Å].
        shift: (2,) amplitude of its displacements [Å].
        phase: Its phase [rad].
        ripple: (2,) wave vector of the ripple [rad/Å].
        height: Amplitude of the ripple [Å].
        ripple_phase: Its phase [rad].
    """

    centre: np.ndarray
    strain: np.ndarray
    wave: np.ndarray
    shift: np.ndarray
    phase: float
    ripple: np.ndarray
    height: float
    ripple_phase: float

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        """(N, 3) positions [Å] of the deformed sheet.

        The ripple keeps lengths along the sheet to second order in its slope: the sheet contracts
        by as much as the slope lengthens it, and atoms above or below the middle plane stay on
        its normal.
        """
        moved = positions.copy()
        plane = positions[:, :2] - self.centre
        moved[:, :2] += plane @ self.strain
        moved[:, :2] += np.sin(plane @ self.wave + self.phase)[:, None] * self.shift
        along = np.linalg.norm(self.ripple)
        if self.height == 0 or along == 0:
            return moved
        direction = self.ripple / along
        angle = plane @ self.ripple + self.ripple_phase
        slope = self.height * along * np.cos(angle)
        shortening = (self.height * along) ** 2 / 4
        drawn = shortening * (plane @ direction + np.sin(2 * angle) / (2 * along))
        lean = positions[:, 2] * slope / np.sqrt(1 + slope**2)
        moved[:, :2] -= (drawn + lean)[:, None] * direction
        moved[:, 2] = self.height * np.sin(angle) + positions[:, 2] / np.sqrt(1 + slope**2)
        return moved


def draw_deformation(
    centre: np.ndarray,
    strain: float,
    local_strain: float,
    ripple: float,
    wavelength: float,
    rng: np.random.Generator,
) -> Deformation:
    """A deformation in random directions.

    Args:
        centre: (2,) x, y of the fixed point [Å].
        strain: Standard deviation of the components of the uniform strain.
        local_strain: Largest strain of the local wave, whose length is that of the ripple.
        ripple: Amplitude of the ripple [Å].
        wavelength: Length of both waves [Å].
        rng: Draws directions and phases.
    """
    xx, yy, xy = strain * rng.standard_normal(3)
    waves = [_wave(wavelength, rng) for _ in range(2)]
    turn = rng.uniform(0, 2 * np.pi)
    amplitude = local_strain * wavelength / (2 * np.pi)
    phases = rng.uniform(0, 2 * np.pi, 2)
    return Deformation(
        centre=centre,
        strain=np.array([[xx, xy], [xy, yy]]),
        wave=waves[0],
        shift=amplitude * np.array([np.cos(turn), np.sin(turn)]),
        phase=float(phases[0]),
        ripple=waves[1],
        height=ripple,
        ripple_phase=float(phases[1]),
    )


def _wave(wavelength: float, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return 2 * np.pi / wavelength * np.array([np.cos(angle), np.sin(angle)])
