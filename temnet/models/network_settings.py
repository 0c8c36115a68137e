"""The settings in a network's folder, which may come from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from temnet.config.experiment import Experiment
from temnet.config.loading import parse_yaml, validate
from temnet.config.structures.from_file import FromFunction
from temnet.errors import InputError

MOST_BYTES = 2**20
"""Of a network's settings; those of temnet have a few thousand."""


def read_settings(path: Path) -> Experiment:
    """The settings that a network was trained with.

    They stand in this one file, as temnet writes it: nothing that it names is read or run.

    Raises:
        InputError: They are damaged, name another file as `base` or a Python function.
    """
    if path.stat().st_size > MOST_BYTES:
        raise InputError(
            f"{path}: a network's settings have a few thousand bytes, this file has "
            f"{path.stat().st_size:,}; copy the network's whole folder again."
        )
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
        problem = _problem(values)
    except Exception as error:  # of whatever kind YAML raises at damaged text
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{path}: this is not valid YAML ({reason[:200]}); copy the network's whole folder "
            "again."
        ) from error
    if problem:
        raise InputError(f"{path}: {problem}; copy the network's whole folder again.")
    config = validate(values, str(path))
    if isinstance(config.structure, FromFunction):
        raise InputError(
            f"{path}: the network's settings name the Python function {config.structure.function}, "
            "which a network that may come from elsewhere must not have run; replace the section "
            "structure there."
        )
    return config


def _problem(values: Any) -> str | None:
    """What temnet would not have written."""
    if not isinstance(values, dict):
        return "expected sections as `name: value`"
    waiting: list[Any] = [values]
    seen = set[int]()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            return "a value stands in several places by an alias, as temnet does not write it"
        seen.add(id(value))
        if isinstance(value, dict):
            if not all(isinstance(key, str) for key in value):
                return "the names of settings are texts"
            if "base" in value:
                return "a network's settings stand in one file, but this one names another as base"
        inner = value.values() if isinstance(value, dict) else value
        waiting += [one for one in inner if isinstance(one, dict | list)]
    return None
