"""Batches made ahead by a thread, and how long training waited for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

AHEAD = 4
"""Batches that are ready before they are asked for."""

POLL = 0.2
"""How often a thread looks whether it is still wanted [s]."""


class WaitClock:
    """Adds up how long a training waited for its data.

    Attributes:
        waited: Seconds since the clock was made or last read by `lap`.
    """

    def __init__(self) -> None:
        self.waited = 0.0

    def lap(self) -> float:
        """Seconds waited since the last call."""
        waited, self.waited = self.waited, 0.0
        return waited


class _End(Generic[T]):
    """The last thing that a thread sends: how its work ended."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetched(
    make: Callable[[], Generator[T, None, None]], clock: WaitClock | None = None
) -> Iterator[T]:
    """What a generator gives, made ahead by a thread of its own.

    The generator is made, used and closed by that thread; closing this one ends it.

    Args:
        make: Makes the generator.
        clock: Told how long the reader waited.
    """
    queue: Queue = Queue(AHEAD)
    unwanted = Event()
    thread = Thread(target=_fill, args=(make, queue, unwanted), daemon=True)
    thread.start()
    try:
        while True:
            start = time.perf_counter()
            item = queue.get()
            if clock is not None:
                clock.waited += time.perf_counter() - start
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        unwanted.set()
        while thread.is_alive():  # it may stand before a full queue
            try:
                queue.get(timeout=POLL)
            except Empty:
                continue


def _fill(make: Callable[[], Generator[T, None, None]], queue: Queue, unwanted: Event) -> None:
    error = None
    try:
        with closing(make()) as items:
            for item in items:
                if not _put(queue, item, unwanted):
                    return
    except BaseException as caught:
        error = caught
    _put(queue, _End(error), unwanted)


def _put(queue: Queue, item: object, unwanted: Event) -> bool:
    """Whether the item found a place before nobody wanted it any more."""
    while not unwanted.is_set():
        try:
            queue.put(item, timeout=POLL)
            return True
        except Full:
            continue
    return False
