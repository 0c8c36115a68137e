"""CSV tables: written in one step, read back with numbers as numbers."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from temnet.errors import InputError
from temnet.files import replace_file
from temnet.records import Peaks

Row = dict[str, Any]

DIGITS = 7
"""Significant digits of a number: 1e-4 Å in a field of 100 nm."""

TEXT_COLUMNS = (
    "file", "class", "network", "name", "setting", "parameter", "true_class", "found_class",
    "group", "rule", "arm", "test",
)  # fmt: skip
"""Columns whose cells stay text even where they look like a number."""

COLUMN_FIELDS = (
    "file",
    "frame",
    "row_angstrom",
    "col_angstrom",
    "row_pixel",
    "col_pixel",
    "class",
    "score",
    "spread_angstrom",
    "class_spread",
    "site",
)
"""Columns of columns.csv; one ``p_<class>`` for each class comes after them."""

SITE_FIELDS = (
    "site",
    "row_angstrom",
    "col_angstrom",
    "class",
    "frames",
    "occupancy",
    "occupancy_low",
    "occupancy_high",
    "appearances",
    "disappearances",
    "transition_fraction",
    "edge_distance_angstrom",
    "region",
    "neighbours",
    "inferred_occupancy",
    "inferred_appearances",
    "inferred_disappearances",
    "inferred_transition_fraction",
)
"""Columns of sites.csv."""

FOCI_FIELDS = ("file", "frame", "focus", "row_angstrom", "col_angstrom", "margin")
"""Columns of foci.csv: how far the images of a focal series lay from the first, before they were
laid on each other, and how much likelier (logarithm) that is than any other way."""

RING_FIELDS = (
    "file",
    "frame",
    "atoms",
    "row_angstrom",
    "col_angstrom",
    "row_pixel",
    "col_pixel",
    "columns",
)
"""Columns of rings.csv: a ring's number of atoms, the middle of these, and their lines in
columns.csv, counted from 0, in order around the ring."""

TRANSITION_FIELDS = ("frame", "site", "from", "to")
"""Columns of transitions.csv."""

RATE_FIELDS = (
    "by",
    "group",
    "class",
    "sites",
    "occupancy",
    "appearances",
    "disappearances",
    "transition_fraction",
    "appearance",
    "appearance_low",
    "appearance_high",
    "appearance_per_s",
    "appearance_low_per_s",
    "appearance_high_per_s",
    "disappearance",
    "disappearance_low",
    "disappearance_high",
    "disappearance_per_s",
    "disappearance_low_per_s",
    "disappearance_high_per_s",
    "mean_empty_frames",
    "mean_occupied_frames",
    "hit",
    "false",
    "at_bound",
)
"""Columns of rates.csv: chances per frame, and per second where frames have a time."""

COMPARE_FIELDS = (
    "class",
    "region",
    "quantity",
    "first",
    "second",
    "difference",
    "difference_low",
    "difference_high",
    "p_value",
    "blocks_first",
    "blocks_second",
    "block_frames",
    "memory_frames",
)
"""Columns of compare.csv."""

SCORE_FIELDS = (
    "network",
    "index",
    "class",
    "true_positives",
    "false_positives",
    "false_negatives",
    "precision",
    "recall",
    "f1",
    "rms_error_pm",
    "shift_row_pm",
    "shift_col_pm",
    "dose",
    "defocus",
)
"""Columns of scores.csv."""

ACCURACY_FIELDS = ("specimen", "quantity", "setting", "percent", "offset")
"""Columns of accuracy.csv."""

_INTEGER = re.compile(r"[-+]?[0-9]+")
_REAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?inf")


def write_table(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Writes rows as CSV with a header, in one step.

    Numbers get seven significant digits; NaN and None become empty cells.

    Args:
        path: Where to; an older file is replaced.
        rows: One mapping per line, each with exactly the keys ``columns``.
        columns: Header, in order.

    Raises:
        ValueError: A row has other keys than ``columns``.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    wanted = set(columns)
    for number, row in enumerate(rows):
        if row.keys() != wanted:
            differing = ", ".join(sorted(wanted ^ row.keys()))
            raise ValueError(f"Row {number} of {path.name} and its header differ in: {differing}.")
        writer.writerow([_cell(row[name]) for name in columns])
    # File names that are no UTF-8 reach Python as surrogates and shall not stop a run.
    replace_file(path, buffer.getvalue().encode("utf-8", "surrogateescape"))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        number = float(value)
        return "" if math.isnan(number) else f"{number:.{DIGITS}g}"
    return str(value)


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
    try:
        content = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise InputError(f"{path}: this table cannot be read ({error.strerror}).") from error
    if "\0" in content:
        raise InputError(f"{path}: this is no CSV table but a binary file; check the path.")
    reader = csv.reader(io.StringIO(content, newline=""))
    header = next(reader, [])
    if not header:
        raise InputError(f"{path}: the table is empty; expected a header line.")
    return [_row(path, reader.line_num, header, cells, text) for cells in reader]


def _row(path: Path, line: int, header: list[str], cells: list[str], text: Collection[str]) -> Row:
    if len(cells) != len(header):
        raise InputError(
            f"{path}, line {line}: expected {len(header)} cells as in the header, got "
            f"{len(cells)}; make the table again."
        )
    return {
        name: cell if name in text else parse_cell(cell)
        for name, cell in zip(header, cells, strict=True)
    }


def parse_cell(cell: str) -> int | float | str:
    """The value of a cell: int, float (NaN where it is empty) or the text itself.

    >>> parse_cell("12"), parse_cell("1.5e3"), parse_cell(""), parse_cell("S2")
    (12, 1500.0, nan, 'S2')
    """
    if cell == "":
        return math.nan
    if _INTEGER.fullmatch(cell):
        return int(cell)
    return float(cell) if _REAL.fullmatch(cell) else cell


def column_fields(class_names: Sequence[str]) -> tuple[str, ...]:
    """Header of columns.csv.

    >>> column_fields(["Mo"])[-2:]
    ('site', 'p_Mo')
    """
    return (*COLUMN_FIELDS, *(f"p_{name}" for name in class_names))


def frame_fields(class_names: Sequence[str]) -> tuple[str, ...]:
    """Header of frames.csv.

    >>> frame_fields(["Mo"])
    ('frame', 'usable', 'columns_Mo', 'occupied_interior', 'occupied_edge')
    """
    counts = (f"columns_{name}" for name in class_names)
    return ("frame", "usable", *counts, "occupied_interior", "occupied_edge")


def peaks_rows(
    peaks: Peaks,
    sampling: float | tuple[float, float],
    class_names: Sequence[str],
    file: str,
    site: np.ndarray | None = None,
) -> list[Row]:
    """Rows of columns.csv.

    Args:
        peaks: What a network found.
        sampling: Pixel size of the file [Å], or the height and the width of its pixels.
        class_names: Name of each class index.
        file: Name of the image's file.
        site: (N,) int, the site of each peak, -1 for none; without it the cells are empty.
    """
    pixels = peaks.positions / np.asarray(sampling)
    rows = []
    for i in range(len(peaks)):
        row: Row = {
            "file": file,
            "frame": int(peaks.frame[i]),
            "row_angstrom": peaks.positions[i, 0],
            "col_angstrom": peaks.positions[i, 1],
            "row_pixel": pixels[i, 0],
            "col_pixel": pixels[i, 1],
            "class": class_names[peaks.class_index[i]],
            "score": peaks.score[i],
            "spread_angstrom": peaks.spread[i],
            "class_spread": peaks.class_spread[i],
            "site": None if site is None else int(site[i]),
        }
        for c, name in enumerate(class_names):
            row[f"p_{name}"] = peaks.probabilities[i, c]
        rows.append(row)
    return rows


def peaks_from_rows(rows: Sequence[Mapping[str, Any]], class_names: Sequence[str]) -> Peaks:
    """The peaks that :func:`peaks_rows` wrote, in the rows' order.

    Args:
        rows: Rows of one file, as :func:`read_table` gives them.
        class_names: Name of each class index.

    Raises:
        InputError: A column is missing or a row names a class that is not in ``class_names``.
    """
    if not rows:
        return Peaks.empty(len(class_names))
    missing = [name for name in column_fields(class_names) if name not in rows[0]]
    if missing:
        raise InputError(
            f"The table of columns lacks {', '.join(missing)}; it was made with other classes "
            f"or edited. Expected classes: {', '.join(class_names)}. Make it again."
        )
    unknown = sorted({str(row["class"]) for row in rows} - set(class_names))
    if unknown:
        raise InputError(
            f"The table of columns holds the class {', '.join(unknown)}; expected "
            f"{', '.join(class_names)}. Make it again with this network."
        )
    index = {name: i for i, name in enumerate(class_names)}

    def reals(*names: str) -> np.ndarray:
        return np.array([[row[name] for name in names] for row in rows], dtype=np.float64)

    return Peaks(
        frame=np.array([row["frame"] for row in rows], dtype=np.int64),
        positions=reals("row_angstrom", "col_angstrom"),
        class_index=np.array([index[row["class"]] for row in rows], dtype=np.int64),
        score=reals("score")[:, 0],
        probabilities=reals(*(f"p_{name}" for name in class_names)),
        spread=reals("spread_angstrom")[:, 0],
        class_spread=reals("class_spread")[:, 0],
    )
