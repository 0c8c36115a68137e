"""Writing files and folders in one step, so that readers never see partial ones."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from temnet.system.processes import is_running

_LEFTOVER = re.compile(
    r"\.(?P<name>.+)\.((?P<host>[0-9a-f]{8})-)?(?P<process>[0-9]{1,10})\.(?P<kind>part|old)(\.keras)?"
)
"""Names of files being written or replaced: the machine, which older versions did not write, and
the number of the process."""

HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
"""This machine in the names of temporary files, which may lie in a folder of several machines."""

LONGEST_WRITE = {"part": 86400.0, "old": 60.0}
"""A temporary file of another machine that did not change for so long is a leftover [s]."""

_IN_USE: set[Path] = set()
"""Files that this process is writing or replacing."""


def replace_file(path: Path, content: bytes) -> None:
    """Writes ``content`` to ``path`` in one step; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path to write to; it replaces ``path`` at the end of the block.

    Readers see the old or the new file, never a partial one; if the block fails, the old one
    stays.  Missing folders are created.  The temporary file is in the target's folder, because
    only a rename within one file system is atomic.

    Raises:
        OSError: If the folder cannot be written to or the disk is full; the old file is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = beside(path, "part")
    with _used(temporary):
        try:
            yield temporary
            put_in_place(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path) -> None:
    """Replaces a file by a finished one, after this was flushed to the disk.

    Without the flush a power failure could leave an empty file.

    Args:
        temporary: The finished file, in the same folder as ``path``.
        path: The file that is replaced.

    Raises:
        OSError: If the disk is full or broken; the old file is kept.
    """
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


def replace_folder(work: Path, final: Path, old: Path) -> None:
    """Replaces a folder by a finished one.

    Args:
        work: The finished folder, beside ``final``.
        final: The folder that is replaced.
        old: Temporary name of the earlier folder before it is removed.

    Raises:
        OSError: If the folder cannot be renamed; the earlier one is restored.
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


@contextmanager
def replacing_folders(places: Iterable[Path]) -> Iterator[dict[Path, Path]]:
    """Temporary folders to write to; they replace the given ones at the end of the block.

    None is moved before the block has ended; if it fails, the old folders stay.

    Args:
        places: The folders that are replaced; their parents are created.

    Yields:
        The temporary path of each folder; it does not exist yet, only its parent does.

    Raises:
        OSError: If a folder cannot be renamed; the earlier one is restored.
    """
    parts = {place: beside(place, "part") for place in places}
    olds = {place: beside(place, "old") for place in parts}
    with _used(*parts.values(), *olds.values()):
        try:
            for place, part in parts.items():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(part, ignore_errors=True)
            yield parts
            for place, part in parts.items():
                replace_folder(part, place, olds[place])
        finally:
            for part in parts.values():
                shutil.rmtree(part, ignore_errors=True)


def beside(place: Path, kind: str) -> Path:
    """Temporary path of this process for a new or an earlier version of a file or folder.

    >>> str(beside(Path("a/b.txt"), "old")).replace(f"{HOST}-{os.getpid()}", "PROCESS")
    'a/.b.txt.PROCESS.old'
    """
    return place.with_name(f".{place.name}.{HOST}-{os.getpid()}.{kind}")


def clean_leftovers(folder: Path, name: str | None = None) -> None:
    """Removes temporary files and folders of processes that no longer run.

    An earlier version that such a process had moved aside and not replaced is restored.

    Args:
        folder: The folder; it does not have to exist.
        name: Name of the file or folder that was written; None for all.
    """
    with suppress(OSError):
        named = [(path, _LEFTOVER.fullmatch(path.name)) for path in folder.iterdir()]
        found = [(path, match) for path, match in named if match and name in (None, match["name"])]
        # Newest first: of several earlier versions the newest is restored.
        for path, match in sorted(found, key=_changed, reverse=True):
            if not _is_used(path, match):
                _clean(path, folder / match["name"], match["kind"])


def _changed(found: tuple[Path, re.Match[str]]) -> float:
    try:
        return found[0].lstat().st_mtime
    except OSError:
        return 0.0


def _is_used(path: Path, found: re.Match[str]) -> bool:
    if found["host"] not in (None, HOST):
        state = path.lstat()
        unchanged = time.time() - max(state.st_mtime, state.st_ctime)
        return unchanged < LONGEST_WRITE[found["kind"]]
    process = int(found["process"])
    # In a container each run may have the same number, so our own number proves nothing.
    return path.absolute() in _IN_USE if process == os.getpid() else is_running(process)


def _clean(path: Path, place: Path, kind: str) -> None:
    with suppress(OSError):
        if kind == "old" and not place.exists():
            path.rename(place)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


@contextmanager
def _used(*paths: Path) -> Iterator[None]:
    absolute = [path.absolute() for path in paths]
    _IN_USE.update(absolute)
    try:
        yield
    finally:
        _IN_USE.difference_update(absolute)
