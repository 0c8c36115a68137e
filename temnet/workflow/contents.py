"""What a stage has written, by size and checksum, and whether it is still whole."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NOT_COUNTED = ("stage.json", "card.json")
"""Files that say of themselves what is in them, and may be changed with reason."""

PART = 2**20
"""Bytes at the beginning and at the end of a file that its checksum is of, and at most all."""

Contents = Mapping[str, list[int]]
"""Files by their name with their size [bytes] and checksum; folders, whose names end in `/`, with
the number of all files in them, the size of these together, and a checksum of names and sizes."""


def contents(folder: Path) -> dict[str, list[int]]:
    """What lies in a folder.

    Args:
        folder: The folder; each of its own folders is one entry, however many files it has.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found[f"{path.name}/"] = _of_folder(path)
        elif path.is_file() and path.name not in NOT_COUNTED:
            found[path.name] = _of_file(path)
    return found


def damage(folder: Path, written: Any) -> str | None:
    """What is wrong with the first file of a result that is not what was written.

    What was added since is no damage, nor is a folder that was removed as a whole, such as pictures
    that nobody needs any longer.

    Args:
        folder: Where the result lies.
        written: What `contents` said when it was done; None where nobody has asked.

    Returns:
        A sentence's end such as `columns.csv has 20 of 100 bytes`; None where all is whole.
    """
    if not isinstance(written, Mapping):
        return None
    for name, then in written.items():
        path = folder / name
        if name.endswith("/"):
            wrong = _wrong_folder(path, then) if path.is_dir() else None
        else:
            wrong = _wrong_file(path, then)
        if wrong is not None:
            return f"{name} {wrong}"
    return None


def _wrong_file(path: Path, then: list[int]) -> str | None:
    try:
        size = path.stat().st_size
        if size != then[0]:
            return f"has {size:,} of {then[0]:,} bytes"
        return None if _of_file(path) == then else "was changed"
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _wrong_folder(path: Path, then: list[int]) -> str | None:
    try:
        now = _of_folder(path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if now == then or now[0] > then[0]:  # with files that were added names cannot be compared
        return None
    return f"has {now[0]:,} files of {now[1]:,} bytes; {then[0]:,} of {then[1]:,} were written"


def _of_file(path: Path) -> list[int]:
    """Size of a file and checksum of its ends."""
    size = path.stat().st_size
    with path.open("rb") as file:
        checksum = zlib.crc32(file.read(PART))
        if size > PART:
            file.seek(max(size - PART, PART))
            checksum = zlib.crc32(file.read(PART), checksum)
    return [size, checksum]


def _of_folder(folder: Path) -> list[int]:
    """Number of the files below a folder, their size together, checksum of names and sizes."""
    count, total, checksum = 0, 0, 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(set(names) - set(NOT_COUNTED)):
            path = Path(place) / name
            size = path.stat().st_size
            entry = f"{path.relative_to(folder).as_posix()} {size}\n"
            count, total = count + 1, total + size
            checksum = zlib.crc32(entry.encode("utf-8", "surrogateescape"), checksum)
    return [count, total, checksum]
