"""Small parts of Markdown pages."""

from __future__ import annotations

import re
from collections.abc import Sequence


def cell(text: str) -> str:
    r"""A text as it stands in a cell of a table.

    >>> cell("a | b\nc <name>")
    'a \\| b c \\<name>'
    """
    text = re.sub(r"\s+", " ", text).strip().replace("|", "\\|")
    parts = re.split(r"(`[^`]*`)", text)  # code stays as it is
    return "".join(
        part if part.startswith("`") else part.replace("<", "\\<").replace("*", "\\*")
        for part in parts
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose cells are Markdown already.

    >>> print(table(("a", "b"), [("1", "2")]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [tuple(header), ("---",) * len(header), *map(tuple, rows)]
    texts = [f"| {' | '.join(line)} |" for line in lines]
    texts[1] = "|" + "---|" * len(header)
    return "\n".join(texts)


def one_line(text: str) -> str:
    r"""The first sentence or paragraph of a docstring, in Markdown.

    >>> one_line("A line of ``a.csv``: what\n  it is.\n\n  More.")
    'A line of `a.csv`: what it is.'
    """
    first = text.strip().split("\n\n")[0]
    return " ".join(first.split()).replace("``", "`")
