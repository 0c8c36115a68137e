"""Strain from columns against geometric phase analysis of the same simulated image."""

import logging

import numpy as np
import pytest
from ase import Atoms

import temnet
from temnet.config.instrument.camera import Camera
from temnet.config.instrument.microscope import Microscope
from temnet.inference.column_finder import ColumnFinder
from temnet.models.checkpoint import open_network
from temnet.simulation.camera import Motion, draw_detector, record
from temnet.simulation.exit_wave import exit_wave, plan_grid
from temnet.simulation.image_formation import focal_series
from temnet.simulation.optics import draw_optics
from temnet.strain.deformation import QUANTITIES, deformation
from temnet.strain.local_lattice import State
from tests.strain.crystals import CELLS, A, crystal, peaks_at
from tests.strain.geometric_phase import deformation_gradients

LOGGER = logging.getLogger(__name__)

SIDE, SAMPLING, RADIUS = 51.2, 0.2, 20.0
VECTORS = CELLS["fcc [110]"][0]
STRAINS = ("e_xx", "e_yy", "e_xy", "dilatation")


def field(points):
    """Displacements with strains from -2 to 2 % and rotations of one degree."""
    x, y = points.T
    return np.stack([4e-4 * x**2 - 8e-4 * x * y, 3e-4 * y**2 + 1e-4 * x * y], axis=1)


def true_values(points, step=1e-3):
    slopes = [
        (field(points + each) - field(points - each)) / (2 * step) for each in np.eye(2) * step
    ]
    return deformation(np.eye(2) + np.stack(slopes, axis=-1), VECTORS)


def simulated(points):
    """(row, col) image of gold columns of six atoms at (x, y) from the middle, at 5,000 e/Å²."""
    beside = np.linalg.solve(VECTORS, crystal("fcc [110]", RADIUS).T)[0].round().astype(int) % 2
    heights = (np.arange(6) - 2.5) * A / np.sqrt(2)
    places = [
        np.column_stack([points * [1, -1], beside * A / np.sqrt(8) + height]) for height in heights
    ]
    atoms = Atoms(f"Au{6 * len(points)}", np.concatenate(places) + [SIDE / 2, SIDE / 2, 0])
    microscope = Microscope(
        energy=300e3, defocus={"scherzer": 1.2}, Cs_um=-20, focal_spread=14, aperture_mrad=25
    )
    rng = np.random.default_rng(2)
    optics = draw_optics(microscope, 300e3, rng)
    wave = exit_wave(atoms, plan_grid(SIDE, SIDE, 8.0, 0.1), 300e3, 2.0, blur={"Au": 0.09})
    detector = draw_detector(Camera(sampling=SAMPLING, dose=5000, kind="ideal"), rng)
    still = Motion(np.zeros((1, 2)), 0.0, np.zeros(2), np.ones(1))
    shape = (round(SIDE / SAMPLING),) * 2
    return record(focal_series(wave, optics), wave.grid, detector, shape, still, rng)[..., 0]


def at_columns(gradients, points):
    """(N, 2, 2) F at columns (x, y) from the middle of the image."""
    row, col = np.rint((points * [1, -1] + SIDE / 2) / SAMPLING).astype(int)[:, ::-1].T
    return gradients[row, col]


def test_phases_of_plane_waves_give_the_strain_they_were_drawn_with():
    """The oracle alone, on a strained lattice of cosines."""
    true = np.array([[1.02, 0.012], [-0.004, 0.99]])
    rows, cols = np.indices((256, 256)) * SAMPLING
    place = np.stack([cols - SIDE / 2, SIDE / 2 - rows], axis=-1)
    waves = np.cos(2 * np.pi * place @ np.linalg.inv(true @ VECTORS).T).sum(axis=-1)
    found = deformation_gradients(waves, SAMPLING, VECTORS)
    np.testing.assert_allclose(
        found[108:148, 108:148], np.broadcast_to(true, (40, 40, 2, 2)), atol=2e-4
    )


@pytest.mark.slow
def test_columns_and_phases_of_a_simulated_particle_have_the_same_strain():
    perfect = crystal("fcc [110]", RADIUS)
    points = perfect + field(perfect)
    image = simulated(points)
    peaks, _ = ColumnFinder(open_network("nanoparticle-unet")).find(image[..., None], SAMPLING)
    settings = {"reference": "lattice", "lattice": VECTORS.T}
    strain = temnet.strain_map(peaks, **settings)
    assert len(peaks) == pytest.approx(len(points), abs=3)
    found = peaks.positions[:, ::-1] * [1, -1] - [SIDE / 2, -SIDE / 2]
    away = np.linalg.norm(found[:, None] - points, axis=2)
    nearest = away.argmin(axis=1)
    inner = (strain.state == State.FITTED) & (np.linalg.norm(found, axis=1) < RADIUS - 8)
    assert inner.sum() > 60 and np.all(away.min(axis=1)[inner] < 0.3)
    by_phase = deformation(
        at_columns(deformation_gradients(image, SAMPLING, VECTORS), found), VECTORS
    )
    truth = temnet.strain_map(peaks_at(points), **settings)
    by_columns, phases, true, exact = (
        values[:, [QUANTITIES.index(name) for name in STRAINS]]
        for values in (
            strain.values[inner], by_phase[inner], truth.values[nearest[inner]],
            true_values(perfect)[nearest[inner]],
        )
    )  # fmt: skip
    assert np.all(np.ptp(exact, axis=0) > 0.008)
    for name, first, second, most in (
        ("columns against phases", by_columns, phases, 0.004),
        ("columns against the true positions", by_columns, true, 0.0025),
        ("phases against the field", phases, exact, 0.004),
    ):
        apart = np.sqrt(np.mean((first - second) ** 2, axis=0))
        LOGGER.info("%s: %s %% rms", name, (100 * apart).round(3))
        assert np.all(apart < most * np.array([1, 1, 1, 2])), name
    rotation = strain.value("rotation")[inner] - by_phase[inner, QUANTITIES.index("rotation")]
    assert np.std(rotation) < 0.15
    mirrored = deformation_gradients(image[:, ::-1], SAMPLING, VECTORS)  # another field
    wrong = deformation(at_columns(mirrored, found), VECTORS)[inner, 0] - by_columns[:, 0]
    assert np.sqrt(np.mean(wrong**2)) > 0.008
