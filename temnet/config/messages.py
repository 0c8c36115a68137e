"""Faults of settings in words: one line per key, with the key as its author typed it."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from temnet.config.experiment import Experiment
from temnet.config.names import shortened
from temnet.config.old_keys import Place
from temnet.config.settings import InsideError, Settings, shown

MOST_FAULTS = 20
"""Lines of a message; further faults are counted."""

LONGEST_KEY = 60
"""Characters of a key in a message."""

CUT = "..."
"""End of a shortened value."""


@dataclass(frozen=True)
class Layer:
    """Settings of one file or command line, to find the source of a setting.

    Attributes:
        origin: Its name in messages: a file's path or ``--set``.
        place: Section of the values; empty for the top.
        values: The plain values.
    """

    origin: str
    place: Place
    values: Mapping[str, object]

    def holds(self, place: Place) -> bool:
        """Whether the layer has the setting at ``place``."""
        depth = len(self.place)
        if place[:depth] != self.place:
            return False
        value: Any = self.values
        for part in place[depth:]:
            if isinstance(value, Mapping) and part in value:
                value = value[part]
            elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return False
        return True


def describe(
    error: ValidationError,
    origin: str,
    layers: Sequence[Layer] = (),
    root: type[Settings] = Experiment,
) -> list[str]:
    """One line per invalid key, up to `MOST_FAULTS`, each starting with file and key path.

    Args:
        error: Faults that pydantic found.
        origin: Name of the source if no layer has the key.
        layers: Sources of the settings, highest priority first.
        root: Class of the settings.
    """
    found: dict[str, list[str]] = {}
    more = set()
    for place, item, section in _faults(error, root):
        # A fault between sections is in no single layer.
        holders = (layer.origin for layer in layers if place and layer.holds(place))
        where = next(holders, origin)
        path = ".".join(shortened(str(key), LONGEST_KEY) for key in place)
        head = f"{where}: {path}" if place else where
        if head in found or len(found) < MOST_FAULTS:
            found.setdefault(head, []).append(_sentence(item, section))
        else:
            more.add(head)
    lines = [_line(head, "; ".join(dict.fromkeys(texts))) for head, texts in found.items()]
    rest = [f"{origin}: there are {len(more)} more invalid settings."] if more else []
    return [*lines, *rest]


def _line(head: str, text: str) -> str:
    return f"{head}: {text}" if text.endswith(CUT) else f"{head}: {text}."


def _faults(
    error: ValidationError, root: type[Settings]
) -> Iterator[tuple[Place, ErrorDetails, type[Settings] | None]]:
    """Each fault with its key path and the section with this key."""
    items = error.errors(include_url=False)
    for item in items:
        if item["type"] == "too_short" and any(_below(other, item) for other in items):
            continue  # pydantic counts valid entries only
        place, section = _resolve(item["loc"], root)
        inside = item.get("ctx", {}).get("error")
        if isinstance(inside, InsideError):
            for rest, fault, owner in _faults(inside.error, inside.section):
                yield (*place, *inside.place, *rest), fault, owner
            continue
        if item["type"] in ("union_tag_invalid", "union_tag_not_found"):
            place = (*place, "kind")
        yield place, item, section


def _below(item: ErrorDetails, parent: ErrorDetails) -> bool:
    depth = len(parent["loc"])
    return len(item["loc"]) > depth and item["loc"][:depth] == parent["loc"]


def _resolve(location: Place, root: type[Settings]) -> tuple[Place, type[Settings] | None]:
    """Key path without pydantic's names of union branches, and the section of the last key."""
    place: list[int | str] = []
    owner: type[Settings] | None = None
    current: Any = root
    for part in location:
        if isinstance(part, str) and (branch := _branch(current, part)) is not None:
            current = branch
            continue
        if part == "[key]":
            continue
        place.append(part)
        owner = current if _is_section(current) else None
        field = None if owner is None else owner.model_fields.get(str(part))
        current = None if field is None else _annotation(field)
    return tuple(place), owner


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Settings)


def _annotation(field: FieldInfo) -> Any:
    """Type of a field, without `None` as a branch."""
    options = _options(field.annotation)
    return options[0] if len(options) == 1 else field.annotation


def _options(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        options = [option for part in get_args(annotation) for option in _options(part)]
        return [option for option in options if option is not type(None)]
    return [annotation]


def _branch(annotation: Any, tag: str) -> Any:
    """Branch of a union of sections whose `kind` is ``tag``; None if ``tag`` is a key."""
    for option in _options(annotation):
        if annotation is not option and _is_section(option) and _kind(option) == tag:
            return option
    return None


def _kind(section: type[Settings]) -> Any:
    field = section.model_fields.get("kind")
    return None if field is None else field.default


_WANTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a section of `name: value`",
    "model_type": "a section of `name: value`",
    "model_attributes_type": "a section of `name: value`",
}
"""Expected values by pydantic's type of the fault."""

_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def _sentence(item: ErrorDetails, section: type[Settings] | None) -> str:
    kind, value, context = item["type"], item["input"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(str(item["loc"][-1]), section)
    if kind == "missing":
        return _missing(item["loc"][-1], section)
    if kind == "value_error":
        text = str(item["msg"]).removeprefix("Value error, ")
        return text if text.endswith(CUT) else text.rstrip(".")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _kinds(item, section)
    if kind in _LIMITS:
        words, key = _LIMITS[kind]
        return f"expected {words} {context[key]:g}{_meaning(item, section)}; got {shown(value)}"
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", "")
        return f"expected {expected}; got {shown(value)}"
    if kind in ("too_short", "too_long"):
        word, key = ("at least", "min_length") if kind == "too_short" else ("at most", "max_length")
        entries = "entry" if context[key] == 1 else "entries"
        return f"expected {word} {context[key]} {entries}; got {shown(value)}"
    if kind in _WANTED:
        return f"expected {_WANTED[kind]}{_meaning(item, section)}; got {shown(value)}"
    text = str(item["msg"])
    return f"{text[0].lower()}{text[1:]}; got {shown(value)}"


def _meaning(item: ErrorDetails, section: type[Settings] | None) -> str:
    field = None if section is None else section.model_fields.get(str(item["loc"][-1]))
    if field is None or not field.description:
        return ""
    return f" ({field.description[0].lower()}{field.description[1:].rstrip('.')})"


def _unknown(key: str, section: type[Settings] | None) -> str:
    if section is None:
        return "this setting does not exist; check the spelling or remove it"
    known = list(section.model_fields)
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    if close:
        return f"this setting does not exist; perhaps `{close[0]}` is meant"
    return f"this setting does not exist; remove it or use one of {', '.join(known)}"


def _missing(key: int | str, section: type[Settings] | None) -> str:
    if isinstance(key, int):
        return "this entry of the list is missing; add it"
    field = None if section is None else section.model_fields.get(key)
    meaning = (
        "" if field is None or not field.description else f" ({field.description.rstrip('.')})"
    )
    return f"this setting is missing; add it{meaning}"


def _kinds(item: ErrorDetails, section: type[Settings] | None) -> str:
    field = None if section is None else section.model_fields.get(str(item["loc"][-1]))
    options = [] if field is None else [_kind(option) for option in _options(field.annotation)]
    kinds = ", ".join(str(kind) for kind in options)
    if item["type"] == "union_tag_not_found":
        return f"this setting is missing; add it with one of {kinds}"
    tag = str(item["ctx"]["tag"])
    close = difflib.get_close_matches(tag, [str(kind) for kind in options], n=1)
    hint = f" (perhaps {close[0]} is meant)" if close else ""
    return f"expected one of {kinds}; got {shown(tag)}{hint}"
