"""Values as the cells of a CSV table, and back.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula and runs it,
even when it is the name of a file.  An apostrophe before it makes it text.
"""

from __future__ import annotations

import math
import re
from numbers import Integral, Real
from typing import Any

import numpy as np

DIGITS = 7
"""Significant digits of a number: 1e-4 Å in a field of 100 nm."""

_INTEGER = re.compile(r"[-+]?[0-9]+")
_REAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?inf")

ESCAPE = "'"

_FORMULA = "=+-@\t\r\n＝＋－＠"
"""Characters that make a formula of a cell that begins with them, wide ones included.

The list is that of https://owasp.org/www-community/attacks/CSV_Injection.
"""

_STARTS = tuple(_FORMULA + ESCAPE)

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.ASCII)


def escaped(text: str) -> str:
    """The text of a cell that no spreadsheet takes for a formula.

    Numbers are left as they are.

    >>> escaped("=1+1"), escaped("a=1"), escaped("-0.5")
    ("'=1+1", 'a=1', '-0.5')
    """
    if text.startswith(_STARTS) and not _NUMBER.fullmatch(text):
        return ESCAPE + text
    return text


def unescaped(text: str) -> str:
    """The text that `escaped` made a cell of.

    An apostrophe that `escaped` did not set is kept.

    >>> unescaped("'=1+1"), unescaped("'a'")
    ('=1+1', "'a'")
    """
    if text.startswith(ESCAPE) and text[1:].startswith(_STARTS):
        return text[1:]
    return text


def cell_text(value: Any) -> str:
    """The text of a cell: seven digits of a number; empty for None and NaN."""
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        number = float(value)
        return "" if math.isnan(number) else f"{number:.{DIGITS}g}"
    return escaped(str(value))


def parse_cell(cell: str) -> int | float | str:
    """The value of a cell: int, float (NaN where it is empty) or the text itself.

    >>> parse_cell("12"), parse_cell("1.5e3"), parse_cell(""), parse_cell("S2")
    (12, 1500.0, nan, 'S2')
    """
    if cell == "":
        return math.nan
    if _INTEGER.fullmatch(cell):
        return int(cell)
    return float(cell) if _REAL.fullmatch(cell) else unescaped(cell)
