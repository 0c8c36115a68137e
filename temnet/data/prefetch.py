"""Batches made ahead by a thread, and the time that training waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

AHEAD = 4
"""Number of batches made ahead."""

POLL = 0.2
"""Interval at which the thread checks whether to stop [s]."""


class WaitClock:
    """Total time that training waits for its data.

    Attributes:
        waited: Seconds waited since the clock was created or last read by `lap`.
    """

    def __init__(self) -> None:
        self.waited = 0.0

    def lap(self) -> float:
        """Seconds waited since the last call."""
        waited, self.waited = self.waited, 0.0
        return waited


class _End(Generic[T]):
    """The last item of a thread: its error, if any."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetched(
    make: Callable[[], Generator[T, None, None]], clock: WaitClock | None = None
) -> Iterator[T]:
    """The items of a generator, made ahead by a thread.

    The thread creates, uses and closes the generator; closing this iterator ends it.

    Args:
        make: Creates the generator.
        clock: Measures how long the reader waits.
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
        while thread.is_alive():  # it may wait for a full queue
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
    """Put an item into the queue; False if the reader has closed meanwhile."""
    while not unwanted.is_set():
        try:
            queue.put(item, timeout=POLL)
            return True
        except Full:
            continue
    return False
