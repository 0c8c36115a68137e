"""Movies of one particle through one microscope, whose frames differ by drift and electrons."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from temnet.config.distributions import draw
from temnet.config.loading import load_experiment
from temnet.images.resample import resample
from temnet.randomness import generator
from temnet.records import Columns
from temnet.simulation.camera import Motion, draw_detector, record
from temnet.simulation.example import camera_shape, draw_specimen, simulation_grid
from temnet.simulation.exit_wave import exit_wave
from temnet.simulation.image_formation import focal_series
from temnet.simulation.optics import draw_optics, draw_variant

MOVIE_FILE = Path(__file__).parents[2] / "experiments" / "movie_gold.yaml"

SMALL = {
    "structure": {"radius": 6.5, "adatoms": 0},
    "data": {"image_size": 128},
    "microscope": {"grid_sampling": 0.13, "focal_spread": 5},
}


@dataclass(frozen=True)
class Particle:
    """What a camera sees of a particle, without noise, and how to record it."""

    experiment: object
    intensity: np.ndarray
    grid: object
    spread: float
    columns: Columns

    @property
    def sampling(self):
        return self.experiment.simulation.sampling

    def movie(self, dose, drift, seed=0):
        """(frame, row, col) float32 counts for a drift (frame, 2) [Å]."""
        settings = self.experiment.simulation
        camera = draw_detector(settings.camera, generator(settings.seed, "movie/camera", 0))
        camera = replace(camera, dose=dose)
        shape, (rows, cols) = camera_shape(settings, camera), settings.shape
        rng = generator(settings.seed, "movie/electrons", seed)
        pixels = lambda: generator(settings.seed, "movie/pixels", 0)  # noqa: E731
        frames = [
            record(
                self.intensity, self.grid, camera, shape,
                Motion(np.asarray(shift)[None], self.spread, np.zeros(2), np.ones(1)),
                rng, pixels(),
            )
            for shift in drift
        ]  # fmt: skip
        return np.stack(
            [resample(one, camera.sampling, settings.sampling)[:rows, :cols, 0] for one in frames]
        ).astype(np.float32)


def particle(seed=5, changes=SMALL):
    """A gold particle, vibrating, the mean of its configurations."""
    experiment = load_experiment(MOVIE_FILE, {"seed": seed, **changes})
    settings = experiment.simulation
    microscope = draw_variant(settings.microscope, generator(seed, "movie/variant", 0))
    resting, vibrating = draw_specimen(settings, 0, "validation")
    energy = draw(microscope.energy, generator(seed, "movie/energy", 0))
    optics = draw_optics(microscope, energy, generator(seed, "movie/microscope", 0))
    optics = replace(optics, defocus=optics.defocus[:1])
    z, grid = resting.atoms.positions[:, 2], simulation_grid(settings)
    middle = float(z.min() + z.max()) / 2
    intensity = np.mean(
        [
            focal_series(
                exit_wave(part.atoms, grid, energy, microscope.slice_thickness, middle), optics
            )
            for part in vibrating
        ],
        axis=0,
    )
    return Particle(experiment, intensity, grid, optics.image_spread, resting.columns)
