"""A network's folder: weights, the settings that made them and a card that describes both.

``NAME/model.keras`` is an uncompiled float32 model, ``NAME/experiment.yaml`` the resolved
settings and ``NAME/card.json`` what a user wants to know before an image is shown to it; `publish`
adds ``validation``, ``cost`` and ``frozen``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras

from temnet.config.card import wrong_entries
from temnet.config.distributions import support
from temnet.config.experiment import Experiment
from temnet.config.from_file import FromFunction
from temnet.config.loading import load_experiment, write_experiment
from temnet.errors import InputError
from temnet.files import replace_file, replace_folder
from temnet.models.factory import build_model

SCHEMA = 1
"""Version of card.json; a card of a newer one is refused."""

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
    check_replaceable(folder)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        plain = to_float32(model, experiment)
        plain.save(partial / MODEL_FILE)
        write_experiment(experiment, partial / SETTINGS_FILE)
        entries = {
            **_describe(folder.name, plain, experiment),
            **card,
            "sha256": file_hash(partial / MODEL_FILE),
            "schema": SCHEMA,
        }
        text = json.dumps(entries, indent=2, ensure_ascii=False, allow_nan=False)
        (partial / CARD_FILE).write_text(text + "\n", encoding="utf-8")
        replace_folder(partial, folder, folder.with_name(f".{folder.name}.{os.getpid()}.old"))
    finally:
        shutil.rmtree(partial, ignore_errors=True)


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
    card = read_card(folder)
    for file in (MODEL_FILE, SETTINGS_FILE):
        if not (folder / file).is_file():
            raise InputError(
                f"{folder}: the network's file {file} is missing; copy the whole folder again."
            )
    found = file_hash(folder / MODEL_FILE)
    if found != card["sha256"]:
        raise InputError(
            f"{folder / MODEL_FILE}: the file is not the one that card.json describes (expected "
            f"sha256 {card['sha256'][:12]}…, got {found[:12]}…); it is damaged or was replaced. "
            "Copy the whole folder again."
        )
    config = load_experiment(folder / SETTINGS_FILE)
    if isinstance(config.structure, FromFunction):
        raise InputError(
            f"{folder / SETTINGS_FILE}: the network's settings name the Python function "
            f"{config.structure.function}, which a network that may come from elsewhere must not "
            "have run; replace the section structure there."
        )
    try:
        model = keras.saving.load_model(folder / MODEL_FILE, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise InputError(
            f"{folder / MODEL_FILE}: Keras {keras.__version__} cannot read this network, which "
            f"Keras {card.get('keras', '?')} wrote ({_first_line(error)}); install that version."
        ) from error
    return Network(str(card.get("name", folder.name)), model, config, card)


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
    cards = (card for folder in search_folders() for card in folder.glob(f"*/{CARD_FILE}"))
    return sorted({card.parent.name for card in cards})


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


def find_network(name: str | Path) -> Path:
    """The folder of a network, given by its path or its name; see `load_network`.

    Raises:
        InputError: There is no such network.
    """
    given = Path(name)
    if (given / CARD_FILE).is_file():
        return given.resolve()
    if len(given.parts) == 1:
        wanted = str(name).replace("_", "-")
        for folder in search_folders():
            for card in sorted(folder.glob(f"*/{CARD_FILE}")):
                if card.parent.name.replace("_", "-") == wanted:
                    return card.parent
    if given.exists():
        raise InputError(
            f"{given}: this is not a network's folder; expected {CARD_FILE}, {MODEL_FILE} and "
            f"{SETTINGS_FILE} in it. Give the folder that temnet saved."
        )
    names = network_names()
    known = f"the networks are {', '.join(names)}" if names else "no networks are installed"
    looked = ", ".join(str(folder) for folder in search_folders())
    raise InputError(
        f"There is no network {str(name)!r}; {known} (looked in {looked}). Choose one of them, or "
        "give the path of a network's folder."
    )


def read_card(folder: Path) -> dict[str, Any]:
    """What a network's card.json says.

    Raises:
        InputError: It is not a network's card, or a newer temnet wrote it.
    """
    path = folder / CARD_FILE
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: this is not valid JSON ({error}); copy it again.") from error
    if not isinstance(card, dict) or not {"schema", "sha256", "threshold"} <= set(card):
        raise InputError(
            f"{path}: this is not a network's card; expected the entries schema, sha256 and "
            "threshold. Give the folder that temnet saved."
        )
    if not isinstance(card["schema"], int) or card["schema"] > SCHEMA:
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


def _describe(name: str, model: keras.Model, experiment: Experiment) -> dict[str, Any]:
    """What the settings tell about a network."""
    microscope, camera = experiment.microscope, experiment.camera
    lowest, highest = zip(*microscope.defocus_spans, strict=True)
    return {
        "name": name,
        "kind": experiment.model.kind,
        "structure": None if experiment.structure is None else experiment.structure.kind,
        "classes": list(experiment.class_names),
        "focus_count": experiment.focus_count,
        "focus_steps": list(microscope.defocus.steps),
        "sampling": experiment.model.sampling,
        "label_width": experiment.labels.width,
        "normalisation_width": experiment.labels.normalisation_width,
        "energies": list(microscope.span(lambda one: one.energy)),
        "defocus": [min(lowest), max(highest)],
        "Cs_um": list(microscope.span(lambda one: one.Cs_um)),
        "astigmatism": list(microscope.span(lambda one: one.astigmatism)),
        "focal_spread": list(microscope.span(lambda one: one.focal_spread)),
        "dose": None if camera is None else list(support(camera.dose)),
        "camera_sampling": None if camera is None else list(support(camera.sampling)),
        "seed": experiment.seed,
        "parameters": model.count_params(),
        "temnet": _package_version(),
        "keras": keras.__version__,
    }


def _package_version() -> str:
    try:
        return version("temnet")
    except PackageNotFoundError:  # run from a source tree that was not installed
        return "unknown"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
