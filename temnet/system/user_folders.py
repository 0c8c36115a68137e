"""Folders for the settings and caches of libraries while a command runs.

Keras and Matplotlib write into the user's home folder when they are imported, and so does Numba if
it cannot write beside the package.  Environment variables redirect them to the user's cache folder
if it exists, or to a temporary folder.  Variables that the user has set and existing settings are
left alone.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, MutableMapping
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def spare_home(environment: MutableMapping[str, str] = os.environ) -> None:
    """Makes Keras, Matplotlib and Numba write nothing but caches into the home folder.

    It has no effect on libraries that are already imported.  Child processes inherit the
    variables.

    Args:
        environment: Environment variables; they are read and changed.
    """
    home = _home(environment)
    if home is None:
        return
    for variable, place in PLACES.items():
        if variable in environment:
            continue
        try:
            folder = place(home, environment)
        except OSError:  # no space even for a temporary folder; the library handles this itself
            continue
        if folder is not None:
            environment[variable] = str(folder)


def _home(environment: MutableMapping[str, str]) -> Path | None:
    """The home folder; None if it is unknown."""
    try:
        named = environment.get("HOME") if os.name == "posix" else None
        return Path(named) if named else Path.home()
    except RuntimeError:
        return None


def _caches(home: Path, environment: MutableMapping[str, str]) -> Path | None:
    """The user's cache folder; None if it does not exist."""
    named = environment.get("XDG_CACHE_HOME")
    if named and sys.platform.startswith(("linux", "freebsd")):
        return Path(named)
    folder = home / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return folder if folder.is_dir() else None


def _for_keras(home: Path, environment: MutableMapping[str, str]) -> Path | None:
    if (home / ".keras" / "keras.json").exists():
        return None
    return _temporary() / "keras"


def _for_matplotlib(home: Path, environment: MutableMapping[str, str]) -> Path | None:
    if os.name == "nt":  # it uses the folder for local data, which is fine
        return None
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    if any(folder.exists() for folder in (config / "matplotlib", home / ".matplotlib")):
        return None
    return (_caches(home, environment) or _temporary()) / "matplotlib"


def _for_numba(home: Path, environment: MutableMapping[str, str]) -> Path | None:
    if os.name == "nt" or _caches(home, environment) or os.access(PACKAGE, os.W_OK):
        return None
    return _temporary() / "numba"


PLACES: dict[str, Callable[[Path, MutableMapping[str, str]], Path | None]] = {
    "KERAS_HOME": _for_keras,
    "MPLCONFIGDIR": _for_matplotlib,
    "NUMBA_CACHE_DIR": _for_numba,
}
"""Environment variables and functions that return their folder, or None for the default."""

_made: list[Path] = []


def _temporary() -> Path:
    """A temporary folder of this process, which is removed at its end.

    Raises:
        OSError: If it cannot be created.
    """
    if not _made:
        folder, owner = Path(tempfile.mkdtemp(prefix="temnet-")), os.getpid()
        _made.append(folder)

        def remove() -> None:
            if os.getpid() == owner:  # not in forked processes
                shutil.rmtree(folder, ignore_errors=True)

        atexit.register(remove)
    return _made[0]
