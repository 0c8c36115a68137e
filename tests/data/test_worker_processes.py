"""Processes that run tasks: their imports, their arguments and their end."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from temnet.data import worker_processes
from temnet.data.cluster import open_workers
from temnet.errors import InputError


def square(number):
    return number * number


def test_no_port_is_opened_for_workers_of_this_machine(settings):
    """They cannot be reached over a network; the workers of a scheduler can."""
    with open_workers(settings(data={"workers": 2}).data) as workers:
        children = {pid for (pid,) in workers.in_order(own_ids, [(0,)] * 6)}
        ours = [sockets(process) for process in (os.getpid(), *children)]
        assert len(children) == 2 and not set.union(*ours) & listening()
        with socket.create_server(("127.0.0.1", 0)):
            assert sockets(os.getpid()) & listening()  # this way they would be seen


def own_ids(number):
    time.sleep(0.1)
    return (os.getpid(),)


def sockets(process):
    """Inodes of the sockets that a process has open."""
    found = set()
    for file in Path(f"/proc/{process}/fd").iterdir():
        try:
            name = os.readlink(file)
        except FileNotFoundError:
            continue
        if name.startswith("socket:["):
            found.add(name[8:-1])
    return found


def listening():
    """Inodes of the sockets of this machine that wait for somebody."""
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        if Path(f"/proc/net/{table}").exists()
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return {line[9] for line in lines if line[3] == "0A"}


def test_a_task_that_kills_every_worker_is_given_up(settings):
    with open_workers(settings(data={"workers": 1}).data) as workers:
        with pytest.raises(RuntimeError, match="killed 4 processes.*fewer workers"):
            list(workers.in_order(die, [(1,)]))
        assert list(workers.in_order(square, [(3,)])) == [9]  # the others are done


def die(number):
    os.kill(os.getpid(), signal.SIGKILL)


def deaf(file):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(file).write_text(str(os.getpid()))
    time.sleep(600)


def test_a_worker_that_heeds_no_signal_is_killed_at_the_end(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_processes, "PATIENCE", 0.2)
    started = tmp_path / "started"
    start = None
    with pytest.raises(KeyboardInterrupt):
        with open_workers(settings(data={"workers": 2}).data) as workers:
            workers.pool.submit(deaf, str(started))
            while not started.is_file() or not started.read_text():
                time.sleep(0.05)
            start = time.monotonic()
            raise KeyboardInterrupt
    assert time.monotonic() - start < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


def test_a_process_that_the_system_refuses_is_one_sentence(settings, monkeypatch):
    def refused(*about, **options):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    with open_workers(settings(data={"workers": 1}).data) as workers:
        with monkeypatch.context() as patch:
            patch.setattr("multiprocessing.util.spawnv_passfds", refused)
            with pytest.raises(InputError, match="cannot be started .Resource temp.*fewer workers"):
                list(workers.in_order(square, [(3,)]))
        assert list(workers.in_order(square, [(3,)])) == [9]


class Peculiar(Exception):
    """It cannot be made again from what it was pickled as."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Speechless(Exception):
    """Its text cannot be read."""

    def __str__(self):
        raise ValueError("no text")


def fails(kind):
    if kind == "exit":
        raise SystemExit(0)
    if kind == "interrupt":
        raise KeyboardInterrupt
    if kind == "speechless":
        error = Speechless()
        error.lock = threading.Lock()  # which is never pickled
        raise error
    if kind == "result":
        return threading.Lock()
    raise Peculiar("this", "that") if kind == "peculiar" else KeyError("gone")


def test_anything_that_a_task_raises_comes_back_as_an_error(settings):
    with open_workers(settings(data={"workers": 1}).data) as workers:
        for kind, error, text in (
            ("exit", RuntimeError, "SystemExit: 0"),
            ("interrupt", RuntimeError, "KeyboardInterrupt"),
            ("speechless", RuntimeError, "Speechless: <exception str.. failed>"),
            ("result", TypeError, "cannot pickle"),
            ("peculiar", RuntimeError, "Peculiar: this and that"),
            ("plain", KeyError, "gone"),
        ):
            with pytest.raises(error, match=text):
                list(workers.in_order(fails, [(kind,)]))
        with pytest.raises(KeyError) as caught:
            list(workers.as_done(fails, [("plain",)]))
        assert "in fails" in caught.value.__notes__[0]  # where it happened


GUARDLESS = """
import os
print("the script begins", flush=True)
from temnet.config.loading import validate
from temnet.data.cluster import open_workers


def square(number):
    return number * number, os.getpid()


settings = validate({"data": {"workers": 2}, "stages": ["report"]}, "test").data
with open_workers(settings) as workers:
    found = list(workers.in_order(square, [(number,) for number in range(6)]))
assert __file__ and os.getpid() not in {process for _, process in found}
print([value for value, _ in found])
"""


@pytest.mark.parametrize("how", ["file", "input", "option"])
def test_a_script_needs_no_main_guard(tmp_path, how):
    """It is not run again by its workers, however it was given to Python."""
    (tmp_path / "script.py").write_text(GUARDLESS)
    text = GUARDLESS.replace("__file__ and ", "")
    arguments = {"file": ["script.py"], "input": ["-"], "option": ["-c", text]}[how]
    done = subprocess.run(
        [sys.executable, *arguments],
        input=GUARDLESS if how == "input" else None,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the script begins\n[0, 1, 4, 9, 16, 25]\n" and done.stderr == ""


def test_workers_have_one_thread_each_unless_the_user_sets_it(settings, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "3")
    before = dict(os.environ)
    names = [("OMP_NUM_THREADS",), ("MKL_NUM_THREADS",), ("MALLOC_TRIM_THRESHOLD_",)]
    with open_workers(settings(data={"workers": 1}).data) as workers:
        assert list(workers.in_order(os.getenv, names)) == ["1", "3", str(2**32)]
    assert dict(os.environ) == before
