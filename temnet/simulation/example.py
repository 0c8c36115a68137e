"""One example, as a pure function of the settings, the split and an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from temnet.config.distributions import draw
from temnet.config.experiment import Experiment
from temnet.config.instrument.microscope import Microscope
from temnet.config.simulation import SimulationSettings
from temnet.errors import InputError, SimulationError
from temnet.images.resample import resample
from temnet.randomness import check_split, generator
from temnet.records import IGNORED, Columns, Example, Structure
from temnet.simulation.background import draw_background
from temnet.simulation.camera import (
    Detector,
    Motion,
    draw_detector,
    expected_electrons,
    record,
)
from temnet.simulation.exit_wave import ExitWave, Grid, exit_wave, plan_grid
from temnet.simulation.image_formation import focal_series
from temnet.simulation.labels import draw_labels
from temnet.simulation.optics import Optics, draw_optics, draw_variant, margin
from temnet.simulation.resolution import ignore_unresolved, information_limit
from temnet.simulation.visibility import Shown, ignore_invisible
from temnet.structures.columns import column_elements, moved
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field
from temnet.structures.vibrations.displacements import displaced
from temnet.system.threads import one_thread

LEAST_LEVEL = 1e-3
"""Images whose mean is below this fraction of their scatter are divided by the scatter instead."""


def simulate_example(experiment: Experiment, index: int, split: str = "training") -> Example:
    """Example ``index`` of a split.

    The same bits in any order and process: every draw has a generator of its own, made from
    the seed, the split and the index.

    Args:
        experiment: The settings, of which only ``experiment.simulation`` is used.
        index: Number of the example, 0 or more.
        split: training, selection or validation.

    Returns:
        The example at the network's pixels, not normalised.

    Raises:
        InputError: If a section is missing or the split does not exist.
        SimulationError: If anything else fails; the message lists the drawn parameters.
    """
    return simulate_block(experiment.simulation, index, index + 1, split)[0]


@one_thread()
def simulate_block(
    settings: SimulationSettings, start: int, stop: int, split: str
) -> list[Example]:
    """Examples ``start`` to ``stop - 1``, each exit wave computed once.

    Raises:
        InputError: If the split does not exist or ``start`` is negative.
        SimulationError: If anything else fails; the message lists the drawn parameters.
    """
    check_split(split)
    if start < 0:
        raise InputError(f"An example's index must be 0 or more; got {start}.")
    examples: list[Example] = []
    specimen_index = -1
    for index in range(start, stop):
        drawn: dict[str, object] = {}
        try:
            if index // settings.exit_wave_reuse != specimen_index:
                specimen_index = index // settings.exit_wave_reuse
                microscope = specimen_microscope(settings, specimen_index, split)
                specimen, waves = specimen_waves(settings, microscope, specimen_index, split, drawn)
            for stream in _streams(settings, split):
                instrument = draw_instrument(settings, microscope, waves[0].energy, index, stream)
                example = take_image(settings, specimen, waves, instrument, drawn)
                if _shows_columns(example) or not len(specimen.columns):
                    break
            examples.append(example)
        except InputError:
            raise
        except Exception as error:
            cause = f"{type(error).__name__}: {error}"
            raise SimulationError(split, index, drawn, cause) from error
    return examples


def _streams(settings: SimulationSettings, split: str) -> list[str]:
    """Names of the draws of microscope and camera, the next one for an image without columns."""
    visibility = settings.labels.visibility
    redraws = visibility.redraws if visibility is not None and split == "training" else 0
    return [split, *(f"{split}/{number}" for number in range(1, redraws + 1))]


def _shows_columns(example: Example) -> bool:
    return bool((example.columns.class_index != IGNORED).any())


def simulation_grid(settings: SimulationSettings) -> Grid:
    """The grid of the exit waves, the same for all examples of these settings."""
    microscope = settings.microscope
    return plan_grid(*settings.extent, margin(microscope), microscope.grid_sampling)


def draw_specimen(
    settings: SimulationSettings, index: int, split: str
) -> tuple[Structure, list[Structure]]:
    """A specimen at rest, and its vibrating configurations.

    Args:
        settings: The settings of the examples.
        index: Number of the specimen, which `data.exit_wave_reuse` examples share.
        split: training, selection or validation.

    Raises:
        InputError: If a file of the specimen is missing or cannot be simulated.
    """
    seed = settings.seed
    field = Field(*settings.extent, simulation_grid(settings).margin)
    resting = build_structure(
        settings.structure,
        field,
        settings.labels.classes,
        generator(seed, f"{split}/structure", index),
    )
    rng = generator(seed, f"{split}/vibrations", index)
    return resting, displaced(resting, settings.vibrations, rng)


def specimen_microscope(settings: SimulationSettings, index: int, split: str) -> Microscope:
    """The variant of the microscope for a specimen."""
    rng = generator(settings.seed, f"{split}/variant", index)
    return draw_variant(settings.microscope, rng)


def specimen_energy(
    settings: SimulationSettings, microscope: Microscope, index: int, split: str
) -> float:
    """Energy of the electrons for a specimen [eV]."""
    return draw(microscope.energy, generator(settings.seed, f"{split}/energy", index))


def specimen_waves(
    settings: SimulationSettings,
    microscope: Microscope,
    index: int,
    split: str,
    drawn: dict[str, object],
) -> tuple[Structure, list[ExitWave]]:
    """A vibrating specimen and the wave behind each of its configurations.

    The columns are at the mean of their displaced atoms over all configurations.  The drawn
    parameters are added to ``drawn``.
    """
    resting, vibrating = draw_specimen(settings, index, split)
    drawn.update(resting.parameters)
    waves = exit_waves(settings, microscope, index, split, resting, vibrating)
    mean = np.mean([structure.atoms.positions for structure in vibrating], axis=0)
    return moved(resting, mean), waves


def exit_waves(
    settings: SimulationSettings,
    microscope: Microscope,
    index: int,
    split: str,
    resting: Structure,
    vibrating: Sequence[Structure],
    planes: Sequence[np.ndarray] | None = None,
) -> list[ExitWave]:
    """The wave behind each configuration of a specimen of this index, at its mid-plane at rest.

    ``planes`` are the depths of the slices of each configuration [Å], by default its atomic
    planes.
    """
    energy = specimen_energy(settings, microscope, index, split)
    z = resting.atoms.positions[:, 2]
    midplane = float(z.min() + z.max()) / 2 if len(z) else None
    slices: Sequence[np.ndarray | None] = [None] * len(vibrating) if planes is None else planes
    return [
        exit_wave(
            structure.atoms,
            simulation_grid(settings),
            energy,
            microscope.slice_thickness,
            midplane,
            planes=depths,
        )
        for structure, depths in zip(vibrating, slices, strict=True)
    ]


@dataclass(frozen=True)
class Instrument:
    """The microscope and the camera of one image.

    Attributes:
        optics: The microscope.
        detector: The camera.
        rng: Draws the electrons, the noise and the broken pixels.
    """

    optics: Optics
    detector: Detector
    rng: np.random.Generator

    @property
    def motion(self) -> Motion:
        """Motion of the images during the exposure."""
        optics = self.optics
        return Motion(
            optics.shifts, optics.image_spread, optics.exposure_drift, optics.magnifications
        )


def draw_instrument(
    settings: SimulationSettings, microscope: Microscope, energy: float, index: int, split: str
) -> Instrument:
    """The microscope and the camera of example ``index``, the same each time.

    Args:
        settings: The settings of the examples.
        microscope: The variant of the microscope for its specimen.
        energy: Energy of the electrons [eV], that of the exit waves.
        index: Number of the example.
        split: training, selection or validation, or another name for draws of their own.
    """
    rng = generator(settings.seed, f"{split}/microscope", index)
    optics = draw_optics(microscope, energy, rng)
    rng = generator(settings.seed, f"{split}/camera", index)
    return Instrument(optics, draw_camera(settings, rng, split, index), rng)


def draw_camera(
    settings: SimulationSettings, rng: np.random.Generator, stream: str, index: int
) -> Detector:
    """The camera of an image, with the background, which has random numbers of its own.

    Args:
        settings: The settings of the examples.
        rng: Draws the camera.
        stream: Split of the example, or ``movie``.
        index: Number of the example.
    """
    detector = draw_detector(settings.camera, rng)
    if settings.camera.background is None:
        return detector
    slow = generator(settings.seed, f"{stream}/background", index)
    background = draw_background(settings.camera.background, settings.extent, slow)
    return replace(detector, background=background)


def over_specimen(
    detector: Detector, structure: Structure, extent: tuple[float, float]
) -> Detector:
    """The camera with the absorption of a specimen in its background.

    Args:
        detector: The camera as drawn.
        structure: The specimen.
        extent: Height and width of the image [Å].
    """
    if detector.background is None:
        return detector
    return replace(detector, background=detector.background.behind(structure, extent))


def take_image(
    settings: SimulationSettings,
    structure: Structure,
    waves: Sequence[ExitWave],
    instrument: Instrument,
    drawn: dict[str, object],
) -> Example:
    """The specimen through a microscope and a camera.

    The drawn parameters are added to ``drawn``.
    """
    labels, sampling = settings.labels, settings.sampling
    optics = instrument.optics
    detector = over_specimen(instrument.detector, structure, settings.extent)
    drawn.update({**structure.parameters, **optics.parameters(), **detector.parameters()})
    intensity = np.mean([focal_series(wave, optics) for wave in waves], axis=0)
    view = (intensity, waves[0].grid, detector, camera_shape(settings, detector), instrument.motion)
    rows, cols = settings.shape
    images = resample(record(*view, instrument.rng), detector.sampling, sampling)[:rows, :cols]
    limit = information_limit(optics, detector.sampling)
    seen = _seen(structure.columns, settings)
    columns = ignore_unresolved(structure.columns, labels.resolution / limit).select(seen)
    if labels.visibility is not None:
        expected = resample(expected_electrons(*view), detector.sampling, sampling)[:rows, :cols]
        shown = Shown(expected, sampling, detector.dose, labels.width)
        kinds = column_elements(structure)[seen]
        columns = ignore_invisible(columns, shown, labels.visibility, kinds)
    maps, weights = draw_labels(columns, (rows, cols), sampling, labels.width, len(labels.classes))
    return Example(
        images=np.ascontiguousarray(images / _level(images), np.float32),
        labels=maps,
        weights=weights,
        columns=columns,
        parameters={**drawn, "information_limit": limit},
        sampling=sampling,
    )


def _level(images: np.ndarray) -> float:
    """The mean of images, or their scatter where it is far larger: noise alone has no mean."""
    level, scatter = float(images.mean()), float(images.std())
    return level if level > LEAST_LEVEL * scatter else scatter or 1.0


def camera_shape(settings: SimulationSettings, detector: Detector) -> tuple[int, int]:
    """Camera pixels that hold the image, with one to spare for the last network pixel."""
    rows, cols = (int(np.ceil(side / detector.sampling)) + 2 for side in settings.extent)
    return rows, cols


def _seen(columns: Columns, settings: SimulationSettings) -> np.ndarray:
    """(N,) bool: columns in the image, and those outside whose labels reach into it."""
    height, width = settings.extent
    return columns.inside(height, width, -4 * settings.labels.width)
