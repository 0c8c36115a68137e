"""Libraries that are imported only for a conversion to their records."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from temnet.errors import InputError


def library(module: str, name: str) -> ModuleType:
    """A module of an optional library.

    Args:
        module: Full name of the module.
        name: Name of the library, for the message.

    Raises:
        InputError: If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"{name} cannot be imported ({error}); install it with "
            "pip install -e .[interoperability] in temnet's folder."
        ) from error
