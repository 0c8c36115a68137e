"""Errors that a user can mend."""

from __future__ import annotations

from collections.abc import Mapping


class InputError(ValueError):
    """Something that the user gave is wrong: a setting, a file or a pair that cannot agree.

    The message is one sentence or two that say what happened, what was expected, what was
    received and what to change.  Commands print it without a traceback and exit with 2.
    """


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
