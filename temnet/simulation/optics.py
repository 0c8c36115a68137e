"""The microscope as drawn: aberrations, coherence and the foci of a series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from temnet.config.distributions import draw, support
from temnet.config.experiment import wavelength
from temnet.config.microscope import Microscope
from temnet.units import MICROMETRE, MILLIRADIAN

ABTEM_SPREAD = np.sqrt(2)
"""abTEM's focal and angular spreads are 1/e half-widths: sqrt(2) standard deviations."""

WRAP_FREQUENCY = 0.8
"""Spatial frequency whose rays decide how far an image reaches over its border [1/Å]."""

MARGINS = (4.0, 13.0)
"""Smallest and largest margin against the periodic wrap-around [Å]."""

NARROW_SPREAD, FEW_FOCI, MANY_FOCI = 14.0, 7, 9
"""Gauss-Hermite foci of an ensemble: seven converge up to a focal spread of 14 Å, nine to 28 Å."""


@dataclass(frozen=True)
class Optics:
    """One microscope.

    Attributes:
        energy: Energy of the electrons [eV].
        defocus: Defocus of each image from the specimen's mid-plane, abTEM's sign [Å].
        aberrations: Coefficients by abTEM's symbols, C30, C12, phi12, ... [Å, rad], no C10.
        focal_spread: Standard deviation of the defocus [Å].
        angular_spread: Standard deviation of the illumination's direction [rad].
        ensemble: Add the images of several foci instead of damping the wave.
        aperture: Half-angle of the objective aperture [rad].
        image_spread: Standard deviation of the image's vibration [Å].
        shifts: (focus, 2) how far each image lies from the first, (row, col) [Å].
    """

    energy: float
    defocus: tuple[float, ...]
    aberrations: dict[str, float]
    focal_spread: float
    angular_spread: float
    ensemble: bool
    aperture: float
    image_spread: float
    shifts: np.ndarray

    def parameters(self) -> dict[str, object]:
        """What was drawn, by name."""
        return {
            "energy": self.energy,
            "defocus": list(self.defocus),
            **self.aberrations,
            "focal_spread": self.focal_spread,
            "angular_spread": self.angular_spread,
            "aperture": self.aperture,
            "image_spread": self.image_spread,
            "shifts": self.shifts.tolist(),
        }


def draw_optics(settings: Microscope, energy: float, rng: np.random.Generator) -> Optics:
    """A microscope.

    Args:
        settings: What is drawn.
        energy: Energy of the electrons [eV], which the exit wave has as well.
        rng: Draws everything else.
    """
    start = draw(settings.defocus.start, rng)
    jitter = draw(settings.defocus.jitter, rng)
    errors = jitter * rng.standard_normal(len(settings.defocus.steps))
    defocus = tuple(
        float(start + step + error)
        for step, error in zip(settings.defocus.steps, errors, strict=True)
    )
    aberrations = {
        "C30": draw(settings.Cs_um, rng) * MICROMETRE,
        "C12": draw(settings.astigmatism, rng),
        "phi12": float(np.deg2rad(draw(settings.astigmatism_angle_deg, rng))),
        "C21": draw(settings.coma, rng),
        "phi21": float(np.deg2rad(draw(settings.coma_angle_deg, rng))),
        "C23": draw(settings.trefoil, rng),
        "phi23": float(np.deg2rad(draw(settings.trefoil_angle_deg, rng))),
    }
    focal_spread = draw(settings.focal_spread, rng)
    angular_spread = draw(settings.angular_spread_mrad, rng) * MILLIRADIAN
    aperture = draw(settings.aperture_mrad, rng) * MILLIRADIAN
    image_spread = draw(settings.image_spread, rng)
    shifts = draw(settings.misalignment, rng) * rng.standard_normal((len(defocus), 2))
    shifts[0] = 0
    return Optics(
        energy=energy,
        defocus=defocus,
        aberrations=aberrations,
        focal_spread=focal_spread,
        angular_spread=angular_spread,
        ensemble=settings.focal_spread_model == "ensemble",
        aperture=aperture,
        image_spread=image_spread,
        shifts=shifts,
    )


def focal_ensemble(optics: Optics) -> tuple[np.ndarray, np.ndarray]:
    """Deviations of the defocus [Å] and their weights, which sum to one.

    Gauss-Hermite quadrature of a normal distribution; a single focus where the spread is
    zero or left to the envelope.
    """
    if not optics.ensemble or optics.focal_spread == 0:
        return np.zeros(1), np.ones(1)
    count = FEW_FOCI if optics.focal_spread <= NARROW_SPREAD else MANY_FOCI
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes * optics.focal_spread, weights / weights.sum()


def margin(settings: Microscope) -> float:
    """Space on each side of an image against the periodic wrap-around [Å].

    The reach of the rays at 0.8 1/Å, lambda q (|defocus| + |Cs| lambda^2 q^2), for the worst
    microscope that can be drawn.
    """
    length = wavelength(support(settings.energy)[0])
    start, steps = support(settings.defocus.start), settings.defocus.steps
    defocus = max(abs(start[0] + min(steps)), abs(start[1] + max(steps)))
    spherical = max(abs(value) for value in support(settings.Cs_um)) * MICROMETRE
    q = WRAP_FREQUENCY
    reach = length * q * (defocus + spherical * (length * q) ** 2)
    return float(np.clip(reach, *MARGINS))
