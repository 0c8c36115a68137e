"""Threads that share images, and the rows of an image."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError, Lock
from typing import Any

import numpy as np

from temnet.system.threads import one_thread

FEWEST_ROWS = 32
"""Fewest rows for each thread."""

MOST_KEPT = 2**28
"""Larger temporary arrays are freed after a call [bytes]."""

_LOCK = Lock()


class Member:
    """One of the threads that work on an image.

    Attributes:
        number: Its number, from 0.
        count: Number of threads.
    """

    def __init__(self, number: int, barrier: Barrier) -> None:
        self.number, self.count = number, barrier.parties
        self._barrier = barrier

    def wait(self) -> None:
        """Waits for the other members."""
        if self.count > 1:
            self._barrier.wait()

    def share(self, total: int) -> tuple[int, int]:
        """First and last (not included) index of this member's part of ``total``."""
        return self.number * total // self.count, (self.number + 1) * total // self.count

    def alone(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Calls a function in the first member only."""
        if self.number == 0:
            function(*arguments)

    def give_up(self) -> None:
        """Stops the other members after a failure."""
        self._barrier.abort()


Arrays = Callable[[str, tuple[int, ...]], np.ndarray]
"""A temporary array by its name and shape, the same for all members of a team."""


class _Stock:
    """Temporary arrays that are used by one call after another."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[int, str], np.ndarray] = {}
        self._lock = Lock()

    def get(self, team: int, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The array of a team, with undefined values."""
        with self._lock:
            array = self._arrays.get((team, name))
            if array is None or array.shape != shape:
                array = self._arrays[team, name] = np.empty(shape, np.float32)
            return array

    def shrink(self) -> None:
        """Frees large arrays."""
        self._arrays = {k: a for k, a in self._arrays.items() if a.nbytes < MOST_KEPT}


_STOCK = _Stock()
_POOLS: dict[int, ThreadPoolExecutor] = {}
"""Pools by their number of threads: a cluster may change the processors of a running process."""


def thread_count() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_teams(work: Callable[[Member, Arrays, int], None], images: int, rows: int) -> None:
    """Calls ``work(member, arrays, image)`` for each image.

    Every image has a team of one or more members, which share its work.  BLAS uses one thread
    meanwhile, and calls wait for each other.

    Args:
        work: Called by each member of an image's team.
        images: Number of images.
        rows: Rows of an image.
    """
    threads = thread_count()
    size = max(1, min(threads // max(images, 1), rows // FEWEST_ROWS))
    teams = max(1, min(images, threads // size))

    def serve(team: int, member: Member) -> None:
        for image in range(team, images, teams):
            try:
                work(member, lambda name, shape: _STOCK.get(team, name, shape), image)
                member.wait()  # the team's arrays serve its next image
            except BaseException:
                member.give_up()
                raise

    with _LOCK:
        if threads not in _POOLS:  # in a smaller pool a team would wait for ever
            _POOLS[threads] = ThreadPoolExecutor(threads, thread_name_prefix="temnet")
        with one_thread():
            tasks = []
            for team in range(teams):
                barrier = Barrier(size)
                for number in range(size):
                    tasks.append(_POOLS[threads].submit(serve, team, Member(number, barrier)))
            errors = [error for task in tasks if (error := task.exception()) is not None]
        _STOCK.shrink()
    for error in errors:
        if not isinstance(error, BrokenBarrierError):
            raise error
