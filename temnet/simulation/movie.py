"""A movie of one specimen through one microscope, recorded at several doses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from temnet.config.analysis.movie import Movie
from temnet.config.distributions import draw
from temnet.config.simulation import SimulationSettings
from temnet.errors import InputError
from temnet.images.resample import resample
from temnet.randomness import generator
from temnet.records import Columns, Structure
from temnet.simulation.camera import Motion, record
from temnet.simulation.example import (
    camera_shape,
    draw_camera,
    draw_specimen,
    over_specimen,
    simulation_grid,
)
from temnet.simulation.exit_wave import Grid, exit_wave
from temnet.simulation.image_formation import focal_series
from temnet.simulation.optics import Optics, draw_optics, draw_variant
from temnet.structures.movies import edge_columns, frame_structure, markov_presence, random_drift
from temnet.structures.vibrations.displacements import displaced
from temnet.system.threads import one_thread

BORDER = 2.0
"""Columns this close to the border never change, since drift may carry them out of view [Å]."""


@dataclass(frozen=True)
class SimulatedMovie:
    """A movie and the truth behind it.

    Attributes:
        images: (dose, frame, row, col) float32, counts at the network's pixels.
        columns: All columns of the movie, at their positions without drift.
        changing: (N,) bool, columns that come and go.
        presence: (N, F) bool, whether each is there.
        drift: (F, 2), (row, col) [Å].
        sampling: Pixel size [Å].
    """

    images: np.ndarray
    columns: Columns
    changing: np.ndarray
    presence: np.ndarray
    drift: np.ndarray
    sampling: float


@one_thread()
def simulate_movie(
    settings: SimulationSettings,
    movie: Movie,
    index: int = 0,
    progress: Callable[[int], object] | None = None,
) -> SimulatedMovie:
    """Simulate a movie with the vibrations, optics and camera of examples.

    Specimen, microscope and camera are drawn once, vibrations and electrons for each frame.  Only
    the first focus of a series is recorded.

    Args:
        settings: The settings of specimen, microscope, camera and images.
        movie: Number of frames, doses, rates and drift.
        index: Number of the movie.
        progress: Called with 1 after each frame.

    Raises:
        InputError: If no column of the changing class has few enough neighbours.
    """
    seed = settings.seed
    microscope = draw_variant(settings.microscope, generator(seed, "movie/variant", index))
    resting = draw_specimen(settings, index, "validation")[0]
    number = settings.labels.classes.index(movie.changing)
    changing = edge_columns(resting.columns, number, movie.most_neighbours)
    changing &= resting.columns.inside(*settings.extent, BORDER)
    if not changing.any():
        raise InputError(
            f"movie.most_neighbours {movie.most_neighbours}: no {movie.changing} column in "
            "the image has so few neighbours; set it higher, or another seed."
        )
    rng = generator(seed, "movie/changes", index)
    presence = markov_presence(changing, movie.frames, movie.appearance, movie.disappearance, rng)
    drift = random_drift(movie.frames, movie.drift, rng)
    energy = draw(microscope.energy, generator(seed, "movie/energy", index))
    optics = draw_optics(microscope, energy, generator(seed, "movie/microscope", index))
    optics = replace(optics, defocus=optics.defocus[:1])
    z = resting.atoms.positions[:, 2]
    midplane = float(z.min() + z.max()) / 2
    frames = []
    for frame in range(movie.frames):
        structure = frame_structure(resting, presence[:, frame], drift[frame])
        rng = generator(seed, "movie/frame", index, frame)
        grid = simulation_grid(settings)
        intensity = np.mean(
            [
                focal_series(
                    exit_wave(part.atoms, grid, energy, microscope.slice_thickness, midplane),
                    optics,
                )
                for part in displaced(structure, settings.vibrations, rng)
            ],
            axis=0,
        )
        frames.append(
            _recorded(settings, movie.doses, structure, intensity, grid, optics, index, rng)
        )
        if progress is not None:
            progress(1)
    images = np.stack(frames, axis=1)
    return SimulatedMovie(images, resting.columns, changing, presence, drift, settings.sampling)


def _recorded(
    settings: SimulationSettings,
    doses: Sequence[float],
    structure: Structure,
    intensity: np.ndarray,
    grid: Grid,
    optics: Optics,
    index: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """(dose, row, col) float32 images of one frame at the network's pixels."""
    rng_camera = generator(settings.seed, "movie/camera", index)
    camera = draw_camera(settings, rng_camera, "movie", index)
    detector = over_specimen(camera, structure, settings.extent)
    motion = Motion(np.zeros((1, 2)), optics.image_spread, optics.exposure_drift, np.ones(1))
    (rows, cols), sampling = settings.shape, settings.sampling
    shape = camera_shape(settings, detector)
    images = [
        record(
            intensity,
            grid,
            replace(detector, dose=dose),
            shape,
            motion,
            rng,
            generator(settings.seed, "movie/pixels", index),
        )
        for dose in doses
    ]
    resampled = [resample(image, detector.sampling, sampling)[:rows, :cols, 0] for image in images]
    return np.stack(resampled).astype(np.float32)
