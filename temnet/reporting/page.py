"""HTML of a self-contained page: headings, text, tables and pictures in one file."""

from __future__ import annotations

import base64
import html
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff;
  max-width: 62rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .4rem; border-bottom: 1px solid #d5dae0; }
figure { margin: 1.2rem 0; }
img { max-width: 100%; height: auto; }
figcaption { color: #4a5360; font-size: .92rem; max-width: 46rem; }
table { border-collapse: collapse; margin: .8rem 0; font-variant-numeric: tabular-nums;
  display: block; overflow-x: auto; }
th, td { padding: .2rem .9rem .2rem 0; text-align: right; border-bottom: 1px solid #e7eaee; }
td { white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
pre { background: #f5f6f8; padding: .8rem; overflow-x: auto; font-size: .85rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 0 1.2rem; }
"""

UNKNOWN = "–"
"""Cell of an unknown value."""


@dataclass(frozen=True)
class Html:
    """Text that is already HTML; any other text is escaped."""

    text: str


@dataclass(frozen=True)
class Section:
    """A heading with the parts below it."""

    title: str
    parts: Sequence[Html]


def escape(text: object) -> str:
    """Escape text for HTML and its attributes; control characters are replaced.

    >>> escape('<a "b">')
    '&lt;a &quot;b&quot;&gt;'
    """
    readable = str(text).encode("utf-8", "replace").decode("utf-8")
    readable = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\N{REPLACEMENT CHARACTER}", readable)
    return html.escape(readable)


def paragraph(*parts: str | Html) -> Html:
    """A paragraph of text and links."""
    return Html(f"<p>{''.join(_inner(part) for part in parts)}</p>")


def link(target: str, text: str | None = None) -> Html:
    """A link to a file in the run folder."""
    return Html(f'<a href="{escape(target)}">{escape(text or target)}</a>')


def joined(links: Iterable[Html]) -> Html:
    """Links with commas between them."""
    return Html(", ".join(part.text for part in links))


def picture(png: bytes | str, caption: str, editable: str) -> Html:
    """An image with its caption, and a link to the file to edit.

    Args:
        png: The image to embed, or the path of its file to link to.
        caption: The caption.
        editable: Path of the SVG file.
    """
    if isinstance(png, bytes):
        source = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
    else:
        source = png
    return Html(
        f'<figure><img alt="{escape(caption)}" src="{escape(source)}">'
        f"<figcaption>{escape(caption)} {link(editable, 'SVG').text}</figcaption></figure>"
    )


def joined_parts(parts: Sequence[Html]) -> Html:
    """Combine parts below each other."""
    return Html("\n".join(part.text for part in parts))


def side_by_side(parts: Sequence[Html]) -> Html:
    """Put pictures side by side if the window is wide enough."""
    return Html(f'<div class="pair">{"".join(part.text for part in parts)}</div>')


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """A table; floats get three decimals, None and NaN a dash."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in rows
    )
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def details(summary: str, text: str) -> Html:
    """Preformatted text that folds out when its summary is clicked."""
    return Html(f"<details><summary>{escape(summary)}</summary><pre>{escape(text)}</pre></details>")


def render(title: str, opening: Sequence[Html], sections: Sequence[Section]) -> str:
    """Return the HTML of a page."""
    body = "\n".join(part.text for part in opening)
    for section in sections:
        parts = "\n".join(part.text for part in section.parts)
        body += f"\n<section>\n<h2>{escape(section.title)}</h2>\n{parts}\n</section>"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def _inner(part: str | Html) -> str:
    return part.text if isinstance(part, Html) else escape(part)


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return UNKNOWN
    return f"{value:.3f}" if isinstance(value, float) else str(value)
