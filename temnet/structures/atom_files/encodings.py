"""Text files in the encodings that other programs write."""

from __future__ import annotations

import codecs
from pathlib import Path

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks at the start of files, with their encodings; UTF-32 comes before UTF-16, whose
mark is the start of that of UTF-32."""


def marked_text(file: Path) -> str | None:
    """The content of a file that starts with a byte order mark; None without a mark."""
    content = file.read_bytes()
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _plain(content.decode(encoding, errors="replace"))
    return None


def any_text(file: Path) -> str:
    """The content of a text file: with a byte order mark, in UTF-8, UTF-16 or else Latin-1.

    Ends of lines are those of Unix.
    """
    marked = marked_text(file)
    if marked is not None:
        return marked
    content = file.read_bytes()
    if b"\0" in content[:64]:
        order = "le" if content[1:2] == b"\0" else "be"
        return _plain(content.decode(f"utf-16-{order}", errors="replace"))
    try:
        return _plain(content.decode("utf-8"))
    except UnicodeDecodeError:
        return _plain(content.decode("latin-1"))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
