"""A Python function that settings name, imported and run.

Settings that name one are a program: it may do all that its user may do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from temnet.config.function_source import KEY, in_one_line, source_hash
from temnet.config.structures.from_file import FromFunction
from temnet.errors import InputError

MOST_PARAMETERS = 4096
"""Most bytes of a function's parameters as JSON; each example is stored with them."""

_left_out: list[bool] = []
"""Holds one entry for each active `only_named`, in all threads."""


@contextmanager
def only_named() -> Iterator[None]:
    """Context in which no function of the settings is imported or run, as for `--check`."""
    _left_out.append(True)
    try:
        yield
    finally:
        _left_out.pop()


def left_out(structure: object) -> bool:
    """Whether a specimen cannot be made now because its function must not run."""
    return isinstance(structure, FromFunction) and bool(_left_out)


def run_function(name: str, *arguments: Any, **options: Any) -> Any:
    """Return value of the function `module:function`.

    Raises:
        InputError: If it cannot be imported or raises an exception, which the message names.
    """
    function = find_function(name)
    try:
        return function(*arguments, **options)
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{KEY}: {name} failed: {in_one_line(error)}.") from error


def plain_parameters(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a function of the user returned, as they are stored with each example.

    Args:
        name: The function, for messages.
        parameters: Numbers, texts and lists; NumPy's become plain ones.

    Raises:
        InputError: If they hold something else, or too much.
    """
    try:
        text = json.dumps(dict(parameters), default=_plain)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{KEY}: {name} returned parameters that cannot be stored ({error}); expected numbers, "
            "texts and lists."
        ) from error
    if len(text) > MOST_PARAMETERS:
        raise InputError(
            f"{KEY}: {name} returned {len(text):,} bytes of parameters; expected at most "
            f"{MOST_PARAMETERS:,}. Return only numbers that describe the specimen."
        )
    return dict(json.loads(text))


def _plain(value: Any) -> Any:
    """A NumPy number or array as JSON holds it."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not a number, a text or a list")


@cache
def find_function(name: str) -> Callable[..., Any]:
    """The function `module:function`, imported.

    Raises:
        InputError: If the module cannot be imported or has no such function.
    """
    if _left_out:
        raise InputError(f"{KEY}: {name} does not run with --check; run the experiment without it.")
    source_hash(name)  # cached: the hash belongs to the source that is imported now
    module, attribute = name.split(":")
    try:
        function = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"{KEY}: {name} cannot be found ({error}); the module has to be importable from where "
            "the command is run."
        ) from error
    except (Exception, SystemExit) as error:
        raise InputError(
            f"{KEY}: the module {module} cannot be imported: {in_one_line(error)}."
        ) from error
    if not callable(function):
        raise InputError(f"{KEY}: {name} is not a function.")
    return function
