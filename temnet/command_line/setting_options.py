"""Options of a command, made from the fields of settings.

A field's name, type, default and description give the option's name, form and help, so that a new
setting of prediction is an option of ``python -m temnet.predict``, too.  Options that are not given
keep the settings' defaults; values are checked by the settings.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from temnet.config.settings import Settings

UNIT = re.compile(r"\[(Å|s|Å²)\]")
"""Unit in a description, which becomes the name of the option's value in the help."""


def add_settings(
    parser: argparse._ActionsContainer,
    section: type[Settings],
    leave_out: Collection[str] = (),
    prefix: str = "",
) -> None:
    """Adds an option for each field of a section of the settings.

    Args:
        parser: Gets the options; a parser or a group of it.
        section: The section's class.
        leave_out: Fields that are no options.
        prefix: What the names of the options begin with, such as ``strain_``.
    """
    for name, field in section.model_fields.items():
        if name not in leave_out:
            _add(parser, f"{prefix}{name}", field)


def given_settings(
    options: argparse.Namespace,
    section: type[Settings],
    leave_out: Collection[str] = (),
    prefix: str = "",
) -> dict[str, object]:
    """The fields of a section whose options were given, by name; see `add_settings`."""
    names = (name for name in section.model_fields if name not in leave_out)
    found = {name: getattr(options, f"{prefix}{name}") for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _add(parser: argparse._ActionsContainer, name: str, field: Any) -> None:
    """Adds the option of one field, a pydantic ``FieldInfo``."""
    flag, kinds = f"--{name.replace('_', '-')}", _kinds(field.annotation)
    text = _help(field)
    unit = UNIT.search(field.description or "")
    value = unit[1] if unit else None
    kind = kinds[0]
    if kind is bool and len(kinds) > 1:
        words = [word for each in kinds[1:] for word in get_args(each)]
        parser.add_argument(
            flag, nargs="?", const=True, type=_Switch(words),
            metavar="|".join((*words, "true", "false")), help=text,
        )  # fmt: skip
    elif kind is bool and field.default:
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=text)
    elif kind is bool:
        parser.add_argument(flag, action="store_const", const=True, help=text)
    elif isinstance(kind, type) and issubclass(kind, Settings):
        ((inner, inside),) = kind.model_fields.items()
        items = get_args(inside.annotation)
        unit = UNIT.search(inside.description or "")
        parser.add_argument(
            flag, dest=name, nargs=len(items), type=items[0], action=_Inside, const=inner,
            metavar=unit[1] if unit else "N", help=f"{text} {_help(inside)}",
        )  # fmt: skip
    elif get_origin(kind) is tuple:
        _add_list(parser, flag, get_args(kind), value or "N", text)
    elif all(get_origin(each) is Literal for each in kinds):
        parser.add_argument(flag, choices=get_args(kind), help=text)
    else:
        numeric = [each for each in kinds if each in (int, float)]
        convert = _number_or_word if len(kinds) > 1 else kind
        parser.add_argument(
            flag,
            type=convert,
            metavar=value or ("N" if numeric else name.upper()),
            help=text,
        )


def _add_list(
    parser: argparse._ActionsContainer, flag: str, items: Sequence[Any], value: str, text: str
) -> None:
    """Adds the option of a list with items of the given types."""
    if items[-1] is not Ellipsis:
        (convert,) = _kinds(items[0])
        parser.add_argument(flag, nargs=len(items), type=convert, metavar=value, help=text)
    elif get_origin(items[0]) is tuple:
        inner = get_args(items[0])
        parser.add_argument(
            flag, nargs=len(inner), type=inner[0], action="append", metavar=value,
            help=f"{text} May be given several times.",
        )  # fmt: skip
    else:
        parser.add_argument(
            flag, type=_words, metavar="LIST", help=f"{text} Separate them by commas."
        )


class _Inside(argparse.Action):
    """Stores the values under the key of an inner section."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Stores ``{key: values}``."""
        setattr(namespace, self.dest, {str(self.const): values})


def _kinds(annotation: Any) -> list[Any]:
    """The types that a field may have, without None and without annotations.

    >>> _kinds(Annotated[float, "x"] | None)
    [<class 'float'>]
    """
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for each in get_args(annotation) for kind in _kinds(each)]
    return [] if annotation is NoneType else [annotation]


def _help(field: Any) -> str:
    """A field's description as argparse wants it, with its default."""
    text = (field.description or "").replace("`", "").replace("%", "%%")
    default = field.default
    if field.is_required() or default is None or default is False or default is True:
        return text
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    return f"{text} Default: {default}." if default != "" else text


class _Switch:
    """Reads true, false or one of some words.

    >>> switch = _Switch(["auto"])
    >>> switch("auto"), switch("false")
    ('auto', False)
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._values: dict[str, bool | str] = {word: word for word in words}
        self._values |= {"true": True, "false": False}

    def __call__(self, text: str) -> bool | str:
        """The value of a text.

        Raises:
            argparse.ArgumentTypeError: If the text is another word.
        """
        if text not in self._values:
            known = ", ".join(self._values)
            raise argparse.ArgumentTypeError(
                f"expected one of {known}; got {text!r}. Give files before this option, or write "
                "true behind it"
            )
        return self._values[text]


def _number_or_word(text: str) -> float | str:
    """A number, or a word that the settings check."""
    try:
        return float(text)
    except ValueError:
        return text


def _words(text: str) -> list[str]:
    """The words of a list with commas.

    >>> _words("hdf5, maps"), _words("")
    (['hdf5', 'maps'], [])
    """
    return [word.strip() for word in text.split(",") if word.strip()]
