"""Parameter sweeps of examples, and examples with portable noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from temnet.config.simulation import SimulationSettings
from temnet.electrons import scherzer_defocus
from temnet.records import Example
from temnet.simulation.example import (
    Instrument,
    draw_instrument,
    specimen_microscope,
    specimen_waves,
    take_image,
)
from temnet.system.threads import one_thread


def _with_defocus(instrument: Instrument, value: float) -> Instrument:
    """The first image at this defocus, the others at their drawn distances from it."""
    first = instrument.optics.defocus[0]
    defocus = tuple(focus - first + value for focus in instrument.optics.defocus)
    return replace(instrument, optics=replace(instrument.optics, defocus=defocus))


def _with_scherzer(instrument: Instrument, value: float) -> Instrument:
    """The first image at this multiple of the Scherzer defocus of its energy and aberration."""
    optics = instrument.optics
    return _with_defocus(
        instrument, value * scherzer_defocus(optics.aberrations["C30"], optics.energy)
    )


def _with_astigmatism(instrument: Instrument, value: float) -> Instrument:
    aberrations = {**instrument.optics.aberrations, "C12": value}
    return replace(instrument, optics=replace(instrument.optics, aberrations=aberrations))


def _with_dose(instrument: Instrument, value: float) -> Instrument:
    return replace(instrument, detector=replace(instrument.detector, dose=value))


def _with_sampling(instrument: Instrument, value: float) -> Instrument:
    return replace(instrument, detector=replace(instrument.detector, sampling=value))


FIXED: Mapping[str, Callable[[Instrument, float], Instrument]] = {
    "dose": _with_dose,
    "defocus": _with_defocus,
    "scherzer": _with_scherzer,
    "astigmatism": _with_astigmatism,
    "camera_sampling": _with_sampling,
}
"""For each parameter, the function that gives an instrument a value of it."""


@one_thread()
def simulate_sweep(
    settings: SimulationSettings,
    specimen: int,
    split: str,
    values: Sequence[tuple[str, float]],
) -> list[Example]:
    """One specimen imaged by the instrument of its first example, one parameter changed at a time.

    The exit wave is computed once, and all images draw their noise from the same random numbers,
    so that they differ only by the parameter.

    Args:
        settings: The settings of the examples.
        specimen: Number of the specimen.
        split: training, selection or validation.
        values: Names in `FIXED`, each with a value (Å, e/Å², multiples).

    Returns:
        An example for each of ``values``; the drawn value gives exactly the example of the split.
    """
    index = specimen * settings.exit_wave_reuse
    drawn: dict[str, object] = {}
    microscope = specimen_microscope(settings, specimen, split)
    structure, waves = specimen_waves(settings, microscope, specimen, split, drawn)
    examples = []
    for name, value in values:
        # Drawn again for each image, which uses up random numbers.
        instrument = draw_instrument(settings, microscope, waves[0].energy, index, split)
        changed = FIXED[name](instrument, value)
        examples.append(take_image(settings, structure, waves, changed, dict(drawn)))
    return examples


class _RowByRow:
    """A generator that draws the electrons of each row of an image from a stream of its own.

    NumPy uses more or fewer random numbers for a Poisson number depending on its mean.  Means that
    differ in their last digits between types of processor can change that number, and with it
    every later draw: here this affects at most the rest of a row.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def poisson(self, mean: np.ndarray) -> np.ndarray:
        streams = self._rng.spawn(len(mean))
        return np.stack([rng.poisson(row) for rng, row in zip(streams, mean, strict=True)])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rng, name)


@one_thread()
def simulate_portable(settings: SimulationSettings, count: int, split: str) -> list[Example]:
    """The first examples of a split with noise that is the same on every type of processor.

    Specimens, microscopes, cameras and doses are those of the examples; the noise is as strong and
    drawn in another way (see `_RowByRow`).

    Args:
        settings: The settings of the examples.
        count: Number of examples.
        split: training, selection or validation.
    """
    reuse, examples = settings.exit_wave_reuse, []
    for specimen in range(-(-count // reuse)):
        drawn: dict[str, object] = {}
        microscope = specimen_microscope(settings, specimen, split)
        structure, waves = specimen_waves(settings, microscope, specimen, split, drawn)
        for index in range(specimen * reuse, min((specimen + 1) * reuse, count)):
            instrument = draw_instrument(settings, microscope, waves[0].energy, index, split)
            rng = cast(np.random.Generator, _RowByRow(instrument.rng))
            steady = replace(instrument, rng=rng)
            examples.append(take_image(settings, structure, waves, steady, dict(drawn)))
    return examples
