"""One training example, as a pure function of the experiment, the split and an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.distributions import draw
from temnet.config.experiment import SIMULATION_SECTIONS, Experiment
from temnet.config.instrument.microscope import Microscope
from temnet.errors import InputError, SimulationError
from temnet.images.resample import resample
from temnet.randomness import check_split, generator
from temnet.records import Columns, Example, Structure
from temnet.simulation.camera import Detector, Motion, draw_detector, record
from temnet.simulation.exit_wave import ExitWave, Grid, exit_wave, plan_grid
from temnet.simulation.focal_series import focal_series
from temnet.simulation.labels import draw_labels
from temnet.simulation.optics import Optics, draw_optics, draw_variant, margin
from temnet.simulation.resolution import ignore_unresolved, information_limit
from temnet.structures.columns import moved
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field
from temnet.structures.vibrations.displacements import displaced
from temnet.system.threads import one_thread


def simulate_example(experiment: Experiment, index: int, split: str = "training") -> Example:
    """Example ``index`` of a split.

    The same bits in any order and process: every draw has a generator of its own, made from
    the experiment's seed, the split and the index.

    Args:
        experiment: The settings.
        index: Number of the example, 0 or more.
        split: training, selection or validation.

    Returns:
        The example at the network's pixels, not normalised.

    Raises:
        InputError: A section is missing, or the split does not exist.
    """
    return simulate_block(experiment, index, index + 1, split)[0]


@one_thread()
def simulate_block(experiment: Experiment, start: int, stop: int, split: str) -> list[Example]:
    """Examples ``start`` to ``stop - 1``, each exit wave computed once.

    Raises:
        InputError: A section is missing, or the split does not exist.
        SimulationError: Anything else went wrong; it tells with which parameters.
    """
    missing = [name for name in SIMULATION_SECTIONS if getattr(experiment, name) is None]
    if missing:
        raise InputError(f"Simulation needs the section {' and '.join(missing)}; add it.")
    check_split(split)
    if start < 0:
        raise InputError(f"An example's index must be 0 or more; got {start}.")
    examples: list[Example] = []
    specimen_index = -1
    for index in range(start, stop):
        drawn: dict[str, object] = {}
        try:
            if index // experiment.data.exit_wave_reuse != specimen_index:
                specimen_index = index // experiment.data.exit_wave_reuse
                microscope = specimen_microscope(experiment, specimen_index, split)
                specimen, waves = specimen_waves(
                    experiment, microscope, specimen_index, split, drawn
                )
            instrument = draw_instrument(experiment, microscope, waves[0].energy, index, split)
            examples.append(take_image(experiment, specimen, waves, instrument, drawn))
        except InputError:
            raise
        except Exception as error:
            cause = f"{type(error).__name__}: {error}"
            raise SimulationError(split, index, drawn, cause) from error
    return examples


def _field(experiment: Experiment) -> tuple[float, float]:
    """Height and width of an image, from the first to the last pixel's centre [Å]."""
    rows, cols = experiment.data.shape
    return (rows - 1) * experiment.model.sampling, (cols - 1) * experiment.model.sampling


def simulation_grid(experiment: Experiment) -> Grid:
    """The grid of the experiment's exit waves, the same for all of its examples."""
    microscope = experiment.microscope
    return plan_grid(*_field(experiment), margin(microscope), microscope.grid_sampling)


def draw_specimen(
    experiment: Experiment, index: int, split: str
) -> tuple[Structure, list[Structure]]:
    """A specimen at rest, and its vibrating configurations.

    Args:
        experiment: The settings.
        index: Number of the specimen, which `data.exit_wave_reuse` examples share.
        split: training, selection or validation.

    Raises:
        InputError: What the specimen is made of is missing or cannot be simulated.
    """
    seed = experiment.seed
    field = Field(*_field(experiment), simulation_grid(experiment).margin)
    resting = build_structure(
        experiment.structure,
        field,
        experiment.labels.classes,
        generator(seed, f"{split}/structure", index),
    )
    rng = generator(seed, f"{split}/vibrations", index)
    return resting, displaced(resting, experiment.vibrations, rng)


def specimen_microscope(experiment: Experiment, index: int, split: str) -> Microscope:
    """The variant of the microscope that a specimen is looked at with."""
    rng = generator(experiment.seed, f"{split}/variant", index)
    return draw_variant(experiment.microscope, rng)


def specimen_energy(
    experiment: Experiment, microscope: Microscope, index: int, split: str
) -> float:
    """Energy of the electrons that a specimen of this index is looked at with [eV]."""
    return draw(microscope.energy, generator(experiment.seed, f"{split}/energy", index))


def specimen_waves(
    experiment: Experiment,
    microscope: Microscope,
    index: int,
    split: str,
    drawn: dict[str, object],
) -> tuple[Structure, list[ExitWave]]:
    """A vibrating specimen and the wave behind each of its configurations.

    The columns are at the mean of their displaced atoms over all configurations.  ``drawn`` is
    told what was drawn.
    """
    resting, vibrating = draw_specimen(experiment, index, split)
    drawn.update(resting.parameters)
    waves = waves_behind(experiment, microscope, index, split, resting, vibrating)
    mean = np.mean([structure.atoms.positions for structure in vibrating], axis=0)
    return moved(resting, mean), waves


def waves_behind(
    experiment: Experiment,
    microscope: Microscope,
    index: int,
    split: str,
    resting: Structure,
    vibrating: Sequence[Structure],
    planes: Sequence[np.ndarray] | None = None,
) -> list[ExitWave]:
    """The wave behind each configuration of a specimen of this index, at its mid-plane at rest.

    ``planes`` are the slices of each configuration [Å], its atomic planes where none are given.
    """
    energy = specimen_energy(experiment, microscope, index, split)
    z = resting.atoms.positions[:, 2]
    midplane = float(z.min() + z.max()) / 2 if len(z) else None
    return [
        exit_wave(
            structure.atoms,
            simulation_grid(experiment),
            energy,
            microscope.slice_thickness,
            midplane,
            planes=slices,
        )
        for structure, slices in zip(vibrating, planes or [None] * len(vibrating), strict=True)
    ]


@dataclass(frozen=True)
class Instrument:
    """The microscope and the camera of one image.

    Attributes:
        optics: The microscope.
        detector: The camera.
        rng: Draws the electrons, the noise and the pixels that are broken.
    """

    optics: Optics
    detector: Detector
    rng: np.random.Generator

    @property
    def motion(self) -> Motion:
        """How the images move while they are recorded."""
        optics = self.optics
        return Motion(
            optics.shifts, optics.image_spread, optics.exposure_drift, optics.magnifications
        )


def draw_instrument(
    experiment: Experiment, microscope: Microscope, energy: float, index: int, split: str
) -> Instrument:
    """The microscope and the camera of example ``index``, the same each time.

    Args:
        experiment: The settings.
        microscope: The variant that its specimen is looked at with.
        energy: Energy of the electrons [eV], that of the exit waves.
        index: Number of the example.
        split: training, selection or validation.
    """
    rng = generator(experiment.seed, f"{split}/microscope", index)
    optics = draw_optics(microscope, energy, rng)
    rng = generator(experiment.seed, f"{split}/camera", index)
    return Instrument(optics, draw_detector(experiment.camera, rng), rng)


def take_image(
    experiment: Experiment,
    structure: Structure,
    waves: Sequence[ExitWave],
    instrument: Instrument,
    drawn: dict[str, object],
) -> Example:
    """The specimen through a microscope and a camera.

    ``drawn`` is told what was drawn.
    """
    labels, sampling = experiment.labels, experiment.model.sampling
    optics, detector = instrument.optics, instrument.detector
    drawn.update({**structure.parameters, **optics.parameters(), **detector.parameters()})
    intensity = np.mean([focal_series(wave, optics) for wave in waves], axis=0)
    counts = record(
        intensity,
        waves[0].grid,
        detector,
        camera_shape(experiment, detector),
        instrument.motion,
        instrument.rng,
    )
    rows, cols = experiment.data.shape
    images = resample(counts, detector.sampling, sampling)[:rows, :cols]
    level = images.mean()
    limit = information_limit(optics, detector.sampling)
    columns = _seen(ignore_unresolved(structure.columns, labels.resolution / limit), experiment)
    maps, weights = draw_labels(columns, (rows, cols), sampling, labels.width, len(labels.classes))
    return Example(
        images=np.ascontiguousarray(images / (level if level > 0 else 1), np.float32),
        labels=maps,
        weights=weights,
        columns=columns,
        parameters={**drawn, "information_limit": limit},
        sampling=sampling,
    )


def camera_shape(experiment: Experiment, detector: Detector) -> tuple[int, int]:
    """Camera pixels that hold the image, with one to spare for the last network pixel."""
    rows, cols = (int(np.ceil(side / detector.sampling)) + 2 for side in _field(experiment))
    return rows, cols


def _seen(columns: Columns, experiment: Experiment) -> Columns:
    """Columns in the image or so near that their labels reach into it."""
    height, width = _field(experiment)
    return columns.select(columns.inside(height, width, -4 * experiment.labels.width))
