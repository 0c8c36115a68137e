"""Errors of the strain of simulated particles by layer: Madsen's study of 2017 with a network.

    python experiments/strain_study.py runs/strain_study

Gold and platinum particles of 3 nm are at 300 K in molecular dynamics (ASE's EMT potential): 4 ps
of equilibration, then 16 frames in 1.6 ps.  The mean of these frames is the truth, and images are
the mean over them, through a corrected 300 kV microscope of which one setting is changed at a time,
with the electrons of 40 frames each.  `nanoparticle-unet` finds their columns, temnet.strain_map
the strain: of the first ten frames by themselves, and of sites averaged over all 40.

Writes `strain_errors.csv`, of which `strain_study_report.py` makes the picture and the tables of
the documentation; twenty-five minutes on a busy core.  The particles are kept in the folder.

J. Madsen et al., Adv. Struct. Chem. Imaging 3, 14 (2017).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from ase import Atoms

import temnet
from temnet.config.instrument.camera import Camera
from temnet.config.instrument.microscope import Microscope
from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.evaluation.matching import match
from temnet.inference.column_finder import ColumnFinder
from temnet.models.checkpoint import open_network
from temnet.movies.sites import find_sites
from temnet.records import Peaks
from temnet.simulation.camera import Motion, draw_detector, record
from temnet.simulation.exit_wave import ExitWave, Grid, exit_wave, plan_grid
from temnet.simulation.image_formation import focal_series
from temnet.simulation.optics import MARGINS, draw_optics
from temnet.stages.strain import card_error
from temnet.strain.results import StrainMap
from temnet.strain.site_means import site_means
from temnet.structures.clusters import grow_particle
from temnet.structures.columns import column_positions, project
from temnet.structures.geometry import rotation_about, tilt_matrix, zone_axis_matrix
from temnet.structures.nanoparticle import ZONES
from temnet.structures.vibrations.md_specimens import VACUUM, Specimen
from temnet.structures.vibrations.molecular_dynamics import simulate_motion
from temnet.structures.vibrations.trajectory import displacements
from temnet.tables.csv_rows import write_rows

NETWORK = "nanoparticle-unet"

ELEMENTS, RADIUS = ("Au", "Pt"), 14.0
"""Elements, and the mean distance of the facets from the middle [Å]."""

SIDE, SAMPLING = 44.0, 0.2
"""Side of an image and pixel size [Å]."""

FRAMES, SINGLE = 40, 10
"""Frames of a movie, and those whose strain is measured by themselves."""

CORE = 4
"""Layers from this one inwards count as the core."""

BASE = {"defocus": 0.0, "astigmatism": 0.0, "coma": 0.0, "tilt": 0.0, "dose": 2000.0}
"""Change of the defocus [Å] from 1.2 times Scherzer's, aberrations [Å], tilt [°], and dose of a
frame [e/Å²]."""

SWEEPS = {
    "defocus": (-60.0, -40.0, -20.0, 20.0, 40.0),
    "astigmatism": (20.0, 50.0, 100.0),
    "coma": (150.0, 300.0, 600.0),
    "tilt": (0.5, 1.0, 2.0),
    "dose": (200.0, 500.0, 1000.0, 5000.0, 10000.0),
}
"""Values of each setting beside that of `BASE`."""

COMPONENTS = ("e_xx", "e_yy", "e_xy")


@dataclass(frozen=True)
class Specimens:
    """A particle in frames of molecular dynamics, with the beam along z.

    Attributes:
        element: The metal.
        frames: (F, N, 3) float64, positions without drift and rotation [Å], around zero.
        column: (N,) int64, the column of each atom.
    """

    element: str
    frames: np.ndarray
    column: np.ndarray

    @property
    def columns(self) -> np.ndarray:
        """(C, 2) mean (row, col) of the columns [Å]."""
        return column_positions(self.frames.mean(axis=0), self.column) + SIDE / 2


@dataclass(frozen=True)
class ErrorRow:
    """Errors of the strain in one layer under one condition.

    Attributes:
        element: The metal.
        setting: The setting that was changed; ``none`` for the image that all share.
        value: Its value, in the unit of the study.
        frames: Frames that were averaged: 1 or 40.
        layer: Layer from the surface, which is 1; the last one is the core.
        columns: Columns that were compared, in all frames together.
        true_radial: Mean true strain along the direction from the particle's middle.
        radial_bias: Mean error of the strain along the direction from the particle's middle.
        tangential_bias: Mean error of the strain across that direction.
        spread: Root mean square error of e_xx, e_yy and e_xy.
        reported: Root mean square of the standard errors that temnet reports.
        held: Fraction of 95 % intervals of e_xx, e_yy and e_xy with the true value.
        position_pm: Root mean square error of positions along an axis [pm].
    """

    element: str
    setting: str
    value: float
    frames: int
    layer: int
    columns: int
    true_radial: float
    radial_bias: float
    tangential_bias: float
    spread: float
    reported: float
    held: float
    position_pm: float


def particle(element: str, folder: Path, radius: float = RADIUS) -> Specimens:
    """A particle along [110], from the folder or by molecular dynamics."""
    path = folder / f"{element}_{radius:g}.npz"
    if path.is_file():
        with np.load(path) as kept:
            return Specimens(element, kept["frames"], kept["column"])
    rng = np.random.default_rng([ord(letter) for letter in element])
    shape = Nanoparticle(
        element=element, radius=radius, shape="wulff", adatoms=0.05, lattice_constant_scale=1.0
    )
    grown = grow_particle(shape, element, rng)
    turn = rotation_about(np.array([0.0, 0.0, 1.0]), np.radians(20)) @ zone_axis_matrix(
        *ZONES["110"]
    )
    resting = Atoms([element] * len(grown.sites), grown.sites * grown.lattice_constant / 2 @ turn.T)
    resting.center(vacuum=VACUUM)
    column = project(resting, np.ones(len(resting), bool))
    specimen = Specimen(resting, np.zeros(len(resting), np.int64), (False,), False, element)
    settings = MolecularDynamics(
        material=element, sizes=(radius,), equilibration=4.0, length=1.6, interval=100.0
    )
    moves, mean = displacements(simulate_motion(specimen, settings, rng, lambda count: None), 0)
    frames = mean + moves
    frames -= (mean.min(axis=0) + mean.max(axis=0)) / 2
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, frames=frames, column=column)
    return Specimens(element, frames, column)


def waves(specimens: Specimens, grid: Grid, microscope: Microscope, tilt: float) -> list[ExitWave]:
    """The wave behind each frame of a particle, tilted [°]."""
    turn = tilt_matrix(np.radians(tilt), np.radians(35))
    half = np.array([SIDE / 2, SIDE / 2, 0])
    atoms = [Atoms([specimens.element] * len(each), each @ turn.T) for each in specimens.frames]
    for each in atoms:
        each.positions += half
    return [exit_wave(each, grid, 300e3, microscope.slice_thickness, 0.0) for each in atoms]


def microscope_at(condition: dict[str, float]) -> Microscope:
    """A corrected microscope at a condition."""
    return Microscope.model_validate(
        {
            "energy": 300e3,
            "defocus": {"start": condition["defocus"], "scherzer": 1.2},
            "Cs_um": -20.0,
            "astigmatism": condition["astigmatism"],
            "astigmatism_angle_deg": 25.0,
            "coma": condition["coma"],
            "coma_angle_deg": 70.0,
            "focal_spread": 14.0,
            "angular_spread_mrad": 0.15,
            "aperture_mrad": 25.0,
            "image_spread": 0.25,
            "grid_sampling": 0.08,
        }
    )


def movie(
    exits: Sequence[ExitWave], condition: dict[str, float], frames: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Frames (row, col, 1) float32 of a movie."""
    optics = draw_optics(microscope_at(condition), 300e3, rng)
    detector = draw_detector(
        Camera(sampling=SAMPLING, dose=condition["dose"], kind="counting"), rng
    )
    still = Motion(np.zeros((1, 2)), optics.image_spread, np.zeros(2), np.ones(1))
    intensity = np.mean([focal_series(wave, optics) for wave in exits], axis=0)
    count = round(SIDE / SAMPLING)
    for _ in range(frames):
        yield record(intensity, exits[0].grid, detector, (count, count), still, rng)


def joined(frames: Sequence[Peaks]) -> Peaks:
    """Columns of frames, each numbered."""
    return Peaks.concatenate(
        [replace(each, frame=np.full(len(each), number)) for number, each in enumerate(frames)]
    )


def at(positions: np.ndarray) -> Peaks:
    """Columns at (row, col) [Å], as a network would give them."""
    ones, zeros = np.ones(len(positions)), np.zeros(len(positions), np.int64)
    return Peaks(zeros, positions, zeros, ones, ones[:, None], ones * np.nan)


def averaged(peaks: Peaks, frames: int) -> StrainMap:
    """The strain of sites, averaged over the frames of a movie without drift."""
    sites = find_sites(peaks, np.zeros((frames, 2)), frames, 0.7, 0.1)
    means = site_means(peaks, sites.peak_site)
    return strain(means.peaks, position_error=means.error)


strain = partial(temnet.strain_map, field=(SIDE - SAMPLING, SIDE - SAMPLING))
"""Strain with temnet's defaults: 18 neighbours, against the core."""


def errors(
    found: StrainMap, true: StrainMap, about: tuple[str, str, float, int]
) -> Iterator[ErrorRow]:
    """Errors in each layer of one frame, or of averaged ones.

    Args:
        found: The strain that was measured.
        true: That of the particle.
        about: Element, setting, value and number of frames.
    """
    shift = 0.0
    for _ in range(2):  # the image as a whole may be shifted
        own, column = match(found.columns.positions - shift, true.columns.positions, 0.6)
        away = found.columns.positions[own] - true.columns.positions[column]
        shift = np.median(away, axis=0)
    both = np.isfinite(found.value("e_xx")[own]) & np.isfinite(true.value("e_xx")[column])
    own, column, away = own[both], column[both], away[both] - shift
    expected, measured, error = (
        np.stack([part(name)[index] for name in COMPONENTS], axis=1)
        for part, index in ((true.value, column), (found.value, own), (found.error, own))
    )
    difference = measured - expected
    outwards = true.columns.positions[column] - true.columns.positions.mean(axis=0)
    x, y = outwards[:, 1], -outwards[:, 0]
    layer = np.minimum(true.layer[column], CORE)
    for each in np.unique(layer):
        here = layer == each
        yield ErrorRow(
            *about,
            layer=int(each),
            columns=int(here.sum()),
            true_radial=float(along(expected, x, y)[here].mean()),
            radial_bias=float(along(difference, x, y)[here].mean()),
            tangential_bias=float(along(difference, -y, x)[here].mean()),
            spread=float(np.sqrt(np.mean(difference[here] ** 2))),
            reported=float(np.sqrt(np.mean(error[here] ** 2))),
            held=float(np.mean(np.abs(difference[here]) <= 1.96 * error[here])),
            position_pm=float(100 * np.sqrt(np.mean(away[here] ** 2))),
        )


def along(strains: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(N,) strain along the directions (x, y), of e_xx, e_yy and e_xy (N, 3)."""
    xx, yy, xy = strains.T
    return np.asarray((xx * x**2 + yy * y**2 + 2 * xy * x * y) / (x**2 + y**2))


def together(rows: Sequence[ErrorRow]) -> ErrorRow:
    """Rows of several frames as one: means, and roots of mean squares of spreads."""
    weight = [row.columns for row in rows]

    def mean(name: str) -> float:
        return float(np.average([getattr(row, name) for row in rows], weights=weight))

    def root(name: str) -> float:
        squares = [getattr(row, name) ** 2 for row in rows]
        return float(np.sqrt(np.average(squares, weights=weight)))

    return replace(
        rows[0],
        columns=int(sum(weight)),
        true_radial=mean("true_radial"),
        radial_bias=mean("radial_bias"),
        tangential_bias=mean("tangential_bias"),
        held=mean("held"),
        spread=root("spread"),
        reported=root("reported"),
        position_pm=root("position_pm"),
    )


def conditions() -> Iterator[tuple[str, float, dict[str, float]]]:
    """The setting that is changed, its value, and all settings."""
    yield "none", 0.0, dict(BASE)
    for name, values in SWEEPS.items():
        for value in values:
            yield name, value, BASE | {name: value}


def study(
    element: str,
    folder: Path,
    chosen: Sequence[tuple[str, float, dict[str, float]]],
    frames: int = FRAMES,
    single: int = SINGLE,
    radius: float = RADIUS,
) -> Iterator[ErrorRow]:
    """Errors by layer under each condition, of single frames and of their average."""
    specimens = particle(element, folder, radius)
    true = strain(at(specimens.columns))
    finder, card = ColumnFinder(open_network(NETWORK)), card_error(NETWORK)
    grid = plan_grid(SIDE, SIDE, MARGINS[1], 0.08)
    exits: dict[float, list[ExitWave]] = {}
    for number, (setting, value, condition) in enumerate(chosen):
        tilt = condition["tilt"]
        if tilt not in exits:
            exits = {0.0: exits[0.0]} if 0.0 in exits else {}
            exits[tilt] = waves(specimens, grid, microscope_at(condition), tilt)
        rng = np.random.default_rng([number, len(specimens.column)])
        images = movie(exits[tilt], condition, frames, rng)
        peaks = [finder.find(image, SAMPLING)[0] for image in images]
        about = (element, setting, value)
        parts: dict[int, list[ErrorRow]] = {}
        for each in peaks[:single]:
            for row in errors(strain(each, position_error=card), true, (*about, 1)):
                parts.setdefault(row.layer, []).append(row)
        for layer in sorted(parts):
            yield together(parts[layer])
        yield from errors(averaged(joined(peaks), frames), true, (*about, frames))


def main() -> None:
    """Runs the study."""
    parser = argparse.ArgumentParser(description="Errors of strain by layer, in simulated images.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    rows: list[ErrorRow] = []
    for element in ELEMENTS:
        for row in study(element, folder, list(conditions())):
            rows.append(row)
            print(
                f"{row.element} {row.setting:11} {row.value:7g} {row.frames:2} frame(s) layer "
                f"{row.layer}: bias {100 * row.radial_bias:+.2f} and "
                f"{100 * row.tangential_bias:+.2f} %, spread {100 * row.spread:.2f} %, reported "
                f"{100 * row.reported:.2f} %, held {100 * row.held:.0f} %",
                flush=True,
            )
        write_rows(folder / "strain_errors.csv", rows, ErrorRow)


if __name__ == "__main__":
    main()
