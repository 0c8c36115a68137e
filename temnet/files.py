"""Writing files and folders so that a reader never sees half of one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Writes ``content`` to ``path`` in one step; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to that takes the place of ``path`` at the end of the block.

    There is the old file or the new one, never a part; if the block fails the old one stays.
    Folders that are missing are made.  The temporary file lies beside the target, because only
    a rename within one file system is atomic.

    Raises:
        OSError: The folder cannot be written to or the disk is full; the old file is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path) -> None:
    """Has a finished file take the place of another one, once it is on the disk.

    Without the wait a loss of power could leave the new name with nothing in the file.

    Args:
        temporary: The finished file, beside ``path``.
        path: Its place.

    Raises:
        OSError: The disk is full or broken; the old file is kept.
    """
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


def replace_folder(work: Path, final: Path, old: Path) -> None:
    """Has a finished folder take the place of another one.

    Args:
        work: The finished folder, beside ``final``.
        final: Its place.
        old: Where the folder that is there now goes before it is removed.

    Raises:
        OSError: The folder cannot be renamed; the earlier one is back in its place.
    """
    if final.exists():
        final.rename(old)
    try:
        work.rename(final)
    except OSError:
        if old.exists():
            old.rename(final)
        raise
    shutil.rmtree(old, ignore_errors=True)
