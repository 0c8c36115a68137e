"""Errors that a user can mend."""

from __future__ import annotations


class InputError(ValueError):
    """Something that the user gave is wrong: a setting, a file or a pair that cannot agree.

    The message is one sentence or two that say what happened, what was expected, what was
    received and what to change.  Commands print it without a traceback and exit with 2.
    """
