"""A trained network with its settings and its card; nothing here loads Keras."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from temnet.config.card import Card, KnownLattice
from temnet.config.experiment import Experiment, required
from temnet.config.learning.labels import Labels
from temnet.errors import InputError
from temnet.models.description import training_materials
from temnet.system.streams import libraries_silenced

if TYPE_CHECKING:
    import keras


class SavedModel:
    """A model in a network's folder, which is built when it is first needed.

    Attributes:
        folder: The network's folder.
    """

    def __init__(self, folder: Path, build: Callable[[], keras.Model]) -> None:
        """Takes the folder, and what builds the model with its weights."""
        self.folder = folder
        self._build = build
        self._model: keras.Model | None = None

    @property
    def is_built(self) -> bool:
        """Whether the model was needed yet."""
        return self._model is not None

    def model(self) -> keras.Model:
        """The model; the same one each time."""
        if self._model is None:
            _load_keras()
            self._model = self._build()
        return self._model


def _load_keras() -> None:
    """Imports Keras without the messages of TensorFlow's libraries."""
    if "keras" not in sys.modules:
        with libraries_silenced():
            importlib.import_module("keras")


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network with its settings and its card.

    Attributes:
        name: Its name on the card.
        source: Its model, or where it is saved.
        experiment: The settings that trained it.
        card: Its description and scores.
    """

    name: str
    source: keras.Model | SavedModel
    experiment: Experiment
    card: Card

    @property
    def model(self) -> keras.Model:
        """From normalised images (batch, row, col, focus) to float32 logits.

        Raises:
            InputError: If its weights cannot be read.
        """
        return self.source.model() if isinstance(self.source, SavedModel) else self.source

    @property
    def sampling(self) -> float:
        """Pixel size of the network's input [Å]."""
        model = self.experiment.model
        return required(None if model is None else model.sampling, "model")

    @property
    def labels(self) -> Labels:
        """Settings of the labels that the network was trained on."""
        return required(self.experiment.labels, "labels")

    @property
    def materials(self) -> tuple[KnownLattice, ...] | None:
        """Crystals that its training images show: those of its card, or by its settings.

        None where they are not known, as of specimens that a user's function makes.
        """
        own = self.card.materials
        return training_materials(self.experiment) if own is None else own

    @property
    def config(self) -> Experiment:
        """The old name of `experiment`."""
        warnings.warn("Network.config is now Network.experiment.", FutureWarning, stacklevel=2)
        return self.experiment


def check_focus_count(network: Network, focus_count: int) -> None:
    """Checks that a focal series has as many images as in the network's training.

    Raises:
        InputError: If it has more or fewer.
    """
    expected = network.experiment.focus_count
    if focus_count == expected:
        return
    steps = ", ".join(f"{step:g}" for step in network.card.focus_steps or ())
    series = (
        "single images"
        if expected == 1
        else f"focal series of {expected} images (defocus steps {steps} Å)"
    )
    raise InputError(
        f"The network {network.name} expects {series}; got {focus_count} per frame. "
        + (
            "Set images.axes to frames, or choose a network for focal series."
            if expected == 1
            else "Give all images of the series as one (--axes focus, images.axes: focus, or "
            'axes="focus" in Python), or choose a network for that many.'
        )
    )
