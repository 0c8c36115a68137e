"""The settings that a simulated example depends on, and the hash that identifies them."""

from __future__ import annotations

from dataclasses import dataclass

from temnet.config.differences import settings_hash
from temnet.config.external_files import source_hashes
from temnet.config.instrument.camera import Camera
from temnet.config.instrument.microscope import Microscope
from temnet.config.learning.labels import Labels
from temnet.config.structures.structure import StructureSettings
from temnet.config.structures.vibrations import VibrationSettings

SIMULATION_VERSION = 3
"""Raised whenever the same settings give other examples than before."""

_HASH_VERSION = 1
"""Version of the format of experiments that the hash holds; part of every hash so far."""


@dataclass(frozen=True)
class SimulationSettings:
    """Everything that a simulated example depends on, beside its split and its index.

    Attributes:
        seed: Seed of every draw.
        structure: The specimen.
        vibrations: Thermal displacements.
        microscope: The microscope.
        camera: The camera.
        labels: Classes and shape of the labels.
        shape: (rows, cols) of an image [pixels].
        exit_wave_reuse: Consecutive examples that share a specimen and its exit wave.
        sampling: Pixel size of the images, which is that of the network [Å].
    """

    seed: int
    structure: StructureSettings
    vibrations: VibrationSettings
    microscope: Microscope
    camera: Camera
    labels: Labels
    shape: tuple[int, int]
    exit_wave_reuse: int
    sampling: float

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width of an image, from the first to the last pixel's centre [Å]."""
        rows, cols = self.shape
        return (rows - 1) * self.sampling, (cols - 1) * self.sampling

    @property
    def focus_count(self) -> int:
        """Number of images in a focal series."""
        return len(self.microscope.defocus.steps)

    def plain_values(self) -> dict[str, object]:
        """All settings as JSON writes them, with the content of external files as hashes.

        Manifests of stored sets and records of finished stages hold these keys and values.

        Raises:
            InputError: If a file that specimens are made of does not exist.
        """
        return {
            "simulation": SIMULATION_VERSION,
            "seed": self.seed,
            "shape": list(self.shape),
            "exit_wave_reuse": self.exit_wave_reuse,
            "sampling": self.sampling,
            "structure": self.structure.model_dump(mode="json"),
            "vibrations": self.vibrations.model_dump(mode="json"),
            "microscope": self.microscope.model_dump(mode="json"),
            "camera": self.camera.model_dump(mode="json"),
            "labels": self.labels.model_dump(mode="json"),
            **source_hashes(self.structure, self.vibrations),
        }

    def identity(self) -> str:
        """A hash of all settings: examples of equal hash are the same to the bit.

        Raises:
            InputError: If a file that specimens are made of does not exist.
        """
        return settings_hash({"version": _HASH_VERSION, **self.plain_values()})
