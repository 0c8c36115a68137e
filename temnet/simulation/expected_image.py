"""The expected, noise-free image of an example as a function of its atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from temnet.config.instrument.microscope import Microscope
from temnet.config.simulation import SimulationSettings
from temnet.records import Structure
from temnet.simulation.camera import expected_electrons
from temnet.simulation.example import (
    Instrument,
    camera_shape,
    draw_instrument,
    draw_specimen,
    exit_waves,
    over_specimen,
    simulation_grid,
    specimen_energy,
    specimen_microscope,
)
from temnet.simulation.exit_wave import atomic_planes
from temnet.simulation.image_formation import focal_series
from temnet.structures.columns import column_positions


@dataclass(frozen=True)
class ExpectedImage:
    """A specimen and the instrument that images it.

    Attributes:
        settings: The settings of the examples.
        specimen: Number of the specimen.
        split: training, selection or validation.
        microscope: The variant of the microscope for this specimen.
        instrument: The microscope and the camera as drawn.
        resting: The specimen at rest.
        vibrating: Its configurations.
        planes: Depths of the slices of each configuration [Å].  They stay when atoms change:
            one atom less could move the planes of all others and change the image everywhere.
    """

    settings: SimulationSettings
    specimen: int
    split: str
    microscope: Microscope
    instrument: Instrument
    resting: Structure
    vibrating: Sequence[Structure]
    planes: Sequence[np.ndarray]

    @property
    def positions(self) -> np.ndarray:
        """(N, 2) positions of the columns, at the mean of their displaced atoms [Å]."""
        mean = np.mean([structure.atoms.positions for structure in self.vibrating], axis=0)
        return column_positions(mean, self.resting.atom_column)

    def column_at(self, position: np.ndarray) -> int:
        """The column nearest to a position (2,) [Å]."""
        return int(np.argmin(np.sum((self.positions - position) ** 2, axis=1)))

    def electrons(self, vibrating: Sequence[Structure]) -> np.ndarray:
        """The mean number of electrons in each camera pixel.

        Args:
            vibrating: Configurations in place of the specimen's own.

        Returns:
            (row, col, focus) float64.
        """
        waves = exit_waves(
            self.settings,
            self.microscope,
            self.specimen,
            self.split,
            self.resting,
            vibrating,
            self.planes,
        )
        instrument = self.instrument
        intensity = np.mean([focal_series(wave, instrument.optics) for wave in waves], axis=0)
        shape = camera_shape(self.settings, instrument.detector)
        return expected_electrons(
            intensity, waves[0].grid, instrument.detector, shape, instrument.motion
        )


def expected_image(settings: SimulationSettings, index: int, split: str) -> ExpectedImage:
    """Specimen and instrument of example ``index`` of a split."""
    specimen = index // settings.exit_wave_reuse
    microscope = specimen_microscope(settings, specimen, split)
    resting, vibrating = draw_specimen(settings, specimen, split)
    energy = specimen_energy(settings, microscope, specimen, split)
    instrument = draw_instrument(settings, microscope, energy, index, split)
    detector = over_specimen(instrument.detector, resting, settings.extent)
    grid = simulation_grid(settings)
    return ExpectedImage(
        settings,
        specimen,
        split,
        microscope,
        replace(instrument, detector=detector),
        resting,
        vibrating,
        [atomic_planes(one.atoms, grid, microscope.slice_thickness) for one in vibrating],
    )
