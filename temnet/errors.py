"""Errors that a user can mend."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
NOT_USABLE = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR,
    errno.ENAMETOOLONG, errno.ELOOP,
)  # fmt: skip

LONGEST_SHOWN = 200
"""Characters of a path in a message; longer ones are cut."""

LONGEST_LINE, LINE_END = 1200, 400
"""Characters of a message's line, and of its end, which says what to do, in a longer one."""


class InputError(ValueError):
    """Something that the user gave is wrong: a setting, a file or a pair that cannot agree.

    The message is one sentence or two that say what happened, what was expected, what was
    received and what to change.  Commands print it without a traceback and exit with 2.

    Args:
        message: The message; the middle of a line that is longer than any sentence is left out.
    """

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(_readable, message.split("\n"))))


def _readable(line: str) -> str:
    """A line without its middle where it is longer than `LONGEST_LINE`.

    >>> len(_readable("a" * 5000)), _readable("short")
    (1200, 'short')
    """
    if len(line) <= LONGEST_LINE:
        return line
    between = " ... "
    return line[: LONGEST_LINE - LINE_END - len(between)] + between + line[-LINE_END:]


class SimulationError(Exception):
    """An example that could not be simulated, with what had been drawn for it.

    Attributes:
        split: Its split.
        index: Its number.
        parameters: What was drawn before it failed, by name.
        cause: What went wrong, in one line.
    """

    def __init__(
        self, split: str, index: int, parameters: Mapping[str, object], cause: str
    ) -> None:
        super().__init__(split, index, dict(parameters), cause)  # all of it, to be pickled
        self.split, self.index, self.parameters, self.cause = self.args

    def __str__(self) -> str:
        drawn = ", ".join(f"{name} {value}" for name, value in self.parameters.items())
        return (
            f"example {self.index} of {self.split} failed: {self.cause}; drawn: "
            f"{drawn or 'nothing yet'}"
        )


def _says_no_space(error: OSError) -> bool:
    """Whether the copy of a folder stopped for want of space; it has texts of errors alone."""
    return isinstance(error, shutil.Error) and any(f"[Errno {n}]" in str(error) for n in NO_SPACE)


@contextmanager
def disk_errors_told(folder: Path | None = None) -> Iterator[None]:
    """What a full or a protected disk refuses within is told to the user as wrong input.

    Args:
        folder: What is written: named where the disk is full, or the error itself names no file.

    Raises:
        InputError: The disk is full, or a place cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE or _says_no_space(error):
            raise InputError(
                f"{folder or error.filename or 'the output'}: the disk is full; make room and give "
                "the same command again, it goes on with what is there."
            ) from error
        if error.errno in NOT_USABLE:
            place = str(error.filename or folder or "the output")
            shown = place if len(place) <= LONGEST_SHOWN else f"{place[:LONGEST_SHOWN]}..."
            raise InputError(
                f"{shown}: this place cannot be used "
                f"({error.strerror}); give another one, or change who may use it."
            ) from error
        raise
