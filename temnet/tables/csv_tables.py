"""CSV tables: written in one step, read back with numbers as numbers."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from temnet.errors import InputError
from temnet.system.files import replacing
from temnet.tables.csv_cells import cell_text, escaped, parse_cell, unescaped

Row = dict[str, Any]


TEXT_COLUMNS = (
    "file", "class", "network", "name", "setting", "parameter", "true_class", "found_class",
    "group", "rule", "arm", "test",
)  # fmt: skip
"""Columns whose cells stay text even where they look like a number."""


BINARY_PEEK = 4096
"""Characters of a file that are searched for a zero, which no text holds."""


def write_table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Writes rows as CSV with a header, in one step; rows are taken one by one.

    Numbers get seven significant digits; NaN and None become empty cells.

    Args:
        path: Where to; an older file is replaced.
        rows: One mapping per line, each with exactly the keys ``columns``.
        columns: Header, in order.

    Raises:
        ValueError: A row has other keys than ``columns``.
    """
    with replacing(path) as temporary, TableWriter(temporary, columns, path.name) as table:
        for row in rows:
            table.write(row)
        table.close()


class TableWriter:
    """Writes a table row by row; its file is not written in one step."""

    def __init__(self, path: Path, columns: Sequence[str], name: str = "") -> None:
        """Begins a table.

        Args:
            path: Where to; an older file is replaced.
            columns: Header, in order.
            name: The table's name in messages; that of the path by default.
        """
        self._columns, self._wanted = tuple(columns), set(columns)
        self._name, self._count = name or path.name, 0
        path.parent.mkdir(parents=True, exist_ok=True)
        # File names that are no UTF-8 reach Python as surrogates and must not stop a run.
        self._file = path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(map(escaped, columns))

    def write(self, row: Mapping[str, Any]) -> None:
        """Appends a row.

        Raises:
            ValueError: It has other keys than the header.
        """
        if row.keys() != self._wanted:
            differing = ", ".join(sorted(self._wanted ^ row.keys()))
            raise ValueError(
                f"Row {self._count} of {self._name} and its header differ in: {differing}."
            )
        self._writer.writerow([cell_text(row[name]) for name in self._columns])
        self._count += 1

    def flush(self) -> None:
        """Hands what was written to the system, so that it outlives this process."""
        self._file.flush()

    def close(self) -> None:
        """Ends the table."""
        self._file.close()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def read_table(path: Path, text: Collection[str] = TEXT_COLUMNS) -> list[Row]:
    """Reads a CSV table with a header.

    Args:
        path: The file.
        text: Columns whose cells are left as text.

    Returns:
        One dict per line.  Cells that look like a number are int or float, empty cells NaN;
        all others, and those of ``text`` columns, are str.

    Raises:
        InputError: The file is missing, is no text, has no header, or a line is of another
            length than the header.
    """
    return list(table_rows(path, text))


def table_rows(path: Path, text: Collection[str] = TEXT_COLUMNS) -> Iterator[Row]:
    """The rows of a CSV table one by one; see `read_table`."""
    columns, lines = raw_rows(path)
    for _, cells in lines:
        yield {
            name: unescaped(cell) if name in text else parse_cell(cell)
            for name, cell in zip(columns, cells, strict=True)
        }


def raw_rows(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header of a CSV table, and its lines one by one as numbers and texts.

    Raises:
        InputError: As `read_table`.
    """
    lines = _lines(path)
    return next(lines)[1], lines


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The header and then the lines of a table, each with its number in the file."""
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            if "\0" in file.read(BINARY_PEEK):
                raise InputError(f"{path}: this is no CSV table but a binary file; check the path.")
            file.seek(0)
            reader = csv.reader(file)
            header = [unescaped(cell) for cell in next(reader, [])]
            if not header:
                raise InputError(f"{path}: the table is empty; expected a header line.")
            yield 1, header
            for cells in reader:
                if len(cells) != len(header):
                    raise InputError(
                        f"{path}, line {reader.line_num}: expected {len(header)} cells as in the "
                        f"header, got {len(cells)}; make the table again."
                    )
                yield reader.line_num, cells
    except OSError as error:
        raise InputError(f"{path}: this table cannot be read ({error.strerror}).") from error
    except csv.Error as error:
        raise InputError(f"{path}: this is no CSV table ({error}); make it again.") from error
