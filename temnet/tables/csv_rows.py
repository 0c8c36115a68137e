"""CSV tables whose lines are frozen dataclasses.

The fields of the dataclass are the header, and its ``Attributes`` section documents the table.  A
name that Python reserves gets an underscore (``class_`` for the column ``class``); a mapping made
with `per_name` stands for one column per name, such as ``columns_Mo`` and ``columns_S2``.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import MISSING, Field, field, fields
from functools import cache
from pathlib import Path
from types import NoneType, TracebackType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from temnet.errors import InputError
from temnet.system.files import replacing
from temnet.tables.csv_cells import unescaped
from temnet.tables.csv_tables import TableWriter, raw_rows

RowType = TypeVar("RowType")

PREFIX, OLD_NAME = "prefix", "old name"


def per_name(prefix: str) -> Any:
    """A field that holds one column per name, each called by a prefix and the name.

    Args:
        prefix: What the columns' names begin with.
    """
    return field(metadata={PREFIX: prefix})


def renamed(old: str) -> Any:
    """A field whose column has another name in older tables.

    Args:
        old: The column's name there.
    """
    return field(metadata={OLD_NAME: old})


def header(row_type: type, names: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of a table's columns.

    Args:
        row_type: The dataclass of its rows.
        names: What columns made by `per_name` are called by, in order.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Count:
    ...     class_: str
    ...     found: Mapping[str, int] = per_name("found_")
    >>> header(Count, ["Mo", "S2"])
    ('class', 'found_Mo', 'found_S2')
    """
    columns: list[str] = []
    for one in fields(row_type):
        if PREFIX in one.metadata:
            columns += [one.metadata[PREFIX] + name for name in names]
        else:
            columns.append(_column(one))
    return tuple(columns)


def column_help(row_type: type) -> dict[str, str]:
    """What the columns of a table hold, with units, from the docstring of its rows.

    Columns made by `per_name` are called by their prefix and ``<name>``.
    """
    texts: dict[str, str] = {}
    for one_type in reversed(row_type.__mro__):  # fields may be inherited
        text = inspect.cleandoc(one_type.__doc__ or "").partition("Attributes:\n")[2]
        entries = re.findall(r"^    (\w+): (.*(?:\n      .*)*)", text, re.MULTILINE)
        texts |= {name: " ".join(words.split()) for name, words in entries}
    return {
        one.metadata[PREFIX] + "<name>" if PREFIX in one.metadata else _column(one): texts[one.name]
        for one in fields(row_type)
    }


def as_cells(row: Any) -> dict[str, Any]:
    """A row as a mapping from the names of its columns."""
    cells: dict[str, Any] = {}
    for one in fields(row):
        value = getattr(row, one.name)
        if PREFIX in one.metadata:
            cells |= {one.metadata[PREFIX] + name: item for name, item in value.items()}
        else:
            cells[_column(one)] = value
    return cells


class RowWriter(Generic[RowType]):
    """Writes a table row by row; its file is not written in one step."""

    def __init__(
        self, path: Path, row_type: type[RowType], names: Sequence[str] = (), title: str = ""
    ) -> None:
        """Begins a table.

        Args:
            path: Where to; an older file is replaced.
            row_type: The dataclass of its rows.
            names: What columns made by `per_name` are called by, in order.
            title: The table's name in messages; that of the path by default.
        """
        self._table = TableWriter(path, header(row_type, names), title)

    def write(self, row: RowType) -> None:
        """Appends a row."""
        self._table.write(as_cells(row))

    def flush(self) -> None:
        """Hands what was written to the system, so that it outlives this process."""
        self._table.flush()

    def close(self) -> None:
        """Ends the table."""
        self._table.close()

    def __enter__(self) -> RowWriter[RowType]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def write_rows(
    path: Path, rows: Iterable[RowType], row_type: type[RowType], names: Sequence[str] = ()
) -> None:
    """Writes a table in one step; rows are taken one by one.

    Numbers get seven significant digits; NaN and None become empty cells.

    Args:
        path: Where to; an older file is replaced.
        rows: The lines.
        row_type: Their dataclass, whose fields are the header.
        names: What columns made by `per_name` are called by, in order.
    """
    with replacing(path) as temporary, RowWriter(temporary, row_type, names, path.name) as table:
        for row in rows:
            table.write(row)
        table.close()


def read_rows(path: Path, row_type: type[RowType]) -> list[RowType]:
    """Reads a table that `write_rows` wrote; further columns are left out.

    Args:
        path: The file.
        row_type: The dataclass of its rows.  A column that is not in the file takes the field's
            default.

    Returns:
        One row per line.  An empty cell is NaN in a column of numbers, None where None is allowed.

    Raises:
        InputError: The file is missing or no such table.
    """
    return list(each_row(path, row_type))


def each_row(path: Path, row_type: type[RowType]) -> Iterator[RowType]:
    """The rows of a table one by one; see `read_rows`."""
    columns, lines = raw_rows(path)
    make = _maker(row_type, tuple(columns), path)
    for number, cells in lines:
        try:
            yield make(cells)
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {error}; make the table again.") from error


def _maker(
    row_type: type[RowType], columns: tuple[str, ...], path: Path
) -> Callable[[Sequence[str]], RowType]:
    """A function that makes a row of the cells of a line."""
    places = {name: place for place, name in enumerate(columns)}
    single: list[tuple[str, int, str, Callable[[str], Any]]] = []
    several: list[tuple[str, dict[str, int], Callable[[str], Any]]] = []
    missing: list[str] = []
    kinds = _converters(row_type)  # type: ignore[arg-type]
    own = {_column(one) for one in fields(row_type) if PREFIX not in one.metadata}  # type: ignore[arg-type]
    for one in fields(row_type):  # type: ignore[arg-type]
        convert = kinds[one.name]
        if PREFIX in one.metadata:
            prefix = one.metadata[PREFIX]
            begins = {name[len(prefix) :]: place for name, place in places.items()
                      if name.startswith(prefix) and name not in own}  # fmt: skip
            several.append((one.name, begins, convert))
        elif (column := _column_there(one, places)) in places:
            single.append((one.name, places[column], column, convert))
        elif one.default is MISSING and one.default_factory is MISSING:
            missing.append(column)
    if missing:
        raise InputError(
            f"{path}: the table has no column {', '.join(missing)}; make the table again."
        )

    def make(cells: Sequence[str]) -> RowType:
        values: dict[str, Any] = {}
        for name, place, column, convert in single:
            try:
                values[name] = convert(cells[place])
            except ValueError as error:
                raise ValueError(f"the cell of {column} holds {cells[place]!r}") from error
        for name, begins, convert in several:
            values[name] = {key: convert(cells[place]) for key, place in begins.items()}
        return row_type(**values)

    return make


@cache
def _converters(row_type: type) -> dict[str, Callable[[str], Any]]:
    hints = get_type_hints(row_type)
    found = {}
    for one in fields(row_type):
        kind = hints[one.name]
        found[one.name] = _converter(get_args(kind)[1] if PREFIX in one.metadata else kind)
    return found


def _converter(kind: Any) -> Callable[[str], Any]:
    """How the text of a cell becomes a value of a type."""
    options = set(get_args(kind)) or {kind}
    if str in options:
        return unescaped
    empty = None if NoneType in options else math.nan
    if float in options:
        return lambda cell: empty if cell == "" else float(cell)
    if int in options:
        return lambda cell: None if cell == "" and NoneType in options else int(cell)
    return lambda cell: bool(int(cell))


def _column(one: Field) -> str:
    return one.name.removesuffix("_")


def _column_there(one: Field, there: Container[str]) -> str:
    """The name of a field's column in a table: the old one where only that is there."""
    column, old = _column(one), one.metadata.get(OLD_NAME)
    return old if old is not None and column not in there and old in there else column
