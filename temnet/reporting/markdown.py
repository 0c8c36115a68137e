"""Markdown: tables, lists and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""A table of text cells.

    >>> print(table(("a", "b"), [("1", "2|3")]))
    | a | b |
    |---|---|
    | 1 | 2\|3 |
    """
    lines = [_line(header), "|" + "---|" * len(header), *map(_line, rows)]
    return "\n".join(lines)


def picture(path: str, title: str, caption: str) -> str:
    """A picture with its title as alternative text, and its caption below."""
    return f"![{title}]({path})\n\n*{caption}*"


def leading_quotation(text: str) -> tuple[str, str]:
    r"""The quotation that a Markdown text begins with, and the rest of the text.

    >>> leading_quotation("> Take this one.\n> It is fast.\n\nThe reasons.\n")
    ('> Take this one.\n> It is fast.', 'The reasons.')
    >>> leading_quotation("The reasons.")
    ('', 'The reasons.')
    """
    lines = text.strip().splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith(">")), len(lines))
    return "\n".join(lines[:count]), "\n".join(lines[count:]).strip()


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
