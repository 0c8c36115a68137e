"""A folder into which another program writes images: new files become frames.

The folder is read again and again, since network shares report no changes.  A file counts when its
size and its time have stood still from one reading to the next, and it opens; one that does not
open is tried again for a while, and once more when it changes.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from temnet.config.names import printable
from temnet.errors import InputError
from temnet.live.messages import Failed
from temnet.live.session import LiveSession

INTERVAL = 0.5
"""Least time between two readings of the folder [s]."""

SHARE = 0.2
"""Largest share of the time that is spent on reading the folder."""

TRIES = 6
"""A file that does not open is tried so often."""

REMARK = "watch"
"""Key of the remark on the folder."""

State = tuple[int, int]
"""Size [bytes] and time of the last change [ns] of a file."""


@dataclass
class WatchedFolder:
    """Finds the files that are new and complete.

    `complete` runs in one thread at a time; `try_again` may be called in any thread meanwhile.

    Attributes:
        folder: The folder.
        endings: Endings of files that count, in lower case with their dot.
        done: States of the files that were returned, or that were there at the start.
    """

    folder: Path
    endings: frozenset[str]
    done: dict[str, State] = field(default_factory=dict)
    _seen: dict[str, State] = field(default_factory=dict)
    _identities: set[tuple[int, int, State]] = field(default_factory=set)
    _again: deque[str] = field(default_factory=deque)

    def skip_present(self) -> None:
        """Leaves alone what is in the folder now.

        Raises:
            OSError: If the folder cannot be read.
        """
        for name, state, identity in self._files():
            self.done[name] = state
            self._identities.add(identity)

    def complete(self) -> list[Path]:
        """New files that have stood still since the last reading, by the time of their change.

        Raises:
            OSError: If the folder cannot be read.
        """
        while self._again:
            self._forget(self._again.popleft())
        now, ready = {}, []
        for name, state, identity in self._files():
            now[name] = state
            renamed = identity in self._identities and name not in self.done
            if renamed:
                self.done[name] = state
            if self.done.get(name) == state or state[0] == 0:
                continue
            if self._seen.get(name) == state:
                ready.append((state[1], name))
                self.done[name] = state
                self._identities.add(identity)
        self._seen = now
        return [self.folder / name for _, name in sorted(ready)]

    def try_again(self, path: Path) -> None:
        """Returns a file again when it has stood still once more, from the next reading on."""
        self._again.append(path.name)

    def _forget(self, name: str) -> None:
        state = self.done.pop(name, None)
        self._identities = {one for one in self._identities if one[2] != state}
        self._seen.pop(name, None)

    def _files(self) -> list[tuple[str, State, tuple[int, int, State]]]:
        """Name, state and identity of each file; a file that is gone meanwhile is left out."""
        found = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith((".", "~")):
                    continue
                if Path(entry.name).suffix.lower() not in self.endings:
                    continue
                try:
                    known = os.stat(entry.path)  # scandir's own may be old on Windows
                    regular = entry.is_file()
                except OSError:
                    continue
                if regular:
                    state = known.st_size, known.st_mtime_ns
                    found.append((entry.name, state, (known.st_dev, known.st_ino, state)))
        return found


class FolderWatch:
    """Submits the images of a watched folder; they are read in the analysis process."""

    def __init__(self, session: LiveSession, watched: WatchedFolder) -> None:
        """A watch that was not started yet.

        Args:
            session: Takes the frames.
            watched: The folder.
        """
        self._session, self._watched = session, watched
        self._tries: dict[Path, int] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Watches until the task is cancelled."""
        while True:
            start = time.monotonic()
            await self.look_once()
            spent = time.monotonic() - start
            await asyncio.sleep(max(INTERVAL, spent * (1 / SHARE - 1)))

    async def look_once(self) -> None:
        """Submits the files that are complete now; the newest wins, as of all frames."""
        remarks = self._session.remarks
        try:
            paths = await asyncio.to_thread(self._watched.complete)
        except OSError as error:
            remarks[REMARK] = (
                f"The folder {printable(self._watched.folder.name)} cannot be read "
                f"({error.strerror or error}); it is tried again."
            )
            return
        if "cannot be read" in remarks.get(REMARK, "") and not self._tries:
            remarks.pop(REMARK)
        for path in paths:
            task = asyncio.create_task(self._follow(path, self._session.submit_file(path)))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def finish(self) -> None:
        """Waits for what was submitted."""
        while self._waiting:
            await asyncio.gather(*self._waiting)

    async def _follow(self, path: Path, number: int) -> None:
        """Waits for what became of a file."""
        result, remarks = await self._session.result(number), self._session.remarks
        problem = result.file_problem if isinstance(result, Failed) else ""
        if problem == "unreadable":
            tries = self._tries.get(path, 0) + 1
            if tries < TRIES and await asyncio.to_thread(path.exists):
                self._tries[path] = tries
                self._watched.try_again(path)
                return
        if isinstance(result, Failed) and problem:
            remarks[REMARK] = f"{printable(path.name)} is left out: {result.sentence}"
        elif not (isinstance(result, Failed) and result.dropped):
            remarks.pop(REMARK, None)
        self._tries.pop(path, None)


def open_watch(session: LiveSession, folder: Path, with_present: bool) -> FolderWatch:
    """The watch of a folder.

    Args:
        session: Takes the frames.
        folder: The folder.
        with_present: Whether files that are there now become frames, too.

    Raises:
        InputError: If the folder cannot be read.
    """
    watched = WatchedFolder(folder, readable_endings())
    try:
        if with_present:
            os.listdir(folder)
        else:
            watched.skip_present()
    except OSError as error:
        raise InputError(
            f"{folder}: this folder cannot be read ({error.strerror or error}); give the folder "
            "into which images are written."
        ) from error
    return FolderWatch(session, watched)


def readable_endings() -> frozenset[str]:
    """Endings of the files that temnet reads."""
    from temnet.inference.reading.formats.readers import READERS

    return frozenset(READERS)
