"""Writing files and folders so that a reader never sees half of one."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from temnet.system.processes import is_running

_LEFTOVER = re.compile(r"\.(?P<name>.+)\.(?P<process>[0-9]{1,10})\.(?P<kind>part|old)(\.keras)?")
"""Names of what is being written, and of what is being replaced; the number is the process'."""

_IN_USE: set[Path] = set()
"""What this process is writing or replacing."""


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
    temporary = beside(path, "part")
    with _used(temporary):
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


@contextmanager
def replacing_folders(places: Iterable[Path]) -> Iterator[dict[Path, Path]]:
    """Folders to write to, each of which takes the place of another one at the end of the block.

    None of them is moved before the block has ended; if it fails the old ones stay.

    Args:
        places: Where they are to stand; their parents are made.

    Yields:
        The folder to write to of each place; only its parent is there.

    Raises:
        OSError: A folder cannot be renamed; the earlier one is back in its place.
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
    """Where this process writes what is to stand at a place, or keeps what stood there.

    >>> str(beside(Path("a/b.txt"), "old")).replace(str(os.getpid()), "PROCESS")
    'a/.b.txt.PROCESS.old'
    """
    return place.with_name(f".{place.name}.{os.getpid()}.{kind}")


def clean_leftovers(folder: Path, name: str | None = None) -> None:
    """Removes what processes that no longer run have left in a folder half written.

    What such a process had moved aside and not replaced is put back in its place.

    Args:
        folder: The folder; it need not be there.
        name: Of what was written; of everything if None.
    """
    with suppress(OSError):
        named = [(path, _LEFTOVER.fullmatch(path.name)) for path in folder.iterdir()]
        found = [(path, match) for path, match in named if match and name in (None, match["name"])]
        # Newest first: of several that were moved aside it is the one that is put back.
        for path, match in sorted(found, key=_changed, reverse=True):
            if not _is_used(path, match):
                _clean(path, folder / match["name"], match["kind"])


def _changed(found: tuple[Path, re.Match[str]]) -> float:
    try:
        return found[0].lstat().st_mtime
    except OSError:
        return 0.0


def _is_used(path: Path, found: re.Match[str]) -> bool:
    process = int(found["process"])
    # In a container each run may have the same number, so that our own is no sign of life.
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
