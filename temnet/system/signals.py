"""Signals that end a command, handled like Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""Sent by batch queues and `kill`, by closing a terminal, and by Ctrl-Break on Windows."""

SHELL = 128
"""In a shell, the exit code of a command ended by a signal is this plus the signal's number."""


class Stopped(KeyboardInterrupt):
    """Raised when a signal ends the command.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stopped_by(error: KeyboardInterrupt) -> tuple[str, int]:
    """The signal that stopped a command, and the exit code.

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
    """Makes signals that end a command raise `Stopped` in the main thread inside the block.

    Ignored signals, as with `nohup`, and signals that the caller handles are left alone.  Programs
    started inside the block have the default handlers.
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
