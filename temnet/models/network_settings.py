"""The settings in a network's folder, which may be of unknown origin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from temnet.config.experiment import Experiment
from temnet.config.loading import parse_yaml, validate
from temnet.config.paths import resolved
from temnet.config.structures.from_file import FromFunction
from temnet.errors import InputError

MOST_BYTES = 2**20
"""Largest settings of a network that are read; those of temnet have a few thousand bytes."""


def read_settings(path: Path) -> Experiment:
    """The settings that a network was trained with.

    They are in one file, as temnet writes it: no file or function that it names is read or run.

    Raises:
        InputError: If they are damaged, or name another file as `base` or a Python function.
    """
    if path.stat().st_size > MOST_BYTES:
        raise InputError(
            f"{path}: a network's settings have a few thousand bytes, this file has "
            f"{path.stat().st_size:,}; copy the network's whole folder again."
        )
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
        problem = _problem(values)
    except Exception as error:  # YAML raises many kinds at damaged text
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{path}: this is not valid YAML ({reason[:200]}); copy the network's whole folder "
            "again."
        ) from error
    if problem:
        raise InputError(f"{path}: {problem}; copy the network's whole folder again.")
    values = resolved(values, path.parent, (), (Path(),), warn=False)
    experiment = validate(values, str(path))
    if isinstance(experiment.structure, FromFunction):
        raise InputError(
            f"{path}: the network's settings name the Python function "
            f"{experiment.structure.function}, which is not run for a network of unknown origin; "
            "replace the section structure there."
        )
    return experiment


def _problem(values: Any) -> str | None:
    """The first thing that temnet would not have written, in words."""
    if not isinstance(values, dict):
        return "expected sections as `name: value`"
    waiting: list[Any] = [values]
    seen = set[int]()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            return "a value occurs more than once by an alias, which temnet does not write"
        seen.add(id(value))
        if isinstance(value, dict):
            if not all(isinstance(key, str) for key in value):
                return "the names of settings must be texts"
            if "base" in value:
                return "a network's settings are in one file, but this one names another as base"
        inner = value.values() if isinstance(value, dict) else value
        waiting += [one for one in inner if isinstance(one, dict | list)]
    return None
