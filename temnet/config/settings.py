"""Base class of all settings, which keeps keys and values as they were written."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator


class InsideError(ValueError):
    """A fault in settings that are only checked together with the section around them.

    Attributes:
        place: Keys from the section that is checked to these settings.
        section: Class of these settings.
        error: The fault.
    """

    def __init__(
        self, place: tuple[int | str, ...], section: type[Settings], error: ValidationError
    ) -> None:
        first = error.errors()[0]
        key = ".".join(map(str, (*place, *first["loc"])))
        super().__init__(f"{key}: {first['msg'].removeprefix('Value error, ')}")
        self.place, self.section, self.error = place, section, error


class Settings(BaseModel):
    """Base of all settings: frozen; unknown keys, NaN and infinity are refused.

    Dumps use the keys of hashes and of finished runs: where a setting was renamed, its old key.

    Attributes:
        plain: Names of the fields that hold sections as in YAML, whose keys may be numbers.
    """

    plain: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=False,
        serialize_by_alias=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _truth_and_texts_are_no_numbers(cls, values: Any) -> Any:
        # pydantic reads True as the number 1: except for switches it is a word here.
        if not isinstance(values, Mapping):
            return values
        switches, numbers = _sorts_of_fields(cls)
        return {
            key: value if key in switches else _as_written(value, numbers.get(key))
            for key, value in values.items()
        }


@cache
def _sorts_of_fields(section: type[Settings]) -> tuple[frozenset[str], dict[str, bool]]:
    """Names of a section's switches, and of its numbers with whether they are a list."""
    kinds = {name: field.annotation for name, field in section.model_fields.items()}
    switches = frozenset(name for name, kind in kinds.items() if kind is bool)
    return switches, {name: _is_list(kind) for name, kind in kinds.items() if of_numbers(kind)}


def _as_written(value: Any, of_list: bool | None) -> Any:
    """A value, wrapped so that pydantic does not convert it to another type.

    Args:
        value: The plain value of a setting that is not a switch.
        of_list: Whether the setting is a list of numbers, or one number; None for others.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if of_list is None or (of_list and isinstance(value, str)):
        return value
    return _kept(value)


class _Word:
    """A text in place of a number, which pydantic would otherwise read as one ('1e3')."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return repr(self.text)


def _kept(value: Any) -> Any:
    """The value of a number's setting, in which texts stay texts."""
    if isinstance(value, str):
        return _Word(value)
    if isinstance(value, list | tuple):
        return [_kept(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _kept(item) for key, item in value.items()}
    return value


def of_numbers(annotation: Any) -> bool:
    """Whether a setting is a number, or numbers in a list or by name, and cannot be a text.

    >>> of_numbers(float | None), of_numbers(tuple[int, int]), of_numbers(int | str)
    (True, True, False)
    """
    if annotation in (int, float):
        return True
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return not any(isinstance(part, BeforeValidator) for part in parts) and of_numbers(parts[0])
    if origin in (Union, types.UnionType):
        return all(of_numbers(part) for part in parts if part is not type(None))
    if origin is dict:
        return of_numbers(parts[1])
    return origin is tuple and all(of_numbers(part) for part in parts if part is not Ellipsis)


def _is_list(annotation: Any) -> bool:
    """Whether a setting is a list and not a text; some lists may be given as a file's path."""
    if get_origin(annotation) in (Union, types.UnionType):
        return any(map(_is_list, get_args(annotation)))
    return get_origin(annotation) is tuple


def is_number(value: Any) -> bool:
    """Whether ``value`` is a finite number; true and false are not.

    >>> is_number(1), is_number(True), is_number(math.inf), is_number("1")
    (True, False, False, False)
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def is_whole(value: Any) -> bool:
    """Whether ``value`` is a whole number, also one that is written as 2.0.

    >>> is_whole(2), is_whole(2.0), is_whole(2.5), is_whole(True)
    (True, True, False, False)
    """
    return is_number(value) and int(value) == value


def shown(value: Any) -> str:
    """``value`` as a user may have typed it, shortened for a message.

    >>> shown(None), shown(True), shown({"a": [1, "b"]})
    ('nothing', 'true', "{a: [1, 'b']}")
    """
    if value is None:
        return "nothing"
    text = _yaml_like(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _yaml_like(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        items = (f"{_key_like(key)}: {_yaml_like(item)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_yaml_like, value)) + "]"
    return repr(value)


def _key_like(key: Any) -> str:
    """A key, with quotes where it would be read as a number without them."""
    if key is None:
        return "null"
    return key if isinstance(key, str) and not key[:1].isdigit() else _yaml_like(key)
