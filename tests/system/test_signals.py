"""Signals that a process sends to itself, in processes of their own."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from temnet.system.signals import Stopped, ended_by_signals, stopped_by

TERMINATE, HANG_UP = signal.SIGTERM, getattr(signal, "SIGHUP", None)
POSIX = pytest.mark.skipif(HANG_UP is None, reason="signals of POSIX")


@pytest.fixture
def handlers():
    """The default handler of SIGTERM, whatever started the tests."""
    before = signal.signal(TERMINATE, signal.SIG_DFL)
    yield
    signal.signal(TERMINATE, before)


def in_a_process(function, *arguments):
    """Runs a function of this module in a process of its own; returns the exit code."""
    code = f"import runpy; runpy.run_path({__file__!r})[{function.__name__!r}](*{arguments!r})"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", code], env=environment, timeout=60).returncode


def stopped_inside(kind):
    signal.signal(kind, signal.SIG_DFL)  # nohup starts the tests with ignored hang-ups
    cleaned = []
    try:
        with ended_by_signals():
            try:
                os.kill(os.getpid(), kind)
                signal.pause()
            finally:
                cleaned.append(True)
    except Stopped as stopped:
        assert cleaned and stopped.number == kind
        # As shells report a program that a signal ended.
        assert stopped_by(stopped) == (signal.Signals(kind).name, 128 + kind)
        assert signal.getsignal(kind) is signal.SIG_DFL
        sys.exit(3)


def stopped_outside(kind):
    signal.signal(kind, signal.SIG_DFL)
    with ended_by_signals():
        pass
    os.kill(os.getpid(), kind)
    signal.pause()


def left_alone():
    heard = []
    signal.signal(HANG_UP, signal.SIG_IGN)
    signal.signal(TERMINATE, lambda number, frame: heard.append(number))
    with ended_by_signals():
        os.kill(os.getpid(), HANG_UP)
        os.kill(os.getpid(), TERMINATE)
    assert heard == [TERMINATE] and signal.getsignal(HANG_UP) is signal.SIG_IGN
    sys.exit(3)


@POSIX
@pytest.mark.parametrize("kind", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_block_and_its_cleaning_up_is_done(kind):
    number = int(getattr(signal, kind))
    assert in_a_process(stopped_inside, number) == 3
    # Outside of the block it ends the process as it always does.
    assert in_a_process(stopped_outside, number) == -number


@POSIX
def test_signals_that_are_ignored_or_handled_stay_so():
    assert in_a_process(left_alone) == 3


def test_other_threads_change_no_handlers(handlers):
    seen = []

    def inside():
        with ended_by_signals():
            seen.append(signal.getsignal(TERMINATE))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]
    with ended_by_signals():
        assert signal.getsignal(TERMINATE) is not signal.SIG_DFL


def test_ctrl_c_is_130():
    assert stopped_by(KeyboardInterrupt()) == ("Ctrl-C", 130)
    assert isinstance(Stopped(15), KeyboardInterrupt)
