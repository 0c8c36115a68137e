"""Engines that were chosen before, kept in the user's cache folder.

Choosing an engine needs Keras and TensorFlow, whose start takes seconds.  What was chosen is kept
with the translated network, so that a second start needs neither.  An entry counts only for the
same files of the network, the same versions and the same processor.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path

from temnet.config.analysis.prediction import EngineName
from temnet.inference.engines.engine import ImageLimits
from temnet.models.network_folders import (
    CARD_FILE,
    CHECK_FILE,
    MODEL_FILE,
    SETTINGS_FILE,
    file_hash,
)
from temnet.system.files import beside, clean_leftovers, replace_folder
from temnet.version import __version__

LOGGER = logging.getLogger(__name__)

VARIABLE = "TEMNET_CACHE"
"""Environment variable that names another cache folder; ``off`` keeps nothing."""

ENTRY_FILE, NETWORK_FILE = "engine.json", "network.xml"
"""The entry, and the translated network in OpenVINO's format; its weights lie beside it."""

Precision = Literal["bf16", "f32"]

Key = Mapping[str, str | None]


@dataclass(frozen=True)
class ChosenEngine:
    """What `choose_engine` chose for a network in a folder.

    Attributes:
        name: Name of the engine.
        reason: Reason for the choice.
        precision: OpenVINO's precision; None for Keras.
        limits: Sizes of images that the network takes.
    """

    name: str
    reason: str
    precision: Precision | None
    limits: ImageLimits


def cache_folder() -> Path | None:
    """The folder of all entries; None if nothing is to be kept."""
    named = os.environ.get(VARIABLE)
    if named == "off":
        return None
    return (Path(named) if named else user_cache_path("temnet", appauthor=False)) / "engines"


def key_of(folder: Path, wanted: EngineName) -> Key:
    """What a choice depends on: the network's files, versions, and the processor."""
    files = {name: folder / name for name in (MODEL_FILE, SETTINGS_FILE, CARD_FILE, CHECK_FILE)}
    return {
        "engine": wanted,
        **{name: file_hash(path) if path.is_file() else None for name, path in files.items()},
        **{name: _version(name) for name in ("openvino", "keras", "tensorflow")},
        "temnet": __version__,
        "processor": _processor(),
    }


def read_entry(key: Key) -> tuple[ChosenEngine, Path] | None:
    """The entry of a key, and the file of the translated network; None if there is none."""
    folder = _place(key)
    if folder is None:
        return None
    try:
        values = json.loads((folder / ENTRY_FILE).read_text(encoding="utf-8"))
        if values.pop("key") != key:
            return None
        chosen = ChosenEngine(**{**values, "limits": ImageLimits(**values["limits"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return chosen, folder / NETWORK_FILE


def write_entry(key: Key, chosen: ChosenEngine, save: Callable[[Path], object] | None) -> None:
    """Keeps a choice; where the folder cannot be written, it is made again next time.

    Args:
        key: Of `key_of`.
        chosen: The choice.
        save: Writes the translated network to a path; None for Keras.
    """
    final = _place(key)
    if final is None:
        return
    work, old = beside(final, "part"), beside(final, "old")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        clean_leftovers(final.parent, final.name)
        work.mkdir()
        if save is not None:
            save(work / NETWORK_FILE)
        text = json.dumps({"key": dict(key), **asdict(chosen)}, indent=1)
        (work / ENTRY_FILE).write_text(text, encoding="utf-8")
        replace_folder(work, final, old)
    except (OSError, RuntimeError) as error:  # the latter from OpenVINO, on a full disk
        LOGGER.debug("the engine's choice is not kept in %s: %s", final, error)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _place(key: Key) -> Path | None:
    """The folder of an entry: one for each network and wish, so that old ones are replaced."""
    folder = cache_folder()
    return None if folder is None else folder / f"{(key[MODEL_FILE] or '')[:16]}-{key['engine']}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's name and abilities, as far as the system reports them."""
    wanted = ("model name", "flags", "Features")
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    pairs = (line.partition(":") for line in lines)
    found = {name.strip(): value.strip() for name, _, value in pairs}
    return " ".join([platform.machine(), *(found[name] for name in wanted if name in found)])
