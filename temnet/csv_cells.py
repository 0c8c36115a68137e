"""Text in the cells of a table that a spreadsheet may open.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula and runs it,
even when it is the name of a file.  An apostrophe before it makes it text.
"""

from __future__ import annotations

import re

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
