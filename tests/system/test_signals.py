"""Signals that this process sends to itself."""

import os
import signal
import threading

import pytest

from temnet.system.signals import Stopped, ended_by_signals, stopped_by

TERMINATE, HANG_UP = signal.SIGTERM, getattr(signal, "SIGHUP", None)
POSIX = pytest.mark.skipif(HANG_UP is None, reason="signals of POSIX")


@pytest.fixture(autouse=True)
def handlers():
    """Default handlers, whatever started the tests."""
    kinds = [kind for kind in (TERMINATE, HANG_UP) if kind is not None]
    before = {kind: signal.signal(kind, signal.SIG_DFL) for kind in kinds}
    yield
    for kind, handler in before.items():
        signal.signal(kind, handler)


@POSIX
@pytest.mark.parametrize("kind", [TERMINATE, HANG_UP])
def test_a_signal_ends_the_block_and_its_cleaning_up_is_done(kind):
    cleaned = []
    with pytest.raises(Stopped) as raised, ended_by_signals():
        try:
            os.kill(os.getpid(), kind)
            signal.pause()
        finally:
            cleaned.append(True)
    assert cleaned and raised.value.number == kind
    # As shells report a program that a signal ended.
    assert stopped_by(raised.value) == (kind.name, 128 + kind)
    assert signal.getsignal(kind) is signal.SIG_DFL


@POSIX
def test_signals_that_are_ignored_or_handled_stay_so():
    heard = []
    signal.signal(HANG_UP, signal.SIG_IGN)
    signal.signal(TERMINATE, lambda number, frame: heard.append(number))
    with ended_by_signals():
        os.kill(os.getpid(), HANG_UP)
        os.kill(os.getpid(), TERMINATE)
    assert heard == [TERMINATE] and signal.getsignal(HANG_UP) is signal.SIG_IGN


def test_other_threads_change_no_handlers():
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
