r"""How many images of MoS2 have a second explanation: other atoms, another microscope.

Where the microscope is not known, an image can show Mo and S2 exchanged, or the lattice moved onto
its hollow sites: aberrations within the range of the training make up for it.  No network can
distinguish such a pair.  This script looks for them among the validation images of an experiment,
and prints their share and the scores without them.

    python experiments/second_explanation.py experiments/mos2_unet.yaml --images 100 \
        --evaluation runs/mos2_unet/evaluate

The specimen is a perfect sheet of MoS2, so that one cell of the lattice is enough; each image has
its own drawn microscope and dose.  Another explanation is the sheet moved by a multiple of a sixth
of its lattice vectors (halves are Fourier images, thirds put Mo onto the place of S2 or of a hollow
site), or the sheet with Mo and S2 exchanged, moved or not.  For each, defocus, spherical
aberration, astigmatism, coma, trefoil, the shifts between the images and the move itself are fitted
within their ranges, so that the expected images agree.  What remains of the difference, in nats
over the area of the image, is the log-likelihood ratio that the electrons give on average for the
true explanation.  The blur of the camera is left out, so that real images have more second
explanations than are found.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from ase import Atoms
from scipy.optimize import least_squares

from temnet.config.distributions import support
from temnet.config.loading import load_experiment
from temnet.config.simulation import SimulationSettings
from temnet.errors import InputError
from temnet.evaluation.scores import ScoreRow, rates
from temnet.simulation.example import draw_instrument, specimen_energy, specimen_microscope
from temnet.simulation.exit_wave import ExitWave, Grid, exit_wave
from temnet.simulation.image_formation import focal_series
from temnet.simulation.optics import Optics
from temnet.tables.csv_rows import read_rows
from temnet.units import MICROMETRE

LATTICE_CONSTANT, HALF_HEIGHT = 3.160, 1.585
"""MoS2: length of the cell, and height of the sulphur planes over that of molybdenum [Å]."""

BLUR = {"Mo": 0.06, "S": 0.07}
"""Standard deviations of thermal vibration at 300 K per axis [Å]."""

SHAPE = (52, 30)
"""Pixels of one rectangular cell, a√3 x a: they are square to 0.07 %."""

MOVES = tuple(product(range(-2, 4), repeat=2))
"""Sixths of the two lattice vectors by which the sheet is moved."""

AMBIGUOUS = 3.0
"""An explanation with a mean log-likelihood ratio below this is a second one: the electrons favour
the true one by less than 20 to 1."""

SHIFT = 0.2
"""Standard deviation of the shifts between the images about the true ones [Å]."""

STEP = 2e-3
"""Step of the numerical slopes, a fraction of a variable's range."""

MOVE = LATTICE_CONSTANT / 12
"""How far the fit may move the sheet from its start, along each axis [Å]."""

STARTS = 12
"""Fits for each image, from the best points of a coarse search, one for each move."""


@cache
def sheets(energy: float) -> dict[str, ExitWave]:
    """Exit waves of one cell of MoS2, and of the same with Mo and S2 exchanged."""
    grid = Grid(SHAPE, LATTICE_CONSTANT / SHAPE[1], (0.0, 0.0))
    waves = {}
    for kinds in (("Mo", "S2"), ("S2", "Mo")):
        numbers, positions = [], []
        for half, (site, kind) in product((0, 1), enumerate(kinds)):
            y, x = (half / 2 + site / 3) * grid.extent[0], half / 2 * grid.extent[1]
            heights = (0.0,) if kind == "Mo" else (-HALF_HEIGHT, HALF_HEIGHT)
            numbers += [42 if kind == "Mo" else 16] * len(heights)
            positions += [(x, y, z) for z in heights]
        atoms = Atoms(numbers=numbers, positions=positions)
        waves[" ".join(kinds)] = exit_wave(atoms, grid, energy, 1.0, 0.0, BLUR)
    return waves


def vector(move: tuple[int, int], extent: tuple[float, float]) -> np.ndarray:
    """(row, col) of a move in sixths of the lattice vectors [Å]."""
    height, width = extent
    return np.array(move) / 6 @ [[0.0, width], [height / 2, width / 2]]


def variables(optics: Optics) -> np.ndarray:
    """Defocus, C30, C12, C21 and C23 (complex ones by their parts), the shifts of the further
    images against the first, and the first one's [Å].
    """
    terms = optics.aberrations
    parts = [
        terms[f"C{symbol}"] * np.exp(1j * order * terms[f"phi{symbol}"])
        for symbol, order in (("12", 2), ("21", 1), ("23", 3))
    ]
    plane = [value for part in parts for value in (part.real, part.imag)]
    further = optics.shifts[1:] - optics.shifts[0]
    return np.array([optics.defocus[0], terms["C30"], *plane, *further.ravel(), *optics.shifts[0]])


def microscope(optics: Optics, values: np.ndarray) -> Optics:
    """The microscope with other values of `variables`; steps of the focal series stay."""
    start, spherical, plane = values[0], values[1], values[2:8]
    further, first = values[8:-2].reshape(-1, 2), values[-2:]
    aberrations = {**optics.aberrations, "C30": float(spherical)}
    for (symbol, order), part in zip(
        (("12", 2), ("21", 1), ("23", 3)), plane[::2] + 1j * plane[1::2], strict=True
    ):
        aberrations[f"C{symbol}"] = float(abs(part))
        aberrations[f"phi{symbol}"] = float(np.angle(part) / order)
    moved = tuple(float(one - optics.defocus[0] + start) for one in optics.defocus)
    return replace(
        optics,
        defocus=moved,
        aberrations=aberrations,
        shifts=np.concatenate([np.zeros((1, 2)), further]) + first,
    )


def spectra(wave: ExitWave, optics: Optics) -> np.ndarray:
    """Fourier transforms of the (focus, row, col) intensities with their vibration, not shifted."""
    images = focal_series(wave, optics)
    rows, cols = frequencies(images.shape, wave.grid.extent)
    blur = np.exp(-2 * (np.pi * optics.image_spread) ** 2 * (rows**2 + cols**2))
    return np.fft.fft2(images) * blur


def frequencies(
    shape: tuple[int, ...], extent: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Of the (row, 1) rows and the columns of a transform of (..., row, col) [1/Å]."""
    rows, cols = (
        np.fft.fftfreq(count, side / count) for count, side in zip(shape[-2:], extent, strict=True)
    )
    return rows[:, None], cols


def shifted(spectrum: np.ndarray, shifts: np.ndarray, extent: tuple[float, float]) -> np.ndarray:
    """(..., row, col) intensities of a box, moved by (..., 2) shifts [Å]."""
    rows, cols = frequencies(spectrum.shape, extent)
    down, right = shifts[..., :1, None], shifts[..., 1:, None]
    return np.fft.ifft2(spectrum * np.exp(-2j * np.pi * (down * rows + right * cols))).real


def expected(wave: ExitWave, optics: Optics) -> np.ndarray:
    """(focus, row, col) intensities with the shifts and the vibration of the images."""
    return shifted(spectra(wave, optics), optics.shifts, wave.grid.extent)


class Fit:
    """Agreement of a sheet, through any microscope within limits, with an image.

    Args:
        wave: Exit wave of the sheet.
        optics: The true microscope.
        truth: (focus, row, col) true expected intensities.
        electrons: Electrons of each image in its area.
        limits: (V, 2) lowest and highest value of each variable.
    """

    def __init__(
        self,
        wave: ExitWave,
        optics: Optics,
        truth: np.ndarray,
        electrons: float,
        limits: np.ndarray,
    ) -> None:
        self.wave, self.optics, self.truth, self.limits = wave, optics, truth, limits
        self.true = np.clip(variables(optics), *limits.T)
        self.weight = np.sqrt(electrons / truth[0].size / np.maximum(truth, 1e-3))

    def residuals(self, values: np.ndarray) -> np.ndarray:
        """Differences in standard deviations; half the sum of their squares is in nats."""
        own = microscope(self.optics, values)
        highest = self.limits[[2, 4, 6], 1]
        beyond = [
            max(0.0, own.aberrations[f"C{symbol}"] / high - 1) * 1e3
            for symbol, high in zip(("12", "21", "23"), highest, strict=True)
        ]
        held = (values[8:-2] - self.true[8:-2]) / SHIFT
        differences = (expected(self.wave, own) - self.truth) * self.weight
        return np.concatenate([differences.ravel(), beyond, held])

    def slopes(self, values: np.ndarray) -> np.ndarray:
        """Of the residuals; images are float32, so that smaller steps would drown in rounding."""
        steps = np.ptp(self.limits, axis=1) * STEP
        sides = [
            (self.residuals(values + change) - self.residuals(values - change)) / (2 * step)
            for change, step in zip(np.diag(steps), steps, strict=True)
        ]
        return np.stack(sides, axis=1)

    def coarse(self) -> dict[tuple[int, int], tuple[float, np.ndarray]]:
        """For each move, the least cost [nats] of points that cover defocus and astigmatism."""
        extent = self.wave.grid.extent
        directions = np.exp(2j * np.pi * np.arange(6) / 6) * self.limits[2, 1]
        best: dict[tuple[int, int], tuple[float, np.ndarray]] = {}
        for defocus, astigmatism in product(
            np.linspace(*self.limits[0], 7), (0, *(0.55 * directions), *(0.9 * directions))
        ):
            point = self.true.copy()
            point[0], point[2:4] = defocus, (astigmatism.real, astigmatism.imag)
            spectrum = spectra(self.wave, microscope(self.optics, point))
            shifts = self.optics.shifts + [[vector(move, extent)] for move in MOVES]
            differences = (shifted(spectrum, shifts, extent) - self.truth) * self.weight
            costs = np.sum(differences**2, axis=(1, 2, 3)) / 2
            for move, cost in zip(MOVES, costs, strict=True):
                if move not in best or cost < best[move][0]:
                    start = point.copy()
                    start[-2:] += vector(move, extent)
                    best[move] = (float(cost), start)
        return best

    def least(self, start: np.ndarray) -> float:
        """Least cost [nats] from a point on."""
        limits = self.limits.copy()
        limits[-2:] += start[-2:, None]
        scale = np.ptp(limits, axis=1) / 4
        fit = least_squares(
            self.residuals, start, self.slopes, limits.T, x_scale=scale, max_nfev=20
        )
        return float(fit.cost)


LEAST_RANGE = 0.5
"""Half of the smallest range of a variable [Å]."""


def ranges(settings: SimulationSettings) -> np.ndarray:
    """(V, 2) lowest and highest value of each variable, of the last two about their start [Å]."""
    own = settings.microscope
    (low, high), cs = own.defocus_spans[0], np.array(support(own.Cs_um)) * MICROMETRE
    planes = [
        (-highest, highest)
        for size in (own.astigmatism, own.coma, own.trefoil)
        for highest in [support(size)[1]] * 2
    ]
    shifts = [(-5 * SHIFT, 5 * SHIFT)] * (2 * (len(own.defocus.steps) - 1))
    jitter = 2 * support(own.defocus.jitter)[1]
    moves = [(-MOVE, MOVE)] * 2
    limits = np.array([(low - jitter, high + jitter), tuple(cs), *planes, *shifts, *moves])
    fixed = np.ptp(limits, axis=1) < 2 * LEAST_RANGE
    limits[fixed] += [-LEAST_RANGE, LEAST_RANGE]  # the fit needs a range of each variable
    return limits


def least_information(settings: SimulationSettings, index: int) -> tuple[float, str, Optics, float]:
    """Of validation image ``index``: nats and name of the best other explanation, optics, dose."""
    chosen = specimen_microscope(settings, index // settings.exit_wave_reuse, "validation")
    energy = specimen_energy(settings, chosen, index // settings.exit_wave_reuse, "validation")
    instrument = draw_instrument(settings, chosen, energy, index, "validation")
    waves = sheets(energy)
    truth = expected(waves["Mo S2"], instrument.optics)
    height, width = settings.extent
    dose, limits = instrument.detector.dose, ranges(settings)
    fits = {
        name: Fit(wave, instrument.optics, truth, dose * height * width, limits)
        for name, wave in waves.items()
    }
    starts = [
        (cost, name, move, point)
        for name, fit in fits.items()
        for move, (cost, point) in fit.coarse().items()
        if (name, move) != ("Mo S2", (0, 0))
    ]
    starts.sort(key=lambda start: start[0])
    best = min(
        (fits[name].least(point), f"{name} moved by {move[0]}/6 {move[1]}/6")
        for _, name, move, point in starts[:STARTS]
    )
    return *best, instrument.optics, dose


def macro_f1(rows: Sequence[ScoreRow], indices: set[int]) -> float:
    """Mean F1 of the classes, pooled over some images; NaN without any.

    Classes that do not occur there are left out.
    """
    values = []
    for name in dict.fromkeys(row.class_ for row in rows):
        counts = [
            (row.true_positives, row.false_positives, row.false_negatives)
            for row in rows
            if row.class_ == name and row.index in indices
        ]
        if name not in ("any", "all") and counts:
            values.append(float(rates(np.sum(counts, axis=0))[2]))
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan


def main() -> None:
    """Prints a line for each image, then the shares and scores."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("experiment", type=Path)
    parser.add_argument("--images", type=int, default=100, help="the first so many images")
    parser.add_argument("--evaluation", type=Path, help="folder with the scores.csv of networks")
    options = parser.parse_args()
    try:
        settings = load_experiment(options.experiment).simulation
    except InputError as error:
        parser.error(str(error))
    if getattr(settings.structure, "kind", None) != "mos2":
        parser.error(f"{options.experiment}: its specimens are not MoS2; give such an experiment.")
    if options.images < 1:
        parser.error(f"--images: expected at least 1; got {options.images}.")
    rows: list[ScoreRow] = []
    if options.evaluation is not None:
        try:
            rows = read_rows(options.evaluation / "scores.csv", ScoreRow)
        except InputError as error:
            parser.error(str(error))
    ambiguous, clear = set(), set()
    print("index,nats,best_other_explanation,astigmatism,dose")
    for index in range(options.images):
        nats, name, optics, dose = least_information(settings, index)
        (ambiguous if nats < AMBIGUOUS else clear).add(index)
        print(f"{index},{nats:.4g},{name},{optics.aberrations['C12']:.1f},{dose:.0f}", flush=True)
    share = len(ambiguous) / options.images
    print(f"{len(ambiguous)} of {options.images} images ({share:.0%}) have a second explanation.")
    if options.evaluation is not None:
        for network in dict.fromkeys(row.network for row in rows):
            own = [row for row in rows if row.network == network]
            print(
                f"{network}: macro F1 {macro_f1(own, ambiguous | clear):.3f} of these images, "
                f"{macro_f1(own, clear):.3f} of those without a second explanation."
            )


if __name__ == "__main__":
    main()
