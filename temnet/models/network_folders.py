"""Folders of networks: where they are found, and their cards.

``NAME/model.keras`` is an uncompiled float32 model, ``NAME/experiment.yaml`` the resolved settings
and ``NAME/card.json`` its `temnet.config.card.Card`; `publish` adds ``validation``, ``cost`` and
``frozen``.  Nothing here loads Keras.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from temnet.config.card import (
    SCHEMA,
    Card,
    Entries,
    InvalidEntries,
    card_of,
    parse_card,
)
from temnet.errors import InputError
from temnet.system.files import clean_leftovers, replace_file
from temnet.system.shipped import shipped
from temnet.tables.json_records import as_values

MOST_CARD_BYTES = 2**24
"""Largest card that is read; those of temnet have some ten thousand bytes."""

MODEL_FILE, SETTINGS_FILE, CARD_FILE = "model.keras", "experiment.yaml", "card.json"

CHECK_FILE = "check_images.npz"
"""Images on which engines are compared; older networks have none."""

SEARCH_VARIABLE = "TEMNET_PRETRAINED"
"""Environment variable that names one or more folders of networks."""


def search_folders() -> list[Path]:
    """Folders in which networks are searched, first to last.

    They are those of ``$TEMNET_PRETRAINED``, the user's data folder (on Linux
    ``~/.local/share/temnet/networks``), and the networks that come with temnet: in the installed
    package, or in a checkout.
    """
    named = [Path(part) for part in os.environ.get(SEARCH_VARIABLE, "").split(os.pathsep) if part]
    return [*named, user_data_path("temnet", appauthor=False) / "networks", shipped("pretrained")]


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
    shown = str(name) if len(str(name)) <= 200 else f"{str(name)[:199]}…"
    near = get_close_matches(shown.lower().replace("_", "-"), names, n=2)
    if near:
        raise InputError(f"There is no network {shown!r}; did you mean {' or '.join(near)}?")
    known = f"the networks are {', '.join(names)}" if names else "no networks are installed"
    searched = ", ".join(str(folder) for folder in search_folders())
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
    write_entries(folder / CARD_FILE, entries)


def write_entries(path: Path, entries: Entries) -> None:
    """Writes a card in one step."""
    text = json.dumps(entries, indent=2, ensure_ascii=False, allow_nan=False)
    replace_file(path, f"{text}\n".encode())
