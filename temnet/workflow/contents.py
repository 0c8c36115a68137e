"""Files of a stage's result by size and checksum, and their damage."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path

NOT_COUNTED = ("stage.json", "card.json")
"""Files without a checksum: they describe the result, and users may change them."""

PART = 2**20
"""The checksum covers so many bytes at the beginning and at the end of a file."""

Contents = Mapping[str, list[int]]
"""Size [bytes] and checksum of each file by name; for folders, whose names end in `/`, the number
of all files in them, their total size, and a checksum of names and sizes."""


def contents(folder: Path) -> dict[str, list[int]]:
    """Files and folders in a folder, with sizes and checksums.

    Args:
        folder: The folder; each of its subfolders is one entry.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found[f"{path.name}/"] = _of_folder(path)
        elif path.is_file() and path.name not in NOT_COUNTED:
            found[path.name] = _of_file(path)
    return found


def damage(folder: Path, written: object) -> str | None:
    """The first difference between a result and what was written.

    Added files are no damage, nor are folders that were removed as a whole, such as pictures that
    are no longer needed.

    Args:
        folder: The result's folder.
        written: The return value of `contents` when the stage finished; None if unknown.

    Returns:
        The end of a sentence such as `columns.csv has 20 of 100 bytes`; None if nothing differs.
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
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _wrong_folder(path: Path, then: list[int]) -> str | None:
    try:
        now = _of_folder(path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if now == then or now[0] > then[0]:  # names cannot be compared once files were added
        return None
    return f"has {now[0]:,} files of {now[1]:,} bytes; {then[0]:,} of {then[1]:,} were written"


def _of_file(path: Path) -> list[int]:
    """Size of a file, and checksum of its beginning and end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        checksum = zlib.crc32(file.read(PART))
        if size > PART:
            file.seek(max(size - PART, PART))
            checksum = zlib.crc32(file.read(PART), checksum)
    return [size, checksum]


def _of_folder(folder: Path) -> list[int]:
    """Number of files below a folder, their total size, and checksum of names and sizes."""
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
