"""How the expected image of an example answers when one column moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from temnet.config.experiment import Experiment
from temnet.records import Structure
from temnet.simulation.camera import expected_electrons
from temnet.simulation.example import (
    Instrument,
    camera_shape,
    draw_instrument,
    draw_specimen,
    specimen_microscope,
    waves_behind,
)
from temnet.simulation.exit_wave import ExitWave
from temnet.simulation.focal_series import focal_series
from temnet.structures.columns import column_positions
from temnet.threads import one_thread

STEP = 0.02
"""A column is moved by this much to either side [Å]; the error of the derivative is of the order
of (STEP / width of a column)^2 / 6, below a thousandth."""


@dataclass(frozen=True)
class Sensitivity:
    """The expected electrons of an example and their derivatives.

    Attributes:
        expected: (row, col, focus) mean number of electrons in each camera pixel.
        derivatives: (K, 2, row, col, focus) their derivatives by the row and the column of each
            atomic column that was asked for [1/Å].
    """

    expected: np.ndarray
    derivatives: np.ndarray


@one_thread()
def column_sensitivity(
    experiment: Experiment, index: int, split: str, positions: np.ndarray
) -> Sensitivity:
    """Central differences of the whole simulation with one column moved as a whole.

    Everything else stays: the other atoms, the thermal displacements, the instrument.

    Args:
        experiment: The settings.
        index: Number of the example.
        split: training, selection or validation.
        positions: (K, 2) positions of columns of the example [Å].
    """
    specimen = index // experiment.data.exit_wave_reuse
    microscope = specimen_microscope(experiment, specimen, split)
    resting, vibrating = draw_specimen(experiment, specimen, split)

    def expected(moved: Sequence[Structure]) -> np.ndarray:
        waves = waves_behind(experiment, microscope, specimen, split, resting, moved)
        energy = waves[0].energy
        instrument = draw_instrument(experiment, microscope, energy, index, split)
        return _expected(experiment, waves, instrument)

    mean = np.mean([structure.atoms.positions for structure in vibrating], axis=0)
    places = column_positions(mean, resting.atom_column)
    derivatives = []
    for position in positions:
        column = int(np.argmin(np.sum((places - position) ** 2, axis=1)))
        for axis in (1, 0):  # the row is the atoms' y, the column their x
            ends = [
                expected([_with_moved_column(one, column, axis, sign * STEP) for one in vibrating])
                for sign in (-1, 1)
            ]
            derivatives.append((ends[1] - ends[0]) / (2 * STEP))
    whole = expected(vibrating)
    shape = (len(positions), 2, *whole.shape)
    return Sensitivity(whole, np.reshape(derivatives, shape))


def _expected(
    experiment: Experiment, waves: Sequence[ExitWave], instrument: Instrument
) -> np.ndarray:
    intensity = np.mean([focal_series(wave, instrument.optics) for wave in waves], axis=0)
    shape = camera_shape(experiment, instrument.detector)
    return expected_electrons(
        intensity, waves[0].grid, instrument.detector, shape, instrument.motion
    )


def _with_moved_column(structure: Structure, column: int, axis: int, step: float) -> Structure:
    """A structure with the atoms of one column moved along x (0) or y (1) by a step [Å]."""
    atoms = structure.atoms.copy()
    atoms.positions[structure.atom_column == column, axis] += step
    return replace(structure, atoms=atoms)
