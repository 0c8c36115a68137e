"""The defocus in a file's header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from temnet.inference.reading.formats.data_set import Tags

KEY = re.compile(
    r"(?:image|current|tem|c10)?[ _]?defocus[ _]?\(?\[?(m|mm|um|µm|μm|nm|pm|å|a)?\)?\]?"
)
"""Names of tags of defocus, in lower case: FEI's and Velox' Defocus, TIA's Defocus_um, HyperSpy's
and MRC's defocus."""

VALUE = re.compile(r"\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*(m|mm|um|µm|μm|nm|pm|å|a)?\s*", re.IGNORECASE)

UNITS = {
    "m": 1e10, "mm": 1e7, "um": 1e4, "µm": 1e4, "μm": 1e4, "nm": 10.0, "pm": 0.01,
    "å": 1.0, "a": 1.0,
}  # fmt: skip
"""Lengths of the units [Å]."""

LARGEST_METRES = 1e-3
"""A number without unit below this is in m, as Velox and MRC write it; above, it is in nm."""

DEEPEST = 12
"""Levels of nested tags that are searched."""


def header_defocus(*metadata: Tags) -> float | None:
    """Defocus of an image [Å] with the sign of its header, which differs between programs.

    None if the header has no such tag, or several with different values.

    >>> header_defocus({"Optics": {"Defocus": "-6.0e-08"}})
    -600.0
    >>> header_defocus({"ObjectInfo": {"Defocus_um": 0.5}})
    5000.0
    >>> header_defocus({"Info": {"Defocus": -50.0, "Focus": 3}}, {"General": {}})
    -500.0
    """
    found = {value for part in metadata for value in _values(part, 0)}
    return found.pop() if len(found) == 1 else None


def _values(tags: Tags, level: int) -> Iterator[float]:
    """Every defocus below some tags [Å]."""
    if level > DEEPEST:
        return
    for name, value in tags.items():
        if isinstance(value, Mapping):
            yield from _values(value, level + 1)
            continue
        named = KEY.fullmatch(str(name).strip().lower())
        written = VALUE.fullmatch(str(value)) if named else None
        if named and written:
            unit = (written[2] or named[1] or "").lower()
            try:
                number = float(written[1])
            except ValueError:
                continue
            guessed = "m" if abs(number) < LARGEST_METRES else "nm"
            yield round(number * UNITS[unit or guessed], 3)
