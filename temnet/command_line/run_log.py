"""A run's log file, the messages shown on the terminal, and progress bars."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from logging.handlers import MemoryHandler
from pathlib import Path

from tqdm import tqdm

from temnet.workflow.stage import Done

PRINTED = "temnet.command_line.command"
"""Logger of messages that the command also prints itself."""

STAGES = "temnet.workflow.plan"
"""Logger of the messages that name the current stage."""

VERDICTS = "temnet.stages.prediction.verdict"
"""Logger of the verdicts on images, one line each."""


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Done]:
    """A progress bar on the terminal, with the remaining time."""
    with tqdm(total=total, desc=title, file=sys.stderr, dynamic_ncols=True) as bar:
        yield bar.update


class Terminal(logging.Handler):
    """Shows warnings, verdicts and the current stage above the progress bars."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one line."""
        wanted = record.levelno >= logging.WARNING or record.name in (STAGES, VERDICTS)
        if wanted and record.name != PRINTED:
            tqdm.write(record.getMessage(), file=sys.stderr)


class LogFile(logging.FileHandler):
    """A log file that ignores a full disk."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Reports an error of a message, unless the disk refused to write it."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    def close(self) -> None:
        """Closes the file; the last messages may be lost if the disk is full."""
        with suppress(OSError):
            super().close()


@contextmanager
def kept_messages() -> Iterator[list[logging.LogRecord]]:
    """Shows temnet's warnings and keeps them until a run folder with a log file exists."""
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
def logging_to(path: Path, earlier: Sequence[logging.LogRecord] = ()) -> Iterator[None]:
    """Appends temnet's messages and all warnings to a log file, and shows the main ones.

    Args:
        path: The log file.
        earlier: Messages that were already shown; they are appended first.
    """
    # File names may contain bytes that are not valid UTF-8.
    to_file = LogFile(path, encoding="utf-8", errors="backslashreplace")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for record in earlier:
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
