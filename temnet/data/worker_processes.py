"""Processes on this machine that run tasks, without a network.

Each process has a private pipe to this one and a thread here that sends it one task at a time.  It
imports the modules that its tasks need, but not the script that this process runs: the script needs
no ``if __name__ == "__main__":``.
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
"""Number of processes that a task may kill before it is given up."""

KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**32), "MALLOC_MMAP_THRESHOLD_": str(2**25)}
"""Environment of a process: glibc reuses the memory of temporary arrays."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Environment of a process, unless the user sets it: there are as many processes as processors."""

HIDDEN = ("__spec__", "__file__")
"""Attributes by which a started process finds the script that runs here."""

PATIENCE = 5
"""Time limit for processes to end [s]."""

_starting = threading.Lock()
"""Held while a process is started, since that changes the environment temporarily."""


class Processes:
    """A pool of processes that run tasks.

    A task whose process is killed is run by a new one, up to `ATTEMPTS` times.

    Args:
        count: Number of processes; they are started with the first tasks.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="temnet-worker")
        self._own = threading.local()
        self._all: list[tuple[BaseProcess, Connection]] = []
        self._closed = False

    def submit(self, function: Callable[..., Any], *job: Any) -> Future[Any]:
        """Run ``function(*job)`` in the next free process.

        Returns:
            A future of the result or the error.
        """
        return self._threads.submit(self._run, cloudpickle.dumps((function, job)))

    def close(self) -> None:
        """End all processes, even while they work."""
        self._closed = True
        with _starting:
            for process, _ in self._all:
                process.terminate()
        self._threads.shutdown(wait=False, cancel_futures=True)
        end = time.monotonic() + PATIENCE
        for process, _ in self._all:
            process.join(max(end - time.monotonic(), 0))
            if process.is_alive():  # it ignores the request, and its thread would never end
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
            f"a task has killed {ATTEMPTS} processes, one after the other; perhaps the memory is "
            "full: use fewer workers"
        )

    def _connection(self) -> Connection:
        """The pipe to the process of this thread, which is started if needed.

        Raises:
            InputError: If the system cannot start the process.
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
                    f"A worker process cannot be started ({error.strerror or error}); use fewer "
                    "workers, or 0 for none."
                ) from error
            self._all = [(one, pipe) for one, pipe in self._all if one.is_alive()]
            self._all.append((process, ours))
        theirs.close()
        self._own.connection = ours
        return ours


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep a started process from importing the script that runs here.

    Without a main guard the script would run again in it, and with one nothing in it is needed:
    its functions are sent with the task.
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
    """Set the environment of a started process inside the block."""
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
    """Block Ctrl-C, which reaches all processes of a terminal, in a started process.

    This process ends the others, which print no error.
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
    """Run tasks until the parent closes the pipe or ends: the main function of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            task = connection.recv_bytes()
            connection.send_bytes(_answer(task))


def _end_with_parent() -> None:
    """End this process, even while it works, when its parent has ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(task: bytes) -> bytes:
    """Whether a task failed, and its result or error, pickled."""
    try:
        with libraries_silenced():  # the first task imports them
            function, job = pickle.loads(task)
        return pickle.dumps((False, function(*job)), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:
        # Formatted by `traceback`, since str() of an error may fail.
        text = traceback.format_exception_only(error)[-1].strip()
        error.add_note(f"In a worker process:\n{traceback.format_exc()}")
        with suppress(Exception):  # an error that cannot be pickled
            answer = pickle.dumps((True, error))
            if isinstance(pickle.loads(answer)[1], Exception):
                return answer
        return pickle.dumps((True, RuntimeError(text)))
