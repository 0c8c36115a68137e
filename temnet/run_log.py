"""A run's log file, and what of its messages is shown on the terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from logging.handlers import MemoryHandler
from pathlib import Path

from tqdm import tqdm

from temnet.workflow.stage import Done

PRINTED = "temnet.command"
"""Logger of messages that the command prints by itself, too."""

STAGES = "temnet.workflow.plan"
"""Logger of the messages that name the stage that runs."""


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Done]:
    """A bar on the terminal with the time left."""
    with tqdm(total=total, desc=title, file=sys.stderr, dynamic_ncols=True) as bar:
        yield bar.update


class Terminal(logging.Handler):
    """Shows warnings and which stage runs, above the progress bars."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one line."""
        wanted = record.levelno >= logging.WARNING or record.name == STAGES
        if wanted and record.name != PRINTED:
            tqdm.write(record.getMessage(), file=sys.stderr)


class LogFile(logging.FileHandler):
    """A log file that leaves out what a full disk does not take."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Says what went wrong with a message, unless the disk refused it."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    def close(self) -> None:
        """Closes the file; what is left to be written may be lost."""
        with suppress(OSError):
            super().close()


@contextmanager
def kept_messages() -> Iterator[list[logging.LogRecord]]:
    """Shows temnet's warnings and keeps them, while there is no run folder to log in."""
    ours, terminal = logging.getLogger("temnet"), Terminal()
    kept = MemoryHandler(sys.maxsize, flushLevel=sys.maxsize)
    ours.addHandler(kept)
    ours.addHandler(terminal)
    try:
        yield kept.buffer
    finally:
        ours.removeHandler(kept)
        ours.removeHandler(terminal)


@contextmanager
def logging_to(path: Path, said: Sequence[logging.LogRecord] = ()) -> Iterator[None]:
    """Appends temnet's messages and all warnings to a log file, and shows the main ones.

    Messages that were ``said`` and shown before are appended first.
    """
    # Names of files may hold bytes that are no UTF-8.
    to_file = LogFile(path, encoding="utf-8", errors="backslashreplace")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for record in said:
        to_file.handle(record)
    ours, warnings = logging.getLogger("temnet"), logging.getLogger("py.warnings")
    handlers = ((ours, to_file), (ours, Terminal()), (warnings, to_file))
    before = [(logger, logger.level, logger.propagate) for logger in (ours, warnings)]
    logging.captureWarnings(True)
    for logger, handler in handlers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for logger, handler in handlers:
            logger.removeHandler(handler)
        for logger, level, propagate in before:
            logger.setLevel(level)
            logger.propagate = propagate
        to_file.close()
