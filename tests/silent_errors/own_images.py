"""Images of a network's own kind, as a camera records them: before they have its pixels."""

from dataclasses import dataclass

import numpy as np

from temnet.config.simulation import SimulationSettings
from temnet.records import Columns
from temnet.simulation.camera import record
from temnet.simulation.example import (
    camera_shape,
    draw_instrument,
    specimen_microscope,
    specimen_waves,
    take_image,
)
from temnet.simulation.image_formation import focal_series
from temnet.system.threads import one_thread


@dataclass(frozen=True)
class OwnImage:
    """A frame (row, col, focus) in counts, its pixel size [Å], what was drawn, and its columns."""

    frame: np.ndarray
    sampling: float
    drawn: dict
    columns: Columns


@one_thread()
def own_image(settings: SimulationSettings, index: int, split: str = "validation") -> OwnImage:
    """Image ``index`` of a split at the camera's pixels; each has a specimen of its own."""
    index *= settings.exit_wave_reuse
    specimen = index // settings.exit_wave_reuse
    drawn: dict = {}
    microscope = specimen_microscope(settings, specimen, split)
    structure, waves = specimen_waves(settings, microscope, specimen, split, drawn)
    instrument = draw_instrument(settings, microscope, waves[0].energy, index, split)
    optics, detector = instrument.optics, instrument.detector
    drawn.update({**optics.parameters(), **detector.parameters()})
    intensity = np.mean([focal_series(wave, optics) for wave in waves], axis=0)
    shape = camera_shape(settings, detector)
    frame = record(intensity, waves[0].grid, detector, shape, instrument.motion, instrument.rng)
    columns = take_image(settings, structure, waves, instrument, {}).columns
    return OwnImage(frame, detector.sampling, drawn, columns)
