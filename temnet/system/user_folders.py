"""Where the libraries keep settings and caches of their own, while a command runs.

Keras and Matplotlib write into the user's home folder when they are imported, Numba does where it
cannot write beside the package.  Environment variables, which they read then, send them elsewhere:
to the user's cache folder where there is one, or to a temporary folder.  What the user has set, and
what is there already, is left as it is.
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
    """Has Keras, Matplotlib and Numba write nothing into the home folder but caches.

    It does nothing for a library that was imported before.  Processes that are started later take
    the choice over.

    Args:
        environment: What is read and changed.
    """
    home = _home(environment)
    if home is None:
        return
    for variable, place in PLACES.items():
        if variable in environment:
            continue
        try:
            folder = place(home, environment)
        except OSError:  # there is no room even for a temporary folder: the library copes by itself
            continue
        if folder is not None:
            environment[variable] = str(folder)


def _home(environment: MutableMapping[str, str]) -> Path | None:
    """The home folder; None where nobody knows it."""
    try:
        named = environment.get("HOME") if os.name == "posix" else None
        return Path(named) if named else Path.home()
    except RuntimeError:
        return None


def _caches(home: Path, environment: MutableMapping[str, str]) -> Path | None:
    """The user's folder for caches, if there is one."""
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
    if os.name == "nt":  # it takes the folder for local data, which is the right one
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
"""Environment variables, and the folder each is set to; None where the library's own will do."""

_made: list[Path] = []


def _temporary() -> Path:
    """A temporary folder of this process, which is removed at its end.

    Raises:
        OSError: There is no place for one.
    """
    if not _made:
        folder, owner = Path(tempfile.mkdtemp(prefix="temnet-")), os.getpid()
        _made.append(folder)

        def remove() -> None:
            if os.getpid() == owner:  # a process that was forked from this one leaves it
                shutil.rmtree(folder, ignore_errors=True)

        atexit.register(remove)
    return _made[0]
