"""Standard output and error, which may be closed, lose their reader, or lack letters."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

STANDARD = (0, 1, 2)
"""File descriptors of standard input, output and error; libraries written in C use them, too."""

STDERR = 2
"""The one that libraries written in C write their messages to."""

READER_GONE = (errno.EPIPE, errno.EINVAL, errno.EIO)
"""What is met where nobody reads any longer: a pipe (on Windows the second), a closed terminal."""


class Output:
    """A text stream that goes on where nothing can be written any longer; the rest is dropped.

    Args:
        stream: Where the text goes.

    Attributes:
        failure: What stopped it first; None while everything could be written, or where only its
            reader, such as `head`, has gone.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Writes a text; returns its length."""
        try:
            self._stream.write(text)
        except UnicodeEncodeError:  # a stream that cannot be told to replace letters
            self._stream.write(text.encode("ascii", "backslashreplace").decode("ascii"))
        except OSError as error:
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Writes what was kept back."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Sends everything that follows nowhere, also what Python writes when it ends."""
        if error.errno not in READER_GONE and self.failure is None:
            self.failure = error
        with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def standard_streams() -> Iterator[tuple[Output, Output]]:
    """Standard output and error that no text, no closed file and no reader's end can break.

    Letters that the terminal or the file cannot hold become escapes of their number.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    nowhere = open(os.devnull, "w", encoding="utf-8")
    streams = [nowhere if stream is None else stream for stream in before]
    errors = [getattr(stream, "errors", None) for stream in streams]
    outputs = Output(streams[0]), Output(streams[1])
    for stream in streams:
        _set_errors(stream, "backslashreplace")
    sys.stdout, sys.stderr = outputs  # type: ignore[assignment]
    try:
        yield outputs
    finally:
        for output in outputs:
            output.flush()
        if (sys.stdout, sys.stderr) == outputs:
            sys.stdout, sys.stderr = before
        for stream, kept in zip(streams, errors, strict=True):
            _set_errors(stream, kept)
        nowhere.close()


@contextmanager
def libraries_silenced() -> Iterator[None]:
    """Inside of it nothing that is written to standard error is seen.

    TensorFlow's libraries greet before they know of any log level, past Python's ``sys.stderr``.
    """
    try:
        kept = os.dup(STDERR)
    except OSError:  # it is closed, as programs without a terminal have it on Windows
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)


def _set_errors(stream: Any, errors: str | None) -> None:
    """Says what becomes of letters that a stream cannot hold, where it can be told."""
    if errors is not None and hasattr(stream, "reconfigure"):
        with suppress(OSError, ValueError):  # closed, or its reader has gone
            stream.reconfigure(errors=errors)


def _open_closed() -> None:
    """Has the closed ones of the standard descriptors lead nowhere.

    Else the next file that is opened takes their number, and what libraries print lies in it.
    """
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
