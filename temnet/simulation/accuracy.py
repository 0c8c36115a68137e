"""Accuracy of simulated images, measured against converged ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from ase import Atoms
from scipy import fft
from scipy.optimize import minimize_scalar

from temnet.config.analysis.accuracy import Accuracy, AccuracyCase
from temnet.config.distributions import draw
from temnet.errors import InputError
from temnet.randomness import generator
from temnet.simulation.exit_wave import ExitWave, Grid, exit_wave, plan_grid
from temnet.simulation.fourier import good_size, values_at
from temnet.simulation.image_formation import focal_series
from temnet.simulation.multislice import BAND_LIMIT
from temnet.simulation.optics import Optics, draw_optics, margin
from temnet.simulation.reference import DISC, SIGMAS, SPECIMENS, reference_wave, vibrating

MAX_OFFSET = 1.0
"""Largest common defocus that is fitted before series are compared [Å]."""

CONVERGED_FOCI = 31
"""Gauss-Hermite foci of the converged ensemble."""

BORDER_SAMPLING = 0.1
"""Pixel size of the grid for the error near a border [Å]."""

DIFFUSE_SAMPLING, CONFIGURATIONS = 1 / 15, 40
"""Pixel size [Å] and number of configurations for thermal diffuse scattering."""

SHEETS = ("mos2", "mos2_graphene")
"""Specimens that extend over the border of an image."""

WIDE_MARGIN = 26.0
"""Margin without wrap-around: twice the largest margin in use [Å]."""

RINGS = (0.0, 1.0, 3.0, 5.0)
"""Limits of the distances from the border over which its error is averaged [Å]."""


@dataclass(frozen=True)
class Measurement:
    """A line of accuracy.csv: how far one choice of the simulation is from a converged one.

    Attributes:
        specimen: What was simulated.
        quantity: ``reference`` (its own convergence), ``grid``, ``focal spread``, ``border``
            (periodic wrap-around with the chosen margin), ``diffuse scattering`` (against the
            mean image) or ``intensity lost``.
        setting: What was varied.
        percent: Rms error relative to the rms contrast of the whole reference series, or the
            intensity that the wave lost within its band relative to that on the specimen, in
            per cent.
        offset: Defocus by which the series was moved to fit best [Å]; NaN where it was not.
    """

    specimen: str
    quantity: str
    setting: str
    percent: float
    offset: float = np.nan


def measurement_count(settings: Accuracy) -> int:
    """Number of steps that `measure` reports to its progress."""
    return len(settings.cases) * (2 + len(settings.grid_samplings) + 1)


def measure(
    settings: Accuracy, seed: int, progress: Callable[[int], object] | None = None
) -> list[Measurement]:
    """The accuracy of every case.

    Args:
        settings: The cases and the grids.
        seed: Seed of the vibrations and the random parameters of the microscopes.
        progress: Called with 1 after each step, of `measurement_count`.
    """
    done = progress or (lambda count: None)
    rows = []
    for number, case in enumerate(settings.cases):
        rows += _measure_case(case, settings, generator(seed, "accuracy", number), done)
    return rows


def _measure_case(
    case: AccuracyCase,
    settings: Accuracy,
    rng: np.random.Generator,
    done: Callable[[int], object],
) -> list[Measurement]:
    resting = SPECIMENS[case.specimen](settings.box, case.layers, rng)
    atoms = vibrating(resting, rng)
    energy = draw(case.microscope.energy, rng)
    optics = draw_optics(case.microscope, energy, rng)
    grid = box_grid(settings.box, settings.reference_sampling)
    reference = reference_wave(atoms, grid, energy, settings.reference_slice)
    series = focal_series(reference, optics)
    done(1)
    finer = box_grid(settings.box, settings.converged_sampling)
    judge = reference_wave(atoms, finer, energy, settings.converged_slice)
    error = contrast_error(series, focal_series(judge, optics), settings.box, case.limit)
    own = f"{settings.reference_sampling:g} Å, slices {settings.reference_slice:g} Å"
    rows = [Measurement(case.specimen, "reference", own, 100 * error)]
    done(1)
    for sampling in settings.grid_samplings:
        grid = box_grid(settings.box, sampling)
        wave = exit_wave(atoms, grid, energy, case.microscope.slice_thickness)
        error, offset = best_offset(wave, series, optics, settings.box, case.limit)
        setting = f"{sampling:g} Å, slices {case.microscope.slice_thickness:g} Å"
        rows.append(Measurement(case.specimen, "grid", setting, 100 * error, offset))
        lost = intensity_lost(wave, reference) / (np.pi * DISC**2)
        rows.append(Measurement(case.specimen, "intensity lost", f"{sampling:g} Å", 100 * lost))
        done(1)
    rows += _spread_rows(case, reference, optics, settings.box)
    rows += _diffuse_rows(case, resting, optics, settings.box, rng)
    if case.specimen in SHEETS:
        rows += _border_rows(case, optics, settings.box, rng)
    done(1)
    return rows


def intensity_lost(wave: ExitWave, reference: ExitWave) -> float:
    """Intensity that a wave lost within its own band, as a fraction of the incident one.

    Electrons that are scattered beyond the band, and beyond every aperture, leave the wave of a
    coarse grid rightly: they are not counted.

    Args:
        wave: On a grid that carries less than the reference's.
        reference: The same wave on a finer grid.
    """
    power = np.abs(fft.fft2(reference.array)) ** 2 / reference.array.size**2
    rows, cols = (fft.fftfreq(count, reference.grid.sampling) for count in power.shape)
    inside = np.hypot(rows[:, None], cols) < BAND_LIMIT / 2 / wave.grid.sampling
    return abs(float(power[inside].sum()) - float(np.mean(np.abs(wave.array) ** 2)))


def _spread_rows(
    case: AccuracyCase, wave: ExitWave, optics: Optics, box: float
) -> list[Measurement]:
    """Error of the envelope and of the ensemble in use against a converged ensemble."""
    converged = converged_series(wave, optics)
    rows = []
    for name in ("envelope", "ensemble"):
        series = focal_series(wave, replace(optics, ensemble=name == "ensemble"))
        error = contrast_error(series, converged, box, case.limit)
        setting = f"{name}, {optics.focal_spread:g} Å"
        rows.append(Measurement(case.specimen, "focal spread", setting, 100 * error))
    return rows


def _diffuse_rows(
    case: AccuracyCase, resting: Atoms, optics: Optics, box: float, rng: np.random.Generator
) -> list[Measurement]:
    """Effect of thermal diffuse scattering: mean image against image of the mean potential.

    A camera sees the mean over very many configurations; damping the potential by the
    Debye-Waller factor, or a single configuration, is not the same.
    """
    grid = box_grid(box, DIFFUSE_SAMPLING)
    thickness = case.microscope.slice_thickness
    every = np.stack(
        [
            focal_series(exit_wave(vibrating(resting, rng), grid, optics.energy, thickness), optics)
            for _ in range(CONFIGURATIONS)
        ]
    )
    mean = every.mean(axis=0)
    damped = exit_wave(resting, grid, optics.energy, thickness, blur=SIGMAS)
    halves = contrast_error(every[::2].mean(axis=0), every[1::2].mean(axis=0), box, case.limit)
    rows = {
        "mean potential": contrast_error(focal_series(damped, optics), mean, box, case.limit),
        "one configuration": contrast_error(every[0], mean, box, case.limit),
        f"error of the mean of {CONFIGURATIONS}": halves / 2,
    }
    return [
        Measurement(case.specimen, "diffuse scattering", setting, 100 * error)
        for setting, error in rows.items()
    ]


def _border_rows(
    case: AccuracyCase, optics: Optics, side: float, rng: np.random.Generator
) -> list[Measurement]:
    """Error near the border of an image that is cut out of a larger sheet."""
    chosen = margin(case.microscope)
    grids = [plan_grid(side, side, width, BORDER_SAMPLING) for width in (chosen, WIDE_MARGIN)]
    reach = max(grids[1].extent) * np.sqrt(0.5) / DISC
    atoms = vibrating(SPECIMENS[case.specimen](reach, case.layers, rng), rng)
    atoms.positions[:, :2] += (side - reach) / 2
    near, wide = (_image(atoms, grid, optics, side, case) for grid in grids)
    contrast = np.sqrt(np.mean((wide - wide.mean(axis=(1, 2), keepdims=True)) ** 2))
    place = np.arange(wide.shape[1]) * BORDER_SAMPLING
    inwards = np.minimum(place, place[-1] - place)
    distance = np.minimum(inwards[:, None], inwards[None, :])
    rows = []
    for low, high in pairwise(RINGS):
        ring = (distance >= low) & (distance < high)
        error = np.sqrt(np.mean((near - wide)[:, ring] ** 2)) / contrast
        setting = f"{low:g} to {high:g} Å inside, margin {grids[0].margin:.1f} Å"
        rows.append(Measurement(case.specimen, "border", setting, 100 * float(error)))
    return rows


def _image(atoms: Atoms, grid: Grid, optics: Optics, side: float, case: AccuracyCase) -> np.ndarray:
    """(focus, row, col) intensities of an image of a given side, at BORDER_SAMPLING."""
    wave = exit_wave(atoms, grid, optics.energy, case.microscope.slice_thickness)
    place = np.arange(0, side, BORDER_SAMPLING)
    return np.stack(
        [
            values_at(
                fft.rfft2(image),
                image.shape,
                grid.extent,
                grid.origin[0] + place,
                grid.origin[1] + place,
            )  # fmt: skip
            for image in focal_series(wave, optics)
        ]
    )


def converged_series(wave: ExitWave, optics: Optics) -> np.ndarray:
    """A focal series as the sum of very many foci, (focus, row, col)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(CONVERGED_FOCI)
    total: np.ndarray = np.zeros(())
    for node, weight in zip(nodes * optics.focal_spread, weights / weights.sum(), strict=True):
        foci = tuple(focus + float(node) for focus in optics.defocus)
        sharp = replace(optics, defocus=foci, focal_spread=0.0, ensemble=False)
        total = total + weight * focal_series(wave, sharp).astype(np.float64)
    return total


def box_grid(box: float, sampling: float) -> Grid:
    """A grid of a periodic box of exactly the side ``box``.

    Raises:
        InputError: If the box is not a whole number of pixels of a good size.
    """
    count = round(box / sampling)
    if abs(count * sampling - box) > 2e-3 * box or good_size(count) != count:
        raise InputError(
            f"accuracy.box {box:g} Å is not a good number of pixels of {sampling:g} Å; choose a "
            f"sampling near {box / good_size(box / sampling):.5g} Å."
        )
    return Grid((count, count), box / count, (0.0, 0.0))


def best_offset(
    wave: ExitWave, series: np.ndarray, optics: Optics, box: float, limit: float
) -> tuple[float, float]:
    """Error after one defocus common to the series was taken off, and that defocus [Å]."""

    def error(offset: float) -> float:
        moved = replace(optics, defocus=tuple(focus + offset for focus in optics.defocus))
        return contrast_error(focal_series(wave, moved), series, box, limit)

    found = minimize_scalar(
        error, bounds=(-MAX_OFFSET, MAX_OFFSET), method="bounded", options={"xatol": 0.02}
    )
    return float(found.fun), float(found.x)


def contrast_error(series: np.ndarray, reference: np.ndarray, box: float, limit: float) -> float:
    """Rms difference over the rms contrast of the whole reference series.

    Args:
        series: (focus, row, col) intensities of a periodic box.
        reference: The same, converged.
        box: Side of the box [Å].
        limit: Spatial frequencies above this are left out [1/Å].
    """
    difference = _below(series - reference, box, limit)
    contrast = _below(reference - reference.mean(axis=(1, 2), keepdims=True), box, limit)
    return float(np.sqrt(np.mean(difference**2) / np.mean(contrast**2)))


def _below(series: np.ndarray, box: float, limit: float) -> np.ndarray:
    rows, cols = (fft.fftfreq(count, box / count) for count in series.shape[1:])
    keep = rows[:, None] ** 2 + cols[None, :] ** 2 < limit**2
    return fft.ifft2(fft.fft2(series) * keep).real
