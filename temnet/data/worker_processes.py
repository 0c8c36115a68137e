"""Processes on this machine that run tasks, without any network.

Each process has a pipe of its own to this one, which nobody else can join, and a thread here that
hands it one task at a time.  It imports the modules that its tasks need, and never the script that
this process runs: that script needs no ``if __name__ == "__main__":``.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import cloudpickle

from temnet.errors import InputError
from temnet.system.streams import libraries_silenced

ATTEMPTS = 4
"""Processes that a task may end before it is given up."""

KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**32), "MALLOC_MMAP_THRESHOLD_": str(2**25)}
"""Environment of a process: glibc keeps the memory of temporary arrays for the next ones."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Environment of a process, unless the user says otherwise: there are as many as processors."""

HIDDEN = ("__spec__", "__file__")
"""Attributes by which a process that is started knows the script that runs here."""

PATIENCE = 5
"""How long processes that were asked to end may take [s]."""

_starting = threading.Lock()
"""Held while a process is started, which changes the environment for a moment."""


class Processes:
    """A number of processes that run tasks.

    A task whose process is killed is given to a new one, up to `ATTEMPTS` times.

    Args:
        count: How many; they are started with the first tasks.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="temnet-worker")
        self._own = threading.local()
        self._all: list[tuple[BaseProcess, Connection]] = []
        self._closed = False

    def submit(self, function: Callable[..., Any], *job: Any) -> Future[Any]:
        """Has ``function(*job)`` run by the next process that is free.

        Returns:
            What gives its result, or raises what it raised.
        """
        return self._threads.submit(self._run, cloudpickle.dumps((function, job)))

    def close(self) -> None:
        """Ends all processes, whatever they are at."""
        self._closed = True
        with _starting:
            for process, _ in self._all:
                process.terminate()
        self._threads.shutdown(wait=False, cancel_futures=True)
        end = time.monotonic() + PATIENCE
        for process, _ in self._all:
            process.join(max(end - time.monotonic(), 0))
            if process.is_alive():  # it does not heed the request, nor would its thread ever end
                process.kill()
                process.join()
        self._threads.shutdown(wait=True)
        for _, connection in self._all:
            connection.close()

    def _run(self, task: bytes) -> Any:
        """The result of a pickled task; runs in the thread of one process."""
        for _ in range(ATTEMPTS):
            connection = self._connection()
            try:
                connection.send_bytes(task)
                answer = connection.recv_bytes()
            except (EOFError, OSError):  # the process was killed
                self._own.connection = None
                continue
            failed, result = pickle.loads(answer)
            if failed:
                raise result
            return result
        raise RuntimeError(
            f"a task has ended {ATTEMPTS} processes, one after the other; perhaps the memory is "
            "full: give fewer workers"
        )

    def _connection(self) -> Connection:
        """The pipe to the process of this thread, which is started where there is none.

        Raises:
            InputError: The system does not let it start.
        """
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is not None:
            return connection
        ours, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        with _starting:
            if self._closed:
                raise RuntimeError("the processes were ended")
            try:
                with _main_hidden(), _environment(), _without_ctrl_c():
                    process.start()
            except OSError as error:  # the system's limits, or it was killed at once
                raise InputError(
                    f"A worker process cannot be started ({error.strerror or error}); give fewer "
                    "workers, or 0 to do without."
                ) from error
            self._all = [(one, pipe) for one, pipe in self._all if one.is_alive()]
            self._all.append((process, ours))
        theirs.close()
        self._own.connection = ours
        return ours


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Has a process that is started not import the script that runs here.

    Without a main guard the script would begin again in it, and with one nothing in it is needed:
    functions of it travel with the task.
    """
    main = vars(sys.modules["__main__"])
    kept: dict[str, Any] = {name: main[name] for name in HIDDEN if name in main}
    main.update(dict.fromkeys(kept))
    try:
        yield
    finally:
        main.update(kept)


@contextmanager
def _environment() -> Iterator[None]:
    """The environment that a process is started with."""
    changes = {**ONE_THREAD, **KEPT_MEMORY}
    before = {name: os.environ.get(name) for name in changes}
    for name, value in changes.items():
        if before[name] is None or name in KEPT_MEMORY:
            os.environ[name] = value
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Has a process that is started never see Ctrl-C, which reaches all of a terminal.

    This process ends the others; they shall not complain of it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection) -> None:
    """Runs tasks until the other process closes the pipe or ends; the whole life of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            task = connection.recv_bytes()
            connection.send_bytes(_answer(task))


def _end_with_parent() -> None:
    """Ends this process, whatever it is at, when the one that has started it is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(task: bytes) -> bytes:
    """Whether a task has failed, and its result or what it raised, pickled."""
    try:
        with libraries_silenced():  # which are loaded with the first task
            function, job = pickle.loads(task)
        return pickle.dumps((False, function(*job)), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:
        # Its text alone, which is asked for with care: an error may fail at that, too.
        told = traceback.format_exception_only(error)[-1].strip()
        error.add_note(f"In a worker process:\n{traceback.format_exc()}")
        with suppress(Exception):  # of a kind that does not travel
            answer = pickle.dumps((True, error))
            if isinstance(pickle.loads(answer)[1], Exception):
                return answer
        return pickle.dumps((True, RuntimeError(told)))
