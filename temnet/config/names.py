"""Settings that are names of files, of networks and of schedulers."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from temnet.errors import InputError

LONGEST_PATH, LONGEST_PART = 4095, 255
"""Bytes of a path and of a name in it that operating systems take."""

SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")
"""Ways to reach a Dask scheduler."""

DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Classes of Unicode's signs that change the direction of what follows: a name ends otherwise then
than it seems to."""

_ADDRESS = re.compile(
    rf"(?:(?:{'|'.join(SCHEMES)})://)?(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s/:@]+):(?P<port>[0-9]{{1,5}})"
)


def wrong_with(name: str) -> str | None:
    """Why no file can have a path; None where one can.

    >>> wrong_with("images/a.tif"), wrong_with("a" * 300)
    (None, 'a name in it has 300 bytes, more than the 255 of any file')
    """
    if not name.strip():
        return "it is empty"
    if "\0" in name:
        return "it holds the character NUL, which no file's name has"
    try:
        content = os.fsencode(name)
    except UnicodeEncodeError:
        return "it holds characters that no file's name has here"
    if len(content) > LONGEST_PATH:
        return f"it has {len(content)} bytes, more than the {LONGEST_PATH} that a path can have"
    longest = max(map(len, re.split(rb"[/\\]" if os.sep == "\\" else b"/", content)))
    if longest > LONGEST_PART:
        return f"a name in it has {longest} bytes, more than the {LONGEST_PART} of any file"
    return None


def shortened(text: str, most: int = 60) -> str:
    """A text as messages show it, in one line.

    >>> shortened("a" * 9, 8)
    'aaaaa...'
    """
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def printable(name: str) -> str:
    """A file's name as tables, pages and messages show it: of letters that every text can hold.

    Bytes that are no UTF-8, line ends, signs without a picture and those that have the letters
    after them run from right to left become escapes.

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
    """Whether a file can have a path.

    Args:
        name: The path, or a pattern.
        key: What it is called in the message.

    Raises:
        InputError: It cannot.
    """
    wrong = wrong_with(name)
    if wrong is not None:
        raise InputError(f"{key} {shortened(name)!r} is no path: {wrong}.")


def user_path(name: str, key: str) -> Path:
    """The path that a text names, with `~` for a home folder.

    Args:
        name: The path, or a pattern.
        key: What it is called in a message.

    Raises:
        InputError: No file can be called that, or nobody knows the home folder.
    """
    check_name(name, key)
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise InputError(
            f"{key} {shortened(name)!r}: nobody knows this home folder; give the whole path."
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
"""A path, a pattern or a network's name, that a file could have."""

Address = Annotated[str, AfterValidator(_address)]
"""Where a Dask scheduler is."""
