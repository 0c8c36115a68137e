"""Names of files, networks and schedulers in settings."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from temnet.errors import InputError

LONGEST_PATH, LONGEST_PART = 4095, 255
"""Longest path and longest name in it that operating systems accept [bytes]."""

SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")
"""Protocols of a Dask scheduler."""

DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of Unicode that change the direction of the following text, so that a name
looks different from what it is."""

_ADDRESS = re.compile(
    rf"(?:(?:{'|'.join(SCHEMES)})://)?(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s/:@]+):(?P<port>[0-9]{{1,5}})"
)


def wrong_with(name: str) -> str | None:
    """Reason why a path is impossible; None for a possible one.

    >>> wrong_with("images/a.tif"), wrong_with("a" * 300)
    (None, 'a name in it has 300 bytes, more than the 255 of any file')
    """
    if not name.strip():
        return "it is empty"
    if "\0" in name:
        return "it contains the character NUL"
    try:
        content = os.fsencode(name)
    except UnicodeEncodeError:
        return "it contains characters that file names cannot have on this system"
    if len(content) > LONGEST_PATH:
        return f"it has {len(content)} bytes, more than the {LONGEST_PATH} that a path can have"
    longest = max(map(len, re.split(rb"[/\\]" if os.sep == "\\" else b"/", content)))
    if longest > LONGEST_PART:
        return f"a name in it has {longest} bytes, more than the {LONGEST_PART} of any file"
    return None


def shortened(text: str, most: int = 60) -> str:
    """A text in one line, shortened for messages.

    >>> shortened("a" * 9, 8)
    'aaaaa...'
    """
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def printable(name: str) -> str:
    """A file's name for tables, pages and messages, of printable characters.

    Bytes that are not UTF-8, line ends, control characters and those that change the direction of
    writing become escapes.

    >>> print(printable("Größe 图.tif"), len(printable("a" + chr(10) + chr(0xDCFF))))
    Größe 图.tif 7
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        letter.encode("unicode_escape").decode() if _is_hidden(letter) else letter
        for letter in text
    )


def _is_hidden(letter: str) -> bool:
    return (
        unicodedata.category(letter) in ("Cc", "Zl", "Zp")
        or unicodedata.bidirectional(letter) in DIRECTIONS
    )


def check_name(name: str, key: str) -> None:
    """Refuses an impossible path.

    Args:
        name: The path, or a pattern.
        key: Its name in the message.

    Raises:
        InputError: If no file can have this path.
    """
    wrong = wrong_with(name)
    if wrong is not None:
        raise InputError(f"{key} {shortened(name)!r} is not a valid path: {wrong}.")


def user_path(name: str, key: str) -> Path:
    """Path of a text, with `~` for a home folder.

    Args:
        name: The path, or a pattern.
        key: Its name in the message.

    Raises:
        InputError: If no file can have this path, or the home folder is unknown.
    """
    check_name(name, key)
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise InputError(
            f"{key} {shortened(name)!r}: this home folder is unknown; give the whole path."
        ) from error


def _path(name: str) -> str:
    wrong = wrong_with(name)
    if wrong is not None:
        raise ValueError(f"expected a path or a name; got {shortened(name)!r}: {wrong}")
    return name


def _address(address: str) -> str:
    found = _ADDRESS.fullmatch(address)
    if not found or not 0 < int(found["port"]) < 2**16:
        raise ValueError(
            f"expected a Dask scheduler's address such as tcp://10.0.0.1:8786; got "
            f"{shortened(address)!r}"
        )
    return address


PathName = Annotated[str, AfterValidator(_path)]
"""A possible path, pattern or name of a network."""

Address = Annotated[str, AfterValidator(_address)]
"""Address of a Dask scheduler."""
