"""Standard output and error that may be closed, lose their reader or lack characters."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

STANDARD = (0, 1, 2)
"""File descriptors of standard input, output and error, which C libraries use too."""

STDERR = 2
"""The file descriptor of C libraries' messages."""

READER_GONE = (errno.EPIPE, errno.EINVAL, errno.EIO)
"""Errors of a pipe without a reader (the second on Windows) and of a closed terminal."""


class Output:
    """A text stream that discards its text once writing has failed.

    Args:
        stream: The stream that is written to.

    Attributes:
        failure: The first error; None if all text was written, or only the reader, such as
            `head`, has closed the stream.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Writes a text; returns its length."""
        try:
            self._stream.write(text)
        except UnicodeEncodeError:  # the stream has no option to replace characters
            self._stream.write(text.encode("ascii", "backslashreplace").decode("ascii"))
        except OSError as error:
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Writes buffered text."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Discards all further text, also what Python writes at its end."""
        if error.errno not in READER_GONE and self.failure is None:
            self.failure = error
        with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def standard_streams() -> Iterator[tuple[Output, Output]]:
    """Standard output and error that survive closed files, lost readers and any text.

    Files and pipes get UTF-8, whatever the system's code page; a terminal keeps its encoding, and
    characters that it lacks become escapes of their number.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    nowhere = open(os.devnull, "w", encoding="utf-8")
    streams = [nowhere if stream is None else stream for stream in before]
    coding = [_coding(stream) for stream in streams]
    outputs = Output(streams[0]), Output(streams[1])
    for stream, (encoding, _) in zip(streams, coding, strict=True):
        _set_coding(stream, encoding if _is_terminal(stream) else "utf-8", "backslashreplace")
    sys.stdout, sys.stderr = outputs  # type: ignore[assignment]
    try:
        yield outputs
    finally:
        for output in outputs:
            output.flush()
        if (sys.stdout, sys.stderr) == outputs:
            sys.stdout, sys.stderr = before
        for stream, kept in zip(streams, coding, strict=True):
            _set_coding(stream, *kept)
        nowhere.close()


@contextmanager
def libraries_silenced() -> Iterator[None]:
    """Hides everything written to standard error inside the block.

    TensorFlow's libraries print messages before a log level can be set, and not to Python's
    ``sys.stderr``.
    """
    try:
        kept = os.dup(STDERR)
    except OSError:  # closed, as in programs without a terminal on Windows
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)


def _coding(stream: Any) -> tuple[str | None, str | None]:
    """Encoding of a stream, and what it does with characters that this lacks."""
    return getattr(stream, "encoding", None), getattr(stream, "errors", None)


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # closed, or no stream of Python
        return False


def _set_coding(stream: Any, encoding: str | None, errors: str | None) -> None:
    """Sets the encoding of a stream, and for characters that this lacks, if it has the option."""
    if errors is not None and hasattr(stream, "reconfigure"):
        with suppress(OSError, ValueError):  # closed, or its reader has gone
            stream.reconfigure(encoding=encoding, errors=errors)


def _open_closed() -> None:
    """Opens closed standard descriptors to nowhere.

    Otherwise the next opened file would get their number, and libraries would print into it.
    """
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
