"""The table of columns, ``columns.csv``: written and read a block at a time.

Numbers have seven significant digits: 1e-4 Å in a field of 100 nm.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from temnet.errors import InputError
from temnet.records import ColumnFlag, Peaks
from temnet.tables.csv_cells import DIGITS, escaped, unescaped
from temnet.tables.csv_rows import header, per_name

BLOCK_ROWS = 2**15
"""Rows that are held as text at once while a table is read: some 10 MB."""

FLAGS = "flags"
"""Column that older tables lack, and field of Peaks that older files lack."""

NO_SITE = -1
"""Site of a column without a site."""


@dataclass(frozen=True)
class ColumnRow:
    """Row of ``columns.csv``: one atomic column in one frame.

    It documents the table, whose many rows are written and read as arrays (`ColumnTable`).

    Attributes:
        file: Name of the image, movie or focal series.
        frame: Number of the frame, from 0.
        row_angstrom: Row of the column [Å] from the centre of pixel [0, 0].
        col_angstrom: Column of the atomic column [Å] from the centre of pixel [0, 0].
        row_pixel: Row [pixels of the file].
        col_pixel: Column [pixels of the file].
        class_: The most probable class.
        score: Probability of a column of any class, in [0, 1].  In an image that is out of
            distribution, and of a column with flags, it is the network's output and no
            probability.
        spread_angstrom: Standard deviation of the position over the symmetries of the square, per
            axis [Å]; empty without `prediction.symmetries`.
        class_spread: Standard deviation of the probability of ``class`` over the symmetries of
            the square; empty without `prediction.symmetries`.
        site: Number of its site in ``sites.csv``, -1 without a site; empty before the stage
            `occupancy`.
        flags: Why the column is doubtful: names of `temnet.records.ColumnFlag` with spaces between
            them (no-lattice, fringes, too-close, rings, isolated, reflections); empty where
            nothing speaks against it.
        probabilities: Probability of each class, in [0, 1].
    """

    file: str
    frame: int
    row_angstrom: float
    col_angstrom: float
    row_pixel: float
    col_pixel: float
    class_: str
    score: float
    spread_angstrom: float
    class_spread: float
    site: int | None
    flags: str
    probabilities: Mapping[str, float] = per_name("p_")


def column_fields(class_names: Sequence[str]) -> tuple[str, ...]:
    """Header of columns.csv.

    >>> column_fields(["Mo"])[-2:]
    ('flags', 'p_Mo')
    """
    return header(ColumnRow, class_names)


@dataclass(frozen=True)
class ColumnTable:
    """Rows of columns.csv as arrays.

    Attributes:
        files: Names of the images, in the order in which they first appear.
        file_index: (N,) int32, index into ``files``.
        peaks: The columns, in the order of the rows.
        pixels: (N, 2) float64, positions in the file's own pixels.
        site: (N,) int64, number of each column's site; -1 for none or not known.
        class_names: Name of each class index.
    """

    files: tuple[str, ...]
    file_index: np.ndarray
    peaks: Peaks
    pixels: np.ndarray
    site: np.ndarray
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.peaks)

    def of(self, file: str, frame: int | None = None) -> Peaks:
        """The columns of an image or movie, or of one frame of it."""
        if file not in self.files:
            return self.peaks.select(np.zeros(len(self), bool))
        mine = self.file_index == self.files.index(file)
        return self.peaks.select(mine if frame is None else mine & (self.peaks.frame == frame))

    @staticmethod
    def concatenate(parts: Sequence[ColumnTable]) -> ColumnTable:
        """All rows of ``parts`` in order; the list must not be empty."""
        files = tuple(dict.fromkeys(file for part in parts for file in part.files))
        place = {file: number for number, file in enumerate(files)}
        index = [
            np.array([place[file] for file in part.files], np.int32)[part.file_index]
            for part in parts
            if len(part)
        ]
        return ColumnTable(
            files,
            np.concatenate(index) if index else np.zeros(0, np.int32),
            Peaks.concatenate([part.peaks for part in parts]),
            np.concatenate([part.pixels for part in parts]),
            np.concatenate([part.site for part in parts]),
            parts[0].class_names,
        )


class ColumnTableWriter:
    """Writes columns.csv as columns are found; nothing of them is kept.

    The file is not written in one step: use it in a folder that is, or rename it.
    """

    def __init__(self, path: Path, class_names: Sequence[str]) -> None:
        """Opens a table for writing.

        Args:
            path: The file; an older one is replaced.
            class_names: Name of each class index.
        """
        self.count = 0
        self._classes = [_text(name) for name in class_names]
        path.parent.mkdir(parents=True, exist_ok=True)
        # File names that are not UTF-8 reach Python as surrogates and must not stop a run.
        self._file = path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        self._file.write(",".join(map(_text, column_fields(class_names))) + "\n")

    def write(
        self,
        peaks: Peaks,
        pixel_size: float | tuple[float, float],
        file: str,
        site: np.ndarray | None = None,
    ) -> None:
        """Appends columns.

        Args:
            peaks: The columns, of any frames.
            pixel_size: Size of the file's pixels [Å], or their height and width.
            file: Name of the image or movie.
            site: (N,) int, the site of each column; without it the cells are empty.
        """
        self._append(file, peaks, peaks.positions / np.asarray(pixel_size), site)

    def copy(self, table: ColumnTable, site: np.ndarray) -> None:
        """Appends the rows of another table with the site of each column, (N,) int."""
        ends = np.flatnonzero(np.diff(table.file_index)) + 1
        for part in np.split(np.arange(len(table)), ends):
            if len(part):
                file = table.files[table.file_index[part[0]]]
                self._append(file, table.peaks.select(part), table.pixels[part], site[part])

    def _append(self, file: str, peaks: Peaks, pixels: np.ndarray, site: np.ndarray | None) -> None:
        self.count += len(peaks)
        cells: list[tuple[str, list | None]] = [
            ("%d", peaks.frame.tolist()),
            *map(_numbers, (*peaks.positions.T, *pixels.T)),
            ("%s", [self._classes[index] for index in peaks.class_index.tolist()]),
            *map(_numbers, (peaks.score, peaks.spread, peaks.class_spread)),
            ("", None) if site is None else ("%d", site.tolist()),
            _words(peaks.flags),
            *map(_numbers, peaks.probabilities.T),
        ]
        line = ",".join(form for form, _ in cells) + "\n"
        begin = _text(file) + ","
        values = zip(*(values for _, values in cells if values is not None), strict=True)
        self._file.writelines(begin + line % row for row in values)

    def flush(self) -> None:
        """Hands what was written to the system, so that it outlives this process."""
        self._file.flush()

    def close(self) -> None:
        """Closes the table."""
        self._file.close()

    def __enter__(self) -> ColumnTableWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _text(cell: str) -> str:
    """A text as a cell, quoted where CSV needs it."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([escaped(cell)])
    return buffer.getvalue()


def _words(flags: np.ndarray) -> tuple[str, list | None]:
    """How flags are written, and their words."""
    if not np.any(flags):
        return "", None
    words = {value: ColumnFlag(value).words for value in np.unique(flags).tolist()}
    return "%s", [words[value] for value in flags.tolist()]


def _numbers(values: np.ndarray) -> tuple[str, list | None]:
    """How numbers are written, and their values; NaN becomes an empty cell."""
    missing = np.isnan(values)
    if not np.any(missing):
        return f"%.{DIGITS}g", values.tolist()
    if np.all(missing):
        return "", None
    return "%s", ["" if value != value else f"{value:.{DIGITS}g}" for value in values.tolist()]


def read_columns(path: Path, class_names: Sequence[str] | None = None) -> ColumnTable:
    """A whole table of columns; see `column_blocks`."""
    return ColumnTable.concatenate(list(column_blocks(path, class_names)))


def column_blocks(path: Path, class_names: Sequence[str] | None = None) -> Iterator[ColumnTable]:
    """A table of columns, some thousand rows at a time.

    Args:
        path: A file of `ColumnTableWriter`.
        class_names: Name of each class index; those of the header by default.

    Yields:
        At least one block, which is empty if the table has no rows.

    Raises:
        InputError: If the file is missing, damaged, not a table of columns, or of other classes.
    """
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            yield from _blocks(path, csv.reader(file), class_names)
    except OSError as error:
        raise InputError(f"{path}: this table cannot be read ({error.strerror}).") from error
    except csv.Error as error:
        raise InputError(f"{path}: this is not a CSV table ({error}); make it again.") from error


def _blocks(path: Path, reader, class_names: Sequence[str] | None) -> Iterator[ColumnTable]:
    names = [unescaped(cell) for cell in next(reader, [])]
    if not names:
        raise InputError(f"{path}: the table is empty; expected a header line.")
    if class_names is None:
        class_names = [name[2:] for name in names if name.startswith("p_")]
    expected = [name for name in column_fields(class_names) if name != FLAGS]
    missing = [name for name in expected if name not in names]
    if missing:
        raise InputError(
            f"{path}: the table lacks the columns {', '.join(missing)}; it was made with other "
            f"classes or edited. Expected classes: {', '.join(class_names)}. Make it again."
        )
    first = True
    while rows := list(islice(reader, BLOCK_ROWS)):
        first = False
        for row in rows:
            if len(row) != len(names):
                raise InputError(
                    f"{path}, up to line {reader.line_num}: expected {len(names)} cells in each "
                    f"line as in the header, got {len(row)}; make the table again."
                )
        cells = dict(zip(names, zip(*rows, strict=True), strict=True))
        try:
            yield _table(path, cells, tuple(class_names))
        except (ValueError, OverflowError) as error:
            raise InputError(
                f"{path}, up to line {reader.line_num}: {error}; make the table again."
            ) from error
    if first:
        empty = Peaks.empty(len(class_names))
        none = np.zeros(0, np.int32)
        yield ColumnTable((), none, empty, np.zeros((0, 2)), np.zeros(0, np.int64), (*class_names,))


def _table(path: Path, cells: dict[str, tuple[str, ...]], classes: tuple[str, ...]) -> ColumnTable:
    """A block of rows; ``cells`` has those of each column."""
    number = {name: index for index, name in enumerate(classes)}
    names = {cell: unescaped(cell) for cell in dict.fromkeys(cells["class"])}
    unknown = sorted(set(names.values()) - set(classes))
    if unknown:
        raise InputError(
            f"{path}: the table has columns of the class {', '.join(unknown)}; expected "
            f"{', '.join(classes)}. Make it again with this network."
        )
    files = {cell: place for place, cell in enumerate(dict.fromkeys(cells["file"]))}

    def reals(*columns: str) -> np.ndarray:
        values = [[float(cell) if cell else np.nan for cell in cells[each]] for each in columns]
        return np.array(values, np.float64).T

    words = cells.get(FLAGS) or ("",) * len(cells["frame"])
    flags = {cell: int(ColumnFlag.of(cell)) for cell in set(words)}
    peaks = Peaks(
        frame=np.array([int(cell) for cell in cells["frame"]], np.int64),
        positions=reals("row_angstrom", "col_angstrom"),
        class_index=np.array([number[names[cell]] for cell in cells["class"]], np.int64),
        score=reals("score")[:, 0],
        probabilities=reals(*(f"p_{name}" for name in classes)).reshape(-1, len(classes)),
        spread=reals("spread_angstrom")[:, 0],
        class_spread=reals("class_spread")[:, 0],
        flags=np.array([flags[cell] for cell in words], np.int64),
    )
    return ColumnTable(
        tuple(unescaped(cell) for cell in files),
        np.array([files[cell] for cell in cells["file"]], np.int32),
        peaks,
        reals("row_pixel", "col_pixel"),
        np.array([int(cell) if cell else NO_SITE for cell in cells["site"]], np.int64),
        classes,
    )
