"""Workers: this process, processes on this machine, or a Dask cluster.

Dask is imported only when it is used, which takes a second.  Anyone who can reach a scheduler can
run code on its workers and here: use it only in a network of trusted people.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from temnet.config.analysis.prediction import Prediction
from temnet.config.learning.data import Data
from temnet.config.simulation import SIMULATION_VERSION
from temnet.data.worker_processes import Processes
from temnet.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

TASKS_AHEAD = 3
"""Tasks per worker that run or wait; more would only fill the memory."""

PATIENCE = 10
"""Time limit for the answer of a scheduler [s]."""


class Workers:
    """Runs tasks in worker processes or in this process.

    Tasks of workers that die are run by others; a task that kills several is given up.

    Args:
        pool: Processes of this machine, or a Dask client; None for this process.
    """

    def __init__(self, pool: Processes | Client | None) -> None:
        self.pool = pool

    def in_order(
        self, function: Callable[..., Any], jobs: Iterable[tuple]
    ) -> Generator[Any, None, None]:
        """``function(*job)`` for each job, in the order of the jobs, a few ahead of the reader."""
        pool = self.pool
        if pool is None:
            yield from (function(*job) for job in jobs)
            return
        jobs = iter(jobs)
        running = deque(_submit(pool, function, islice(jobs, _ahead(pool))))
        while running:
            # Results are released on the workers as soon as they arrive.
            yield running.popleft().result()
            running.extend(_submit(pool, function, islice(jobs, 1)))

    def as_done(
        self, function: Callable[..., Any], jobs: Iterable[tuple]
    ) -> Generator[Any, None, None]:
        """``function(*job)`` for each job, in the order of completion."""
        pool = self.pool
        if pool is None:
            yield from (function(*job) for job in jobs)
            return
        jobs = iter(jobs)
        first = _submit(pool, function, islice(jobs, _ahead(pool)))
        if isinstance(pool, Processes):
            waiting = set(first)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                while done:
                    yield done.pop().result()
                    waiting.update(_submit(pool, function, islice(jobs, 1)))
            return
        from distributed import as_completed

        running = as_completed(first)
        for task in running:
            yield task.result()
            running.update(_submit(pool, function, islice(jobs, 1)))


def _submit(
    pool: Processes | Client, function: Callable[..., Any], jobs: Iterable[tuple]
) -> list[Any]:
    """The futures of some jobs."""
    if isinstance(pool, Processes):
        return [pool.submit(function, *job) for job in jobs]
    return [pool.submit(function, *job, pure=False) for job in jobs]


def _ahead(pool: Processes | Client) -> int:
    """Number of jobs submitted before the first result is read."""
    count = pool.count if isinstance(pool, Processes) else len(pool.nthreads())
    return TASKS_AHEAD * max(count, 1)


@contextmanager
def open_workers(settings: Data | Prediction, section: str = "data") -> Iterator[Workers]:
    """Open the workers of the settings; those on this machine end with this process.

    Args:
        settings: Settings; uses `scheduler` if it is given, else starts `workers` processes of
            one thread each.
        section: The section of the settings, for messages.

    Raises:
        InputError: If the scheduler does not answer, has no workers, or they run another temnet.
    """
    if settings.scheduler is not None:
        with _join(settings.scheduler, f"{section}.scheduler") as client:
            yield Workers(client)
    elif settings.workers == 0:
        yield Workers(None)
    else:
        processes = Processes(settings.workers)
        try:
            yield Workers(processes)
        finally:
            processes.close()


def _join(address: str, key: str) -> Client:
    """A client of a running scheduler.

    Raises:
        InputError: If it cannot be used.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{key} {address}: no scheduler answers there ({_line(error)}); start one "
            f"(`dask scheduler`), give its address, or leave {key} out."
        ) from error
    try:
        found = set(client.run(_version).values())
    except Exception:
        client.close()
        raise
    if not found:
        client.close()
        raise InputError(
            f"{key} {address}: it has no workers; start some (`dask worker {address}`)."
        )
    if found != {SIMULATION_VERSION}:
        client.close()
        raise InputError(
            f"{key} {address}: its workers make images of version "
            f"{', '.join(map(str, sorted(found)))}, this temnet those of version "
            f"{SIMULATION_VERSION}; install the same temnet everywhere."
        )
    return client


def _version() -> int:
    return SIMULATION_VERSION


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
