"""JSON files whose content is a frozen dataclass.

The fields of the dataclass are the keys, and its ``Attributes`` section documents them.  Further
keys in a file are left out, so that files of later versions can be read; a key that a file lacks
takes the field's default.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter, ValidationError

from temnet.errors import InputError
from temnet.system.files import replace_file

Record = TypeVar("Record")

Number = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
"""A number that may be missing: NaN here, null in a file."""


def renamed(key: str, old: str) -> Any:
    """An annotation of a field that may have another key in older files.

    Args:
        key: The field's name, which is its key.
        old: The key in older files.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Count:
    ...     columns: Annotated[int, renamed("columns", "number")]
    >>> from_values({"number": 2}, Count, "count.json")
    Count(columns=2)
    """
    return Field(validation_alias=AliasChoices(key, old))


def converted(convert: Callable[[Any], Any]) -> Any:
    """An annotation of a field whose value has another form in older files.

    Args:
        convert: Makes the present form; it gets values of the present form too.
    """
    return BeforeValidator(convert)


def as_values(record: Any) -> dict[str, Any]:
    """A record as plain values for JSON: numbers, texts, lists and mappings; NaN is None."""
    return _without_nan(_adapter(type(record)).dump_python(record, mode="json"))


def _without_nan(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_nan(item) for key, item in value.items()}
        case list():
            return [_without_nan(item) for item in value]
        case float() if math.isnan(value):
            return None
    return value


def from_values(values: object, record_type: type[Record], origin: str) -> Record:
    """A record from plain values.

    Args:
        values: What `as_values` returned, or the same from a file.
        record_type: The dataclass.
        origin: Where the values come from, for messages.

    Raises:
        InputError: A value is missing or of the wrong kind.
    """
    try:
        return _adapter(record_type).validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{origin}: `{key}` is not valid ({first['msg']}); make the file again."
        ) from error


def write_record(path: Path, record: Any) -> None:
    """Writes a record as JSON, in one step."""
    _write(path, as_values(record))


def write_records(path: Path, records: Sequence[Any]) -> None:
    """Writes a list of records as JSON, in one step."""
    _write(path, [as_values(record) for record in records])


def _write(path: Path, values: object) -> None:
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    replace_file(path, f"{text}\n".encode())


def read_record(path: Path, record_type: type[Record]) -> Record:
    """Reads a record.

    Raises:
        InputError: The file is missing, is not JSON, or a value is missing or of the wrong kind.
    """
    return from_values(_read(path), record_type, str(path))


def read_records(path: Path, record_type: type[Record]) -> list[Record]:
    """Reads a list of records; see `read_record`."""
    return from_values(_read(path), list[record_type], str(path))  # type: ignore[valid-type]


def _read(path: Path) -> object:
    """The plain values of a file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: the file is not JSON ({error}); make it again.") from error


_adapter: Callable[[Any], TypeAdapter] = cache(TypeAdapter)
