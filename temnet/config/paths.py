"""Paths in settings count from the folder of the YAML file that names them.

In an `Experiment` they count from the working folder, as `--set` and Python give them.  Absolute
paths and those that begin with `~` stay as they are.  Nothing is read here.
"""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from temnet.config.names import wrong_with
from temnet.config.old_keys import Place

LOGGER = logging.getLogger(__name__)

PATHS = frozenset({
    ("compare", "runs"), ("counting_mtf", "table"), ("data", "folder"), ("images", "files"),
    ("scintillator_mtf", "table"), ("strain", "structure"), ("structure", "path"),
    ("vibrations", "file"),
})  # fmt: skip
"""Settings that are paths: the name of a section and the key."""

NAMES_OR_PATHS = frozenset({
    ("evaluation", "networks"), ("prediction", "network"), ("training", "start_from"),
    ("vibrations", "table"),
})  # fmt: skip
"""Settings that are names of what ships, or paths: these have a separator or end in .yaml."""

OUTPUTS = frozenset({("data", "folder")})
"""Those that need not exist before a run."""


def is_path(name: str) -> bool:
    """Whether a text is a path and not the name of a network or a table that ships.

    >>> is_path("mos2-unet"), is_path("./mos2-unet"), is_path("table.yaml")
    (False, True, True)
    """
    separators = {os.sep, os.altsep or os.sep, "/"}
    return not separators.isdisjoint(name) or name.endswith((".yaml", ".yml"))


def from_here(path: str | Path) -> str:
    """A path from the working folder where it lies below it, else the whole path."""
    whole = os.path.normpath(os.path.abspath(path))
    if os.path.realpath(whole) != os.path.realpath(path):  # `..` after a symbolic link
        whole = os.path.realpath(path)
    here = os.getcwd()
    return os.path.relpath(whole, here) if Path(whole).is_relative_to(here) else whole


def resolved(
    values: Any, folder: Path, place: Place = (), earlier: Sequence[Path] = (), warn: bool = True
) -> Any:
    """Plain settings whose relative paths count from the working folder, where the files exist.

    Args:
        values: The plain values of a file, or one of them.
        folder: The file's folder.
        place: Keys from the top of an experiment down to ``values``.
        earlier: Folders that earlier versions searched; what is there and not in ``folder`` is
            still found for one version.
        warn: Whether to warn once of each setting that is found in them.
    """

    def change(place: Place, name: str) -> str:
        return _found(place, name, folder, earlier, warn)

    return _with_paths(values, place, change)


def relative_to(values: Any, folder: Path) -> Any:
    """Plain settings as a YAML file in ``folder`` has them: the inverse of `resolved`."""

    def change(place: Place, name: str) -> str:
        whole = os.path.abspath(name)
        try:
            relative = os.path.relpath(whole, folder)
        except ValueError:  # another drive
            return whole
        if os.path.realpath(folder / relative) != os.path.realpath(whole):
            return whole  # `..` after a symbolic link
        is_name = place in NAMES_OR_PATHS and not is_path(relative)
        return os.path.join(os.curdir, relative) if is_name else relative

    return _with_paths(values, (), change)


def with_file_names(values: Any) -> Any:
    """Plain settings with the last part of each path alone, the same from every folder."""
    return _with_paths(values, (), lambda place, name: Path(name).name, relative_only=False)


def _with_paths(
    values: Any, place: Place, change: Callable[[Place, str], str], relative_only: bool = True
) -> Any:
    """Plain values with every path in them changed by a function of setting and path."""
    if isinstance(values, Mapping):
        return {
            key: _with_paths(value, (*place, key), change, relative_only)
            for key, value in values.items()
        }
    if isinstance(values, list | tuple):
        return [
            _with_paths(value, (*place, number), change, relative_only)
            for number, value in enumerate(values)
        ]
    setting = tuple(key for key in place if isinstance(key, str))[-2:]
    counts = setting in PATHS or (
        setting in NAMES_OR_PATHS and isinstance(values, str) and is_path(values)
    )
    if not counts or not isinstance(values, str) or wrong_with(values) is not None:
        return values
    whole = os.path.isabs(values) or values.startswith("~")
    return values if whole and relative_only else change(setting, values)


def _found(place: Place, name: str, folder: Path, earlier: Sequence[Path], warn: bool) -> str:
    """A path from the working folder; an input that does not exist is left as it was written."""
    if _exists(folder, name):
        return _joined(folder, name)
    for other in earlier:
        if _exists(other, name):
            if warn:
                _warn_of(".".join(map(str, place)), name, folder, other)
            return _joined(other, name)
    return _joined(folder, name) if place in OUTPUTS else name


def _exists(folder: Path, name: str) -> bool:
    if os.path.lexists(folder / name):
        return True
    return glob.has_magic(name) and any(glob.iglob(name, root_dir=folder, recursive=True))


def _joined(folder: Path, name: str) -> str:
    if not glob.has_magic(name) or os.path.lexists(folder / name):
        return from_here(folder / name)
    start = from_here(folder)  # whose own brackets are no pattern
    return name if start == os.curdir else os.path.join(glob.escape(start), name)


_warned: set[str] = set()


def _warn_of(setting: str, name: str, folder: Path, other: Path) -> None:
    """Warns once in a process of each setting that the earlier rule finds."""
    if setting not in _warned:
        _warned.add(setting)
        LOGGER.warning(
            "%s: %s is not in %s, the folder of the YAML file that names it, but in %s. It is "
            "used; the next version looks in the folder of the YAML file alone. Write the path "
            "from there, or the whole path.",
            setting, name, folder, other.resolve(),
        )  # fmt: skip
