"""Networks saved to and loaded from their folders (`temnet.models.network_folders`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from temnet.config.card import SCHEMA, Card, entries_of
from temnet.config.experiment import Experiment
from temnet.config.loading import write_experiment
from temnet.errors import InputError
from temnet.models.description import check_sections, contradiction, describe
from temnet.models.network import Network, SavedModel
from temnet.models.network_folders import (
    CARD_FILE,
    CHECK_FILE,
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
from temnet.system.array_files import write_arrays
from temnet.system.files import clean_leftovers, replacing_folders

if TYPE_CHECKING:
    import keras


def save_network(
    folder: str | Path,
    model: keras.Model,
    experiment: Experiment,
    card: Card,
    check_images: np.ndarray | None = None,
) -> None:
    """Writes a network's folder in one step; an older network there is replaced.

    Args:
        folder: Where to.
        model: The trained model, of any precision; it is saved in float32 and uncompiled.
        experiment: The settings that built it.
        card: Its card, see `describe`; the checksum is set here.
        check_images: (image, row, col, focus) float16, normalised images of its own kind, on which
            engines are compared.

    Raises:
        InputError: If the folder holds something other than a network, or a weight is not finite.
    """
    folder = Path(folder).resolve()
    clean_leftovers(folder.parent, folder.name)
    check_replaceable(folder)
    from temnet.models.weights_file import check_finite

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
        if check_images is not None:
            write_arrays(partial / CHECK_FILE, {"images": check_images})
        card = replace(card, sha256=file_hash(partial / MODEL_FILE), schema=SCHEMA)
        write_entries(partial / CARD_FILE, entries_of(card))


def to_float32(model: keras.Model, experiment: Experiment) -> keras.Model:
    """The experiment's network in float32, uncompiled, with the weights of ``model``.

    Raises:
        InputError: If the model has other weights.
    """
    from temnet.models.factory import build_model

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
    network = open_network(name)
    _ = network.model  # it is built now, so that faults of its weights are found
    return network


def open_network(name: str | Path) -> Network:
    """As `load_network`, but the model is built, and its weights are read, when it is needed.

    Raises:
        InputError: As `load_network`; faults of the weights are found later.
    """
    folder = find_network(name)
    card, experiment = check_files(folder)
    return Network(
        card.name, SavedModel(folder, lambda: _read_model(folder, experiment)), experiment, card
    )


def _read_model(folder: Path, experiment: Experiment) -> keras.Model:
    """The model in a network's folder."""
    from temnet.models.factory import build_model
    from temnet.models.weights_file import check_finite, check_size, read_weights

    settings, classes = experiment.model, len(experiment.class_names) + 1
    assert settings is not None
    # Before anything is built:
    check_size(folder / MODEL_FILE, parameter_count(settings, experiment.focus_count, classes))
    model = build_model(experiment, precision="float32")
    read_weights(folder / MODEL_FILE, model)
    check_finite(model, str(folder / MODEL_FILE), "copy the network's whole folder again")
    return model


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
