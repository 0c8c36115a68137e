"""The settings that batches of examples depend on."""

from __future__ import annotations

from dataclasses import dataclass

from temnet.config.experiment import Experiment
from temnet.config.learning.data import Data
from temnet.config.learning.training import Training
from temnet.config.simulation import SimulationSettings


@dataclass(frozen=True)
class BatchSettings:
    """What batches for training and scoring are made with.

    Attributes:
        simulation: The settings of the examples.
        data: Numbers of examples, their source, workers and augmentation.
        training: Size of batches and epochs, and the curriculum.
    """

    simulation: SimulationSettings
    data: Data
    training: Training

    @classmethod
    def of(cls, experiment: Experiment) -> BatchSettings:
        """The settings of an experiment.

        Raises:
            InputError: If a section that the simulation needs is missing.
        """
        return cls(experiment.simulation, experiment.data, experiment.training)
