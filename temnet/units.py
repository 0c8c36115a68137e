"""Conversions between units, and the spellings of units in files."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Literal

ANGSTROM_PER = {
    "Å": 1.0,
    "pm": 1.0e-2,
    "nm": 1.0e1,
    "µm": 1.0e4,
    "mm": 1.0e7,
    "cm": 1.0e8,
    "dm": 1.0e9,
    "m": 1.0e10,
    "fm": 1.0e-5,
    "inch": 2.54e8,
    "bohr": 0.529177210903,  # CODATA 2018
}
"""Length of a unit [Å], by its symbol."""

MICROMETRE = ANGSTROM_PER["µm"]
"""One micrometre [Å]."""

MILLIMETRE = ANGSTROM_PER["mm"]
"""One millimetre [Å]."""

MILLIRADIAN = 1.0e-3
"""One milliradian [rad]."""

Kind = Literal["length", "reciprocal", "angle", "time", "pixel", ""]
"""Quantity of a unit; `reciprocal` is that of a length, "" an unknown unit."""


def _plain(name: str) -> str:
    """Lower case without accents."""
    split = unicodedata.normalize("NFD", name)
    return "".join(c for c in split if not unicodedata.combining(c)).lower()


_OTHER_SCRIPTS = {
    **dict.fromkeys(("нм", "纳米", "奈米", "ナノメートル", "나노미터"), "nm"),
    **dict.fromkeys(("мкм", "微米", "マイクロメートル", "ミクロン", "마이크로미터"), "µm"),
    **dict.fromkeys(("埃", "オングストローム", "옹스트롬", "ангстрем"), "Å"),
}
"""Names of lengths in other scripts."""

_PREFIXES = {
    "femto": "fm",
    "pico": "pm",
    "piko": "pm",
    "nano": "nm",
    "micro": "µm",
    "mikro": "µm",
    "milli": "mm",
    "centi": "cm",
    "zenti": "cm",
    "deci": "dm",
    "dezi": "dm",
    "": "m",
}
"""Prefixes of the metre in words (English, French, German), and the symbols of the units."""

_METRES = ("meter", "meters", "metre", "metres", "metern", "metro", "metros", "metri")
"""The metre in words without accents, singular and plural."""

_LENGTH_NAMES = {
    **{f"{prefix}{metre}": unit for prefix, unit in _PREFIXES.items() for metre in _METRES},
    **dict.fromkeys(("a", "aa", "ang", "angs", "angst", "angstrom", "angstroms"), "Å"),
    **dict.fromkeys(("angstroem", "angstroems", "angstrøm", "angstrum"), "Å"),
    **dict.fromkeys(("micron", "microns", "mikron", "mu", "um", "u"), "µm"),
    **dict.fromkeys(("inch", "inches", "in"), "inch"),
    "bohr": "bohr",
    **{_plain(name): unit for name, unit in _OTHER_SCRIPTS.items()},
}
"""Spellings of lengths in lower case without accents; symbols beside them keep their case."""

_SYMBOLS = {
    **{unit.replace("µ", "u"): unit for unit in ("fm", "pm", "nm", "µm", "mm", "cm", "dm", "m")},
    **dict.fromkeys(("NM", "nM"), "nm"),
    **dict.fromkeys(("PM",), "pm"),
    **dict.fromkeys(("UM", "uM"), "µm"),
}
"""Symbols whose case matters (mm is not Mm), and misspellings in capitals."""

_ANGLES = {
    f"{prefix}{name}"
    for prefix in ("", "m", "u", "n", "milli", "micro", "mikro", "nano")
    for name in ("rad", "rads", "radian", "radians", "radiant")
} | {"deg", "degs", "degree", "degrees", "grad", "degre", "degres", "°", "arcsec", "arcmin"}
"""Spellings of angles in lower case without accents."""

_TIMES = {
    *("s", "ms", "us", "ns", "ps", "min", "h", "hr", "sec", "secs", "second", "seconds"),
    *("millisecond", "milliseconds", "msec", "minute", "minutes", "hour", "hours", "sekunde"),
    *("sekunden", "seconde", "secondes", "frame", "frames"),
}
"""Spellings of times in lower case."""

_PIXELS = {"", "px", "pix", "pixel", "pixels", "none", "<undefined>", "undefined", "unknown"}
"""Units of images without calibration, in lower case."""

_INVERSES = ("inverse", "reciprocal", "per", "inv")
"""Words for "per" before a unit."""

_COUNTS = {"", "1", "c", "cycle", "cycles", "lp", "line", "lines", "linepairs", "k"}
"""Numerators of reciprocal lengths, in lower case."""

_PER_PIXEL = re.compile(
    r"(?:/|per)(?:px|pix|pixels?)$|[*·]?(?:px|pix|pixels?)(?:\*\*)?-1$", re.IGNORECASE
)
"""Suffixes that mean "per pixel"."""

_FACTOR = re.compile(r"^[x×*]?(10[+-]\d+|[\d.]+(?:e[+-]?\d+)?)[*·×]?(?=\D)", re.IGNORECASE)
"""A number before a unit, as in 1e-10 m or 10^-9 m."""


def unit_name(text: str) -> str:
    r"""A unit without the notation of the program that wrote it.

    Micro and Å each have two characters that look alike; ImageJ writes them as escapes, TeX by
    commands, EMD in brackets; UTF-8 is sometimes read as Latin-1.

    >>> unit_name(" \u212b"), unit_name("\\u00B5m"), unit_name("[n_m]"), unit_name("$A^{-1}$")
    ('Å', 'um', 'nm', 'A-1')
    """
    name = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    name = unicodedata.normalize("NFC", html.unescape(_mended(name)))
    name = re.sub(r"\\(?:text|math)?(?:mu|micro)\b\s*|\\(?:text)?mu(?=m)|\\micro", "u", name)
    name = re.sub(r"\\(?:AA|r\s*\{?A\}?|angstrom|textup|mathring\{A\})(?![a-z])", "Å", name)
    name = re.sub(r"\\(?:mathrm|text|rm|mathsf|textrm|,|;|!)", "", name)
    name = unicodedata.normalize("NFKC", name)
    name = name.replace("\u03bc", "u").replace("\u2212", "-").replace("\u2013", "-")
    name = re.sub(r"(?<=[a-z])-(?=[a-z])", "", name)
    return re.sub(r"[\s\x00-\x1f$^_{}()\[\]\\\"']", "", name)


def _without_pixel(name: str) -> str:
    """A tidied unit without a suffix for "per pixel".

    >>> [_without_pixel(name) for name in ("nm/px", "Åpx-1", "mradperpixel", "1/px", "px-1")]
    ['nm', 'Å', 'mrad', '1/px', 'px-1']
    """
    shorter = _PER_PIXEL.sub("", name)
    return name if shorter in ("", "1") else shorter


def _mended(text: str) -> str:
    """Text in UTF-8 that was read as Latin-1 or in the Windows code page, decoded."""
    for page in ("latin-1", "cp1252"):
        try:
            return text.encode(page).decode("utf-8")
        except UnicodeError:
            continue
    return text


def _length(name: str) -> float | None:
    """Length of a tidied unit [Å]; None for unknown units."""
    name = name.rstrip(".")
    number = _FACTOR.match(name)
    factor = 1.0
    if number:
        power = re.fullmatch(r"10([+-]\d+)", number[1])
        try:
            factor = 10.0 ** int(power[1]) if power else float(number[1])
        except (ValueError, OverflowError):  # such as 1.2.3
            return None
        name = name[number.end() :]
    symbol = _SYMBOLS.get(name) or _LENGTH_NAMES.get(_plain(name))
    return factor * ANGSTROM_PER[symbol] if symbol else None


def _is_reciprocal(plain: str) -> bool:
    """Whether a tidied unit in lower case is a reciprocal length or pixel."""
    above, slash, below = plain.rpartition("/")
    if slash:
        return above in _COUNTS or _length(below) is not None
    worded = any(
        plain.startswith(word) and _length(plain.removeprefix(word)) is not None
        for word in _INVERSES
    )
    return worded or plain.endswith("-1")


def kind_of(unit: str) -> Kind:
    """Quantity of a unit in any spelling.

    >>> [kind_of(unit) for unit in ("nm", "1/nm", "mrad", "s", "px", "furlong")]
    ['length', 'reciprocal', 'angle', 'time', 'pixel', '']
    """
    name = _without_pixel(unit_name(unit))
    plain = _plain(name)
    if plain in _PIXELS:
        return "pixel"
    if plain in _ANGLES:
        return "angle"
    if _length(name) is not None:
        return "length"
    if plain in _TIMES:
        return "time"
    return "reciprocal" if _is_reciprocal(plain) else ""


def is_length(unit: str) -> bool:
    """Whether a unit is a known unit of length."""
    return kind_of(unit) == "length"


def to_angstrom(value: float, unit: str) -> float:
    """Convert ``value`` from ``unit`` to Å.

    Raises:
        KeyError: If ``unit`` is not a known unit of length.

    >>> to_angstrom(0.02, "nm")
    0.2
    """
    length = _length(_without_pixel(unit_name(unit)))
    if length is None:
        raise KeyError(unit)
    return value * length
