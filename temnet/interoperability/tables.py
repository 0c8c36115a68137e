"""The table of columns in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from temnet.records import ColumnFlag
from temnet.reporting.files.column_table import column_fields

if TYPE_CHECKING:
    from temnet.interoperability.found_columns import FoundColumns


def column_table(columns: FoundColumns) -> Any:
    """The rows of ``columns.csv`` as a pandas DataFrame, or a NumPy record array without pandas.

    Args:
        columns: The columns.
    """
    cells = table_cells(columns)
    try:
        import pandas
    except ImportError:
        kinds = [(name, values.dtype) for name, values in cells.items()]
        return np.rec.fromarrays(list(cells.values()), dtype=np.dtype(kinds))
    return pandas.DataFrame(cells)


def table_cells(columns: FoundColumns) -> dict[str, np.ndarray]:
    """Arrays of (N,) values by the name of their column in ``columns.csv``."""
    count, pixels = len(columns), columns.pixels
    site = np.full(count, np.nan) if columns.site is None else columns.site
    values = (
        np.full(count, columns.file),
        columns.frame,
        *columns.positions.T,
        *pixels.T,
        columns.class_names,
        columns.score,
        columns.spread,
        columns.class_spread,
        site,
        np.array([ColumnFlag(value).words for value in columns.flags.tolist()], np.str_),
        *columns.probabilities.T,
    )
    cells = dict(zip(column_fields(columns.classes), values, strict=True))
    return cells | {name: each.values for name, each in columns.further.items()}
