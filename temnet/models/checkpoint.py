"""A network's folder: weights, the settings that made them and a card that describes both.

``NAME/model.keras`` is an uncompiled float32 model, ``NAME/experiment.yaml`` the resolved
settings and ``NAME/card.json`` what a user wants to know before an image is shown to it; `publish`
adds ``validation``, ``cost`` and ``frozen``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from temnet.config.card import parse_card, wrong_entries
from temnet.config.experiment import Experiment
from temnet.config.loading import write_experiment
from temnet.errors import InputError
from temnet.models.description import contradiction, describe
from temnet.models.factory import build_model, check_sections
from temnet.models.network_settings import read_settings
from temnet.models.parameters import parameter_count
from temnet.models.weights_file import check_finite, check_size, read_weights
from temnet.system.files import clean_leftovers, replace_file, replacing_folders

SCHEMA = 1
"""Version of card.json; a card of a newer one is refused."""

MOST_CARD_BYTES = 2**24
"""Of a card; those of temnet have some ten thousand."""

MODEL_FILE, SETTINGS_FILE, CARD_FILE = "model.keras", "experiment.yaml", "card.json"

SEARCH_VARIABLE = "TEMNET_PRETRAINED"
"""Environment variable that names one or more folders of networks."""


@dataclass(frozen=True)
class Network:
    """A trained network and what it was trained for.

    Attributes:
        name: Its name on the card.
        model: From normalised images (batch, row, col, focus) to float32 logits.
        config: The experiment that trained it.
        card: What card.json says.
    """

    name: str
    model: keras.Model
    config: Experiment
    card: Mapping[str, Any]


def save_network(
    folder: str | Path, model: keras.Model, experiment: Experiment, card: Mapping[str, Any]
) -> None:
    """Writes a network's folder in one step; one that is there already is replaced.

    Args:
        folder: Where to; its name is the network's unless the card says otherwise.
        model: The trained model, of any precision; it is saved in float32 and uncompiled.
        experiment: The settings that built it.
        card: What the settings do not tell: ``threshold`` (lowest score of a column) and
            ``metrics``; further entries are kept, and go before those made here.

    Raises:
        ValueError: The card lacks the threshold or the metrics.
        InputError: The folder holds something else than a network.
    """
    missing = [key for key in ("threshold", "metrics") if key not in card]
    if missing:
        raise ValueError(f"A network's card needs {' and '.join(missing)}; got {sorted(card)}.")
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
        entries = {
            **describe(folder.name, experiment),
            **card,
            "sha256": file_hash(partial / MODEL_FILE),
            "schema": SCHEMA,
        }
        text = json.dumps(entries, indent=2, ensure_ascii=False, allow_nan=False)
        (partial / CARD_FILE).write_text(text + "\n", encoding="utf-8")


def check_replaceable(folder: Path) -> None:
    """Whether a network can be saved into a folder.

    Raises:
        InputError: The folder holds something else than a network.
    """
    if folder.exists() and not _is_replaceable(folder):
        raise InputError(
            f"{folder}: this is not a network's folder, so that it is not replaced; give the "
            "network a folder of its own."
        )


def update_card(folder: Path, entries: Mapping[str, Any]) -> None:
    """Adds entries to a network's card, or replaces them, in one step.

    Raises:
        InputError: The folder holds no network's card.
    """
    card = {**read_card(folder), **entries}
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False)
    replace_file(folder / CARD_FILE, f"{text}\n".encode())


def to_float32(model: keras.Model, experiment: Experiment) -> keras.Model:
    """The experiment's network in float32, uncompiled, with the weights of ``model``.

    Raises:
        InputError: The model has other weights.
    """
    plain = build_model(experiment, precision="float32")
    weights = model.get_weights()
    if [one.shape for one in weights] != [tuple(one.shape) for one in plain.weights]:
        raise InputError(
            f"The network {model.name} is not the one that the experiment's section model "
            "describes; build it by temnet.build_model(experiment)."
        )
    plain.set_weights(weights)
    return plain


def load_network(name: str | Path) -> Network:
    """A network by its name or folder.

    Args:
        name: A network's folder, or a name to be looked up in the folders of
            ``$TEMNET_PRETRAINED`` and in ``pretrained/`` beside the package; ``-`` and ``_`` are
            the same.

    Raises:
        InputError: There is no such network, its files are missing, damaged or were changed, or
            a newer temnet wrote them.
    """
    folder = find_network(name)
    card, config = check_files(folder)
    check_size(folder / MODEL_FILE, parameter_count(config))  # before anything is built
    model = build_model(config, precision="float32")
    read_weights(folder / MODEL_FILE, model)
    check_finite(model, str(folder / MODEL_FILE), "copy the network's whole folder again")
    return Network(card["name"], model, config, card)


def check_files(folder: Path) -> tuple[dict[str, Any], Experiment]:
    """The card and the settings in a network's folder, whose files are whole and fit each other.

    Raises:
        InputError: A file is missing, damaged or was changed, or a newer temnet wrote it.
    """
    card = read_card(folder)
    for file in (MODEL_FILE, SETTINGS_FILE):
        if not (folder / file).is_file():
            raise InputError(
                f"{folder}: the network's file {file} is missing; copy the whole folder again."
            )
    config = read_settings(folder / SETTINGS_FILE)
    check_card(folder, card, config)
    found = file_hash(folder / MODEL_FILE)
    if found != card["sha256"]:
        raise InputError(
            f"{folder / MODEL_FILE}: the file is not the one that card.json describes (expected "
            f"sha256 {card['sha256'][:12]}…, got {found[:12]}…); it is damaged or was replaced. "
            "Copy the whole folder again."
        )
    return card, config


def check_card(folder: Path, card: Mapping[str, Any], config: Experiment) -> None:
    """Whether a network's card and its settings speak of the same network.

    Raises:
        InputError: They do not, or the settings describe no network.
    """
    try:
        check_sections(config)
    except InputError as error:
        raise InputError(f"{folder / SETTINGS_FILE}: {error}") from error
    found = contradiction(card, config)
    if found:
        raise InputError(
            f"{folder}: {CARD_FILE} and {SETTINGS_FILE} are of different networks: {found}. Copy "
            "the network's whole folder again."
        )


def check_focus_count(network: Network, focus_count: int) -> None:
    """Whether a focal series has as many images as the network was trained with.

    Raises:
        InputError: It has more or fewer.
    """
    expected = int(network.model.input_shape[-1])
    if focus_count == expected:
        return
    steps = ", ".join(f"{step:g}" for step in network.config.microscope.defocus.steps)
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
    """Folders in which networks are looked up, first to last."""
    named = [Path(part) for part in os.environ.get(SEARCH_VARIABLE, "").split(os.pathsep) if part]
    return [*named, Path(__file__).resolve().parents[2] / "pretrained"]


def network_names() -> list[str]:
    """Names of all networks in the search folders, sorted."""
    return sorted({found.name for folder in search_folders() for found in _networks_in(folder)})


def find_network(name: str | Path) -> Path:
    """The folder of a network, given by its path or its name; see `load_network`.

    One whose replacement was interrupted is brought back.

    Raises:
        InputError: There is no such network.
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
    looked = ", ".join(str(folder) for folder in search_folders())
    shown = str(name) if len(str(name)) <= 200 else f"{str(name)[:199]}…"
    raise InputError(
        f"There is no network {shown!r}; {known} (looked in {looked}). Choose one of them, or "
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
    except OSError:  # the name is too long, or leads round in a circle
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


def fingerprint(card: Mapping[str, Any]) -> str:
    """Of all that decides which columns a network finds, with which scores: 64 hexadecimal digits.

    Args:
        card: The network's card.
    """
    entries = [card.get(name) for name in ("sha256", "threshold", "score_calibration")]
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def read_card(folder: Path) -> dict[str, Any]:
    """What a network's card.json says.

    Raises:
        InputError: It is not a network's card, or a newer temnet wrote it.
    """
    path = folder / CARD_FILE
    try:
        if path.stat().st_size > MOST_CARD_BYTES:
            raise ValueError(f"it has {path.stat().st_size:,} bytes")
        card = parse_card(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: this is not valid JSON ({error}); copy it again.") from error
    except OSError as error:
        raise InputError(f"{path}: the card cannot be read ({error.strerror}).") from error
    if not {"schema", "sha256", "threshold"} <= set(card):
        raise InputError(
            f"{path}: this is not a network's card; expected the entries schema, sha256 and "
            "threshold. Give the folder that temnet saved."
        )
    if isinstance(card["schema"], int) and card["schema"] > SCHEMA:
        raise InputError(
            f"{path}: the card has schema {card['schema']}, this temnet reads up to {SCHEMA}; "
            "update temnet."
        )
    wrong = wrong_entries(card)
    if wrong:
        raise InputError(
            f"{path}: {', '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} missing or not what "
            "temnet writes there; copy the network's folder again."
        )
    return card


def _is_replaceable(folder: Path) -> bool:
    return folder.is_dir() and ((folder / CARD_FILE).is_file() or not any(folder.iterdir()))
