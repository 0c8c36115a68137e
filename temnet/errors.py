"""Errors that a user can correct."""

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
"""Largest number of characters in a line of a message, and how many are kept at its end, where
the advice is."""


class InputError(ValueError):
    """An invalid input: a setting, a file, or two of them that do not agree.

    The message states in one or two sentences what happened, what was expected, what was received
    and what to change.  Commands print it without a traceback and exit with code 2.

    Args:
        message: The message; very long lines are shortened in the middle.
    """

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(_readable, message.split("\n"))))


def _readable(line: str) -> str:
    """A line, shortened in the middle if it is longer than `LONGEST_LINE`.

    >>> len(_readable("a" * 5000)), _readable("short")
    (1200, 'short')
    """
    if len(line) <= LONGEST_LINE:
        return line
    between = " ... "
    return line[: LONGEST_LINE - LINE_END - len(between)] + between + line[-LINE_END:]


class SimulationError(Exception):
    """The failed simulation of an example, with the parameters that were drawn for it.

    Attributes:
        split: The example's split.
        index: The example's number.
        parameters: Parameters drawn before the failure, by name.
        cause: The error in one line.
    """

    def __init__(
        self, split: str, index: int, parameters: Mapping[str, object], cause: str
    ) -> None:
        super().__init__(split, index, dict(parameters), cause)  # all arguments, for pickling
        self.split, self.index, self.parameters, self.cause = self.args

    def __str__(self) -> str:
        drawn = ", ".join(f"{name} {value}" for name, value in self.parameters.items())
        return (
            f"example {self.index} of {self.split} failed: {self.cause}; drawn: "
            f"{drawn or 'nothing yet'}"
        )


def _copy_found_no_space(error: OSError) -> bool:
    """Whether copying a folder failed on a full disk; `shutil.Error` holds only texts."""
    return isinstance(error, shutil.Error) and any(f"[Errno {n}]" in str(error) for n in NO_SPACE)


@contextmanager
def disk_errors_as_input_errors(folder: Path | None = None) -> Iterator[None]:
    """Turns disk-full and permission errors raised inside the block into `InputError`.

    Args:
        folder: The folder that is written to; the message names it if the disk is full or the
            error has no file name.

    Raises:
        InputError: If the disk is full, or a file or folder cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE or _copy_found_no_space(error):
            raise InputError(
                f"{folder or error.filename or 'the output'}: the disk is full; free some space "
                "and run the same command again to resume."
            ) from error
        if error.errno in NOT_USABLE:
            place = str(error.filename or folder or "the output")
            shown = place if len(place) <= LONGEST_SHOWN else f"{place[:LONGEST_SHOWN]}..."
            raise InputError(
                f"{shown}: this file or folder cannot be used ({error.strerror}); give another "
                "one, or change its permissions."
            ) from error
        raise
