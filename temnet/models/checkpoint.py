"""Networks saved to and loaded from their folders (`temnet.models.network_folders`)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import keras

from temnet.config.card import SCHEMA, Card, KnownLattice, entries_of
from temnet.config.experiment import Experiment, required
from temnet.config.learning.labels import Labels
from temnet.config.loading import write_experiment
from temnet.errors import InputError
from temnet.models.description import contradiction, describe, training_materials
from temnet.models.factory import build_model, check_sections
from temnet.models.network_folders import (
    CARD_FILE,
    MODEL_FILE,
    SETTINGS_FILE,
    check_replaceable,
    file_hash,
    find_network,
    read_card,
    write_entries,
)
from temnet.models.network_settings import read_settings
from temnet.models.parameters import parameter_count
from temnet.models.weights_file import check_finite, check_size, read_weights
from temnet.system.files import clean_leftovers, replacing_folders


@dataclass(frozen=True)
class Network:
    """A trained network with its settings and its card.

    Attributes:
        name: Its name on the card.
        model: From normalised images (batch, row, col, focus) to float32 logits.
        experiment: The settings that trained it.
        card: Its description and scores.
    """

    name: str
    model: keras.Model
    experiment: Experiment
    card: Card

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


def save_network(
    folder: str | Path, model: keras.Model, experiment: Experiment, card: Card
) -> None:
    """Writes a network's folder in one step; an older network there is replaced.

    Args:
        folder: Where to.
        model: The trained model, of any precision; it is saved in float32 and uncompiled.
        experiment: The settings that built it.
        card: Its card, see `describe`; the checksum is set here.

    Raises:
        InputError: If the folder holds something other than a network, or a weight is not finite.
    """
    folder = Path(folder).resolve()
    clean_leftovers(folder.parent, folder.name)
    check_replaceable(folder)
    plain = to_float32(model, experiment)
    check_finite(
        plain,
        f"The network {model.name} is not saved",
        "the training has diverged: train it again, with a lower training.learning_rate",
    )
    with replacing_folders([folder]) as parts:
        partial = parts[folder]
        partial.mkdir()
        plain.save(partial / MODEL_FILE)
        write_experiment(experiment, partial / SETTINGS_FILE)
        card = replace(card, sha256=file_hash(partial / MODEL_FILE), schema=SCHEMA)
        write_entries(partial / CARD_FILE, entries_of(card))


def to_float32(model: keras.Model, experiment: Experiment) -> keras.Model:
    """The experiment's network in float32, uncompiled, with the weights of ``model``.

    Raises:
        InputError: If the model has other weights.
    """
    plain = build_model(experiment, precision="float32")
    weights = model.get_weights()
    if [one.shape for one in weights] != [tuple(one.shape) for one in plain.weights]:
        raise InputError(
            f"The network {model.name} does not match the experiment's section model; build it by "
            "temnet.build_model(experiment)."
        )
    plain.set_weights(weights)
    return plain


def load_network(name: str | Path) -> Network:
    """A network by its name or folder.

    Args:
        name: A network's folder, or a name in one of
            `temnet.models.network_folders.search_folders`; ``-`` and ``_`` are the same.

    Raises:
        InputError: If no such network exists, its files are missing, damaged or were changed, or a
            newer temnet wrote them.
    """
    folder = find_network(name)
    card, experiment = check_files(folder)
    settings, classes = experiment.model, len(experiment.class_names) + 1
    assert settings is not None
    # Before anything is built:
    check_size(folder / MODEL_FILE, parameter_count(settings, experiment.focus_count, classes))
    model = build_model(experiment, precision="float32")
    read_weights(folder / MODEL_FILE, model)
    check_finite(model, str(folder / MODEL_FILE), "copy the network's whole folder again")
    return Network(card.name, model, experiment, card)


def check_files(folder: Path) -> tuple[Card, Experiment]:
    """The card and the settings in a network's folder; all its files are checked.

    Raises:
        InputError: If a file is missing, damaged or was changed, or a newer temnet wrote it.
    """
    card = read_card(folder)
    for file in (MODEL_FILE, SETTINGS_FILE):
        if not (folder / file).is_file():
            raise InputError(
                f"{folder}: the network's file {file} is missing; copy the whole folder again."
            )
    experiment = read_settings(folder / SETTINGS_FILE)
    check_card(folder, card, experiment)
    found = file_hash(folder / MODEL_FILE)
    if found != card.sha256:
        raise InputError(
            f"{folder / MODEL_FILE}: the file is not the one that card.json describes (expected "
            f"sha256 {card.sha256[:12]}…, got {found[:12]}…); it is damaged or was replaced. "
            "Copy the whole folder again."
        )
    return card, experiment


def check_card(folder: Path, card: Card, experiment: Experiment) -> None:
    """Checks that a card and settings belong to the same network.

    Raises:
        InputError: If they do not, or the settings have no network.
    """
    try:
        check_sections(experiment)
    except InputError as error:
        raise InputError(f"{folder / SETTINGS_FILE}: {error}") from error
    found = contradiction(card, describe(card.name, experiment, card.threshold))
    if found:
        raise InputError(
            f"{folder}: {CARD_FILE} and {SETTINGS_FILE} are of different networks: {found}. Copy "
            "the network's whole folder again."
        )


def check_focus_count(network: Network, focus_count: int) -> None:
    """Checks that a focal series has as many images as in the network's training.

    Raises:
        InputError: If it has more or fewer.
    """
    expected = int(network.model.input_shape[-1])
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
