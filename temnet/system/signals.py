"""Signals that ask a command to end: each is taken as Ctrl-C is."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""Sent by batch queues and `kill`, by a terminal that is closed, by Ctrl-Break on Windows."""

SHELL = 128
"""A shell's exit code of a command that a signal has ended is this and the signal's number."""


class Stopped(KeyboardInterrupt):
    """A signal has asked the command to end.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stopped_by(error: KeyboardInterrupt) -> tuple[str, int]:
    """What has stopped a command, and its exit code.

    >>> stopped_by(KeyboardInterrupt()), stopped_by(Stopped(signal.SIGTERM))
    (('Ctrl-C', 130), ('SIGTERM', 143))
    """
    if isinstance(error, Stopped):
        return signal.Signals(error.number).name, SHELL + error.number
    return "Ctrl-C", SHELL + int(signal.SIGINT)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Inside of it signals that ask for the end raise `Stopped` in the main thread.

    Those that are ignored, as `nohup` has it, and those that the caller handles stay as they are.
    Processes that are started inside do not take this over: a new program begins with the defaults.
    """
    changed = []
    if threading.current_thread() is threading.main_thread():
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _stop)
                changed.append(number)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)
