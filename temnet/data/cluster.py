"""Where the work is done: in this process, in others on this machine, or on a Dask cluster.

Dask is loaded when it is used, which takes a second.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from temnet.config.analysis import Prediction
from temnet.config.experiment import SIMULATION_VERSION
from temnet.config.learning import Data
from temnet.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

TASKS_AHEAD = 3
"""Tasks for each worker that are under way or wait for it; more would only fill the memory."""

PATIENCE = 10
"""How long a scheduler may take to answer [s]."""

KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": 2**32, "MALLOC_MMAP_THRESHOLD_": 2**25}
"""Environment of a worker: glibc keeps the memory of temporary arrays for the next ones.  Dask's
own setting hands it back at once, which doubles the time of an example by page faults."""

QUIET_WORKER = (
    "import logging, signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "logging.getLogger('distributed').setLevel(logging.CRITICAL)"
)
"""Run by each worker: Ctrl-C reaches all processes of a terminal, and ours ends the workers, which
shall not complain of that.  Errors of the work itself come back as exceptions."""


class Workers:
    """What runs tasks: worker processes, or this process where there are none.

    Tasks of workers that die are given to others; a task that kills several is given up.

    Args:
        client: A Dask client; None for this process.
    """

    def __init__(self, client: Client | None) -> None:
        self.client = client

    def in_order(
        self, function: Callable[..., Any], jobs: Iterable[tuple]
    ) -> Generator[Any, None, None]:
        """``function(*job)`` for each job, in the jobs' order, a few ahead of what is read."""
        if self.client is None:
            yield from (function(*job) for job in jobs)
            return
        jobs = iter(jobs)
        running = deque(self._submit(function, islice(jobs, self._ahead())))
        while running:
            # Each result leaves the cluster as soon as it is here.
            yield running.popleft().result()
            running.extend(self._submit(function, islice(jobs, 1)))

    def as_done(
        self, function: Callable[..., Any], jobs: Iterable[tuple]
    ) -> Generator[Any, None, None]:
        """``function(*job)`` for each job, in the order in which they are done."""
        if self.client is None:
            yield from (function(*job) for job in jobs)
            return
        from distributed import as_completed

        jobs = iter(jobs)
        running = as_completed(self._submit(function, islice(jobs, self._ahead())))
        for task in running:
            yield task.result()
            running.update(self._submit(function, islice(jobs, 1)))

    def _submit(self, function: Callable[..., Any], jobs: Iterable[tuple]) -> list[Any]:
        return [self.client.submit(function, *job, pure=False) for job in jobs]

    def _ahead(self) -> int:
        return TASKS_AHEAD * max(len(self.client.nthreads()), 1)


@contextmanager
def open_workers(settings: Data | Prediction, section: str = "data") -> Iterator[Workers]:
    """The workers that the settings ask for; those on this machine end with this process.

    A script that uses them needs the usual ``if __name__ == "__main__":`` around its work.

    Args:
        settings: `scheduler` is joined if it is given, else `workers` processes are started,
            of one thread each.
        section: Where the settings stand, for messages.

    Raises:
        InputError: The scheduler does not answer, has no workers, or they run another temnet.
    """
    if settings.scheduler is not None:
        with _join(settings.scheduler, f"{section}.scheduler") as client:
            yield Workers(client)
    elif settings.workers == 0:
        yield Workers(None)
    else:
        import dask
        from distributed import Client, LocalCluster

        kept = {f"distributed.nanny.pre-spawn-environ.{name}": v for name, v in KEPT_MEMORY.items()}
        with (
            dask.config.set(kept),
            LocalCluster(
                n_workers=settings.workers,
                processes=True,
                threads_per_worker=1,
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # no fixed port
                silence_logs=logging.ERROR,
                preload=[QUIET_WORKER],
            ) as cluster,
            Client(cluster) as client,
        ):
            yield Workers(client)


def _join(address: str, key: str) -> Client:
    """A client of a scheduler that runs already.

    Raises:
        InputError: It cannot be used.
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
