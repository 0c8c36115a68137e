"""The drawn microscope: aberrations, coherence and the foci of a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from temnet.config.distributions import draw, support
from temnet.config.instrument.microscope import Microscope
from temnet.electrons import scherzer_defocus, wavelength
from temnet.units import MICROMETRE, MILLIMETRE, MILLIRADIAN

WRAP_FREQUENCY = 0.8
"""Spatial frequency whose rays determine the margin of the image [1/Å]."""

MARGINS = (4.0, 13.0)
"""Smallest and largest margin against the periodic wrap-around, without drift [Å]."""

GAUSS_HERMITE = ((7, 14.0, 3.9), (9, 28.0, 5.5))
"""Numbers of Gauss-Hermite foci of an ensemble, each with the largest focal spread [Å] and the
largest phase (`_phase`) for which it suffices.  Against 161 foci, in noise-free images: 1 % of the
contrast is wrong at 3.9 with seven and at 3.7 with nine foci, 2 % at 4.6 and 8 % at 5.3."""

WIDEST_FOCUS = 3.0
"""Wider spreads are summed over even steps of focus out to this many standard deviations."""


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
        shifts: (focus, 2) shift of each image from the first, (row, col) [Å].
        exposure_drift: (2,) path of the specimen during an exposure, (row, col) [Å].
        magnifications: (focus,) magnification of each image relative to the first.
        beam_tilt: Angle between beam and optic axis [rad], and its direction [rad].
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
    exposure_drift: np.ndarray
    magnifications: np.ndarray
    beam_tilt: tuple[float, float] = (0.0, 0.0)

    def parameters(self) -> dict[str, object]:
        """The drawn parameters by name."""
        return {
            "energy": self.energy,
            "defocus": list(self.defocus),
            **self.aberrations,
            "focal_spread": self.focal_spread,
            "angular_spread": self.angular_spread,
            "aperture": self.aperture,
            "image_spread": self.image_spread,
            "shifts": self.shifts.tolist(),
            "exposure_drift": self.exposure_drift.tolist(),
            "magnifications": self.magnifications.tolist(),
            "beam_tilt": self.beam_tilt[0],
        }


def draw_optics(settings: Microscope, energy: float, rng: np.random.Generator) -> Optics:
    """Draw the parameters of a microscope.

    Args:
        settings: Settings of the microscope.
        energy: Energy of the electrons [eV], that of the exit wave.
        rng: Draws all other parameters.
    """
    start = draw(settings.defocus.start, rng)
    multiple = draw(settings.defocus.scherzer, rng)
    jitter = draw(settings.defocus.jitter, rng)
    count = len(settings.defocus.steps)
    errors = jitter * rng.standard_normal(count)
    tilt = draw(settings.beam_tilt_mrad, rng) * MILLIRADIAN
    direction = float(np.deg2rad(draw(settings.beam_tilt_angle_deg, rng)))
    drawn = _draw_aberrations(settings, rng)
    start += multiple * scherzer_defocus(drawn["C30"], energy)
    aberrations, overfocus = tilted(drawn, tilt, direction)
    defocus = tuple(
        float(start + step + error - overfocus)
        for step, error in zip(settings.defocus.steps, errors, strict=True)
    )
    shifts, exposure_drift = _draw_motion(settings, count, rng)
    magnifications = 1 + draw(settings.magnification_jitter, rng) * rng.standard_normal(count)
    magnifications[0] = 1
    return Optics(
        energy=energy,
        defocus=defocus,
        aberrations=aberrations,
        focal_spread=draw(settings.focal_spread, rng),
        angular_spread=draw(settings.angular_spread_mrad, rng) * MILLIRADIAN,
        ensemble=settings.focal_spread_model == "ensemble",
        aperture=draw(settings.aperture_mrad, rng) * MILLIRADIAN,
        image_spread=draw(settings.image_spread, rng),
        shifts=shifts,
        exposure_drift=exposure_drift,
        magnifications=magnifications,
        beam_tilt=(tilt, direction),
    )


def _draw_aberrations(settings: Microscope, rng: np.random.Generator) -> dict[str, float]:
    """Coefficients by abTEM's symbols [Å, rad]."""
    values = {
        "C30": draw(settings.Cs_um, rng) * MICROMETRE,
        "C50": draw(settings.C50_mm, rng) * MILLIMETRE,
    }
    for symbol, size, angle in (
        ("12", settings.astigmatism, settings.astigmatism_angle_deg),
        ("21", settings.coma, settings.coma_angle_deg),
        ("23", settings.trefoil, settings.trefoil_angle_deg),
        ("32", settings.C32, settings.C32_angle_deg),
        ("34", settings.C34, settings.C34_angle_deg),
    ):
        values[f"C{symbol}"] = draw(size, rng)
        values[f"phi{symbol}"] = float(np.deg2rad(draw(angle, rng)))
    return values


def _draw_motion(
    settings: Microscope, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(count, 2) shifts of the images and (2,) way during an exposure [Å]."""
    shifts = draw(settings.misalignment, rng) * rng.standard_normal((count, 2))
    shifts[0] = 0
    angle = rng.uniform(0, 2 * np.pi)
    along = np.array([np.sin(angle), np.cos(angle)])
    shifts += np.arange(count)[:, None] * draw(settings.drift, rng) * along
    return shifts, draw(settings.exposure_drift, rng) * along


def tilted(
    aberrations: Mapping[str, float], tilt: float, direction: float
) -> tuple[dict[str, float], float]:
    """Aberrations for an inclined beam, and the change of C10 [Å].

    The aberration function is expanded about the direction of the beam; its slope, which only
    shifts the image, is left out.  Exact for C30, C21 and C23; changes of lower orders by C32,
    C34 and C50 are neglected.

    Args:
        aberrations: Coefficients by abTEM's symbols [Å, rad].
        tilt: Angle between beam and optic axis [rad].
        direction: Direction of the beam [rad].
    """
    if tilt == 0:
        return dict(aberrations), 0.0
    t = tilt * np.exp(1j * direction)
    c30 = aberrations["C30"]
    c12 = aberrations["C12"] * np.exp(2j * aberrations["phi12"])
    c21 = aberrations["C21"] * np.exp(1j * aberrations["phi21"])
    c23 = aberrations["C23"] * np.exp(3j * aberrations["phi23"])
    c10 = 2 * c30 * tilt**2 + 4 / 3 * (np.conj(t) * c21).real
    c12 += c30 * t**2 + 2 / 3 * t * c21 + 2 * np.conj(t) * c23
    c21 += 3 * c30 * t
    changed = {
        "C12": float(abs(c12)),
        "phi12": float(np.angle(c12) / 2),
        "C21": float(abs(c21)),
        "phi21": float(np.angle(c21)),
    }
    return {**aberrations, **changed}, float(c10)


def focal_ensemble(optics: Optics) -> tuple[np.ndarray, np.ndarray]:
    """Deviations of the defocus [Å] and their weights, which sum to one.

    Quadrature of a normal distribution; a single focus where the spread is zero or left to the
    envelope.
    """
    spread = optics.focal_spread
    if not optics.ensemble or spread == 0:
        return np.zeros(1), np.ones(1)
    phase = _phase(optics)
    enough = [n for n, widest, most in GAUSS_HERMITE if spread <= widest and phase <= most]
    if enough:
        nodes, weights = np.polynomial.hermite_e.hermegauss(enough[0])
    else:
        nodes = np.linspace(-WIDEST_FOCUS, WIDEST_FOCUS, _even_foci(optics))
        weights = np.exp(-(nodes**2) / 2)
    return nodes * spread, weights / weights.sum()


def _even_foci(optics: Optics) -> int:
    """Number of even foci that suffices for the largest angles.

    Even steps h see the interference of `_phase` as damped until its alias, 2 pi / h - phase, is so
    low that it is carried; Gauss-Hermite foci would need many more (41 instead of 15 for 55 Å at
    80 keV and 50 mrad).
    """
    step = 2 * np.pi / (_phase(optics) + WIDEST_FOCUS)
    return 2 * int(np.ceil(WIDEST_FOCUS / step)) + 1


def _phase(optics: Optics) -> float:
    """Phase of the outermost rays of the aperture at one standard deviation of focus [rad].

    Two rays' interference oscillates with focus, at most by exp(i phase x) for a deviation of x
    standard deviations, and is damped by exp(-phase^2 / 2).
    """
    return np.pi * optics.aperture**2 * optics.focal_spread / wavelength(optics.energy)


def margin(settings: Microscope) -> float:
    """Space on each side of an image against the periodic wrap-around [Å].

    The reach of the rays at 0.8 1/Å, lambda q (|defocus| + |Cs| lambda^2 q^2), and the drift of
    the specimen, for the worst microscope that can be drawn.
    """
    reach = np.clip(max(map(_reach, settings.every_variant)), *MARGINS)
    return float(reach + max(map(_drift, settings.every_variant)))


def _drift(settings: Microscope) -> float:
    """Largest drift of the specimen up to the last image [Å]."""
    whole = support(settings.drift)[1] * (len(settings.defocus.steps) - 1)
    return whole + support(settings.exposure_drift)[1] / 2


def _reach(settings: Microscope) -> float:
    length = wavelength(support(settings.energy)[0])
    start, steps = settings.start_span, settings.defocus.steps
    defocus = max(abs(start[0] + min(steps)), abs(start[1] + max(steps)))
    spherical = max(abs(value) for value in support(settings.Cs_um)) * MICROMETRE
    q = WRAP_FREQUENCY
    return length * q * (defocus + spherical * (length * q) ** 2)


def draw_variant(settings: Microscope, rng: np.random.Generator) -> Microscope:
    """Draw a variant of the microscope; the microscope itself if it has no variants."""
    every = settings.every_variant
    return every[0] if len(every) == 1 else every[int(rng.integers(len(every)))]
