"""A network's folder: weights, the settings that made them and a card that describes both.

``NAME/model.keras`` is an uncompiled float32 model, ``NAME/experiment.yaml`` the resolved settings
and ``NAME/card.json`` its `temnet.config.card.Card`; `publish` adds ``validation``, ``cost`` and
``frozen``.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from dataclasses import asdict, dataclass, is_dataclass, replace
from pathlib import Path
from typing import Any

import keras

from temnet.config.card import Card, Entries, InvalidEntries, card_of, entries_of, parse_card
from temnet.config.experiment import Experiment, required
from temnet.config.learning.labels import Labels
from temnet.config.loading import write_experiment
from temnet.errors import InputError
from temnet.json_records import as_values
from temnet.models.description import SCHEMA, contradiction, describe
from temnet.models.factory import build_model, check_sections
from temnet.models.network_settings import read_settings
from temnet.models.parameters import parameter_count
from temnet.models.weights_file import check_finite, check_size, read_weights
from temnet.system.files import clean_leftovers, replace_file, replacing_folders

MOST_CARD_BYTES = 2**24
"""Largest card that is read; those of temnet have some ten thousand bytes."""

MODEL_FILE, SETTINGS_FILE, CARD_FILE = "model.keras", "experiment.yaml", "card.json"

SEARCH_VARIABLE = "TEMNET_PRETRAINED"
"""Environment variable that names one or more folders of networks."""


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
        _write_entries(partial / CARD_FILE, entries_of(card))


def _write_entries(path: Path, entries: Entries) -> None:
    text = json.dumps(entries, indent=2, ensure_ascii=False, allow_nan=False)
    replace_file(path, f"{text}\n".encode())


def check_replaceable(folder: Path) -> None:
    """Checks that a network can be saved into a folder.

    Raises:
        InputError: If the folder holds something other than a network.
    """
    if folder.exists() and not _is_replaceable(folder):
        raise InputError(
            f"{folder}: this is not the folder of a network and is not replaced; give the network "
            "a folder of its own."
        )


def update_card(folder: Path, **changes: Any) -> None:
    """Adds entries to a network's card, or replaces them, in one step.

    Entries that this temnet does not know are kept.

    Args:
        folder: The network's folder.
        changes: Values of fields of `Card`.

    Raises:
        InputError: If the folder has no valid card.
    """
    entries = _read_entries(folder / CARD_FILE)
    for key, value in changes.items():
        entries[key] = as_values(value) if is_dataclass(value) else value
    _write_entries(folder / CARD_FILE, entries)


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
        name: A network's folder, or a name in the folders of ``$TEMNET_PRETRAINED`` or in
            ``pretrained/`` beside the package; ``-`` and ``_`` are the same.

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


def search_folders() -> list[Path]:
    """Folders in which networks are searched, first to last."""
    named = [Path(part) for part in os.environ.get(SEARCH_VARIABLE, "").split(os.pathsep) if part]
    return [*named, Path(__file__).resolve().parents[2] / "pretrained"]


def network_names() -> list[str]:
    """Names of all networks in the search folders, sorted."""
    return sorted({found.name for folder in search_folders() for found in _networks_in(folder)})


def find_network(name: str | Path) -> Path:
    """The folder of a network, given by its path or its name; see `load_network`.

    A network whose replacement was interrupted is restored.

    Raises:
        InputError: If no such network exists.
    """
    given = Path(name)
    if _holds_card(given):
        return given.resolve()
    for folder in search_folders() if len(given.parts) == 1 else ():
        found = _named_in(folder, given.name)
        if found is not None:
            return found
    if len(given.parts) > 1 and _exists(given.parent):
        clean_leftovers(given.parent, given.name)
        if _holds_card(given):
            return given.resolve()
    if _exists(given):
        raise InputError(
            f"{given}: this is not a network's folder; expected {CARD_FILE}, {MODEL_FILE} and "
            f"{SETTINGS_FILE} in it. Give the folder that temnet saved."
        )
    names = network_names()
    known = f"the networks are {', '.join(names)}" if names else "no networks are installed"
    searched = ", ".join(str(folder) for folder in search_folders())
    shown = str(name) if len(str(name)) <= 200 else f"{str(name)[:199]}…"
    raise InputError(
        f"There is no network {shown!r}; {known} (searched in {searched}). Choose one of them, or "
        "give the path of a network's folder."
    )


def _named_in(folder: Path, name: str) -> Path | None:
    """The network of a name in a folder of networks; ``-`` and ``_`` are the same."""
    wanted = name.replace("_", "-")
    for again in (False, True):
        for found in _networks_in(folder):
            if found.name.replace("_", "-") == wanted:
                return found
        if not again:
            clean_leftovers(folder)
    return None


def _networks_in(folder: Path) -> list[Path]:
    """Folders of networks in a folder, by name; those that are being written are left out."""
    cards = folder.glob(f"*/{CARD_FILE}")
    return sorted(card.parent for card in cards if not card.parent.name.startswith("."))


def _holds_card(folder: Path) -> bool:
    try:
        return (folder / CARD_FILE).is_file()
    except OSError:  # the name is too long, or a circle of links
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(card: Card) -> str:
    """Checksum of everything that determines a network's columns and scores: 64 hex digits."""
    calibration = None if card.score_calibration is None else asdict(card.score_calibration)
    entries = [card.sha256, card.threshold, calibration]
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def read_card(folder: Path) -> Card:
    """A network's card.

    Raises:
        InputError: If it is not a network's card, or a newer temnet wrote it.
    """
    path = folder / CARD_FILE
    entries = _read_entries(path)
    if not {"schema", "sha256", "threshold"} <= set(entries):
        raise InputError(
            f"{path}: this is not a network's card; expected the entries schema, sha256 and "
            "threshold. Give the folder that temnet saved."
        )
    if isinstance(entries["schema"], int) and entries["schema"] > SCHEMA:
        raise InputError(
            f"{path}: the card has schema {entries['schema']}, this temnet reads up to {SCHEMA}; "
            "update temnet."
        )
    try:
        return card_of(entries)
    except InvalidEntries as error:
        are = "is" if len(error.names) == 1 else "are"
        raise InputError(
            f"{path}: {error} {are} missing or not valid; copy the network's folder again."
        ) from error


def _read_entries(path: Path) -> Entries:
    try:
        if path.stat().st_size > MOST_CARD_BYTES:
            raise ValueError(f"it has {path.stat().st_size:,} bytes")
        return parse_card(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: this is not valid JSON ({error}); copy it again.") from error
    except OSError as error:
        raise InputError(f"{path}: the card cannot be read ({error.strerror}).") from error


def _is_replaceable(folder: Path) -> bool:
    return folder.is_dir() and ((folder / CARD_FILE).is_file() or not any(folder.iterdir()))
