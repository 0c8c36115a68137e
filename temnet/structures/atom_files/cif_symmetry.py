"""Symmetry of CIF files that name a space group without listing the operations.

The name of a group leaves open where the origin is (24 groups have two), whether a rhombohedral
lattice has hexagonal or rhombohedral axes, and which axis of a monoclinic cell is unique.
Programs write it in half a dozen ways, or leave it to the cell.  The tables of all 530 settings are
those of spglib (Hall, Acta Cryst. A 37, 517, 1981, with the numbers of its settings from 1 to 530).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import spglib

from temnet.errors import InputError

OPERATIONS = (
    "_space_group_symop_operation_xyz",
    "_space_group_symop.operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
    "_symmetry_equiv.pos_as_xyz",
)
"""Tags of the list of operations, in lower case."""

NUMBERS = (
    "_space_group_it_number",
    "_space_group.it_number",
    "_symmetry_int_tables_number",
    "_symmetry.int_tables_number",
)
HALL_SYMBOLS = (
    "_space_group_name_hall",
    "_space_group.name_hall",
    "_symmetry_space_group_name_hall",
    "_symmetry.space_group_name_hall",
)
SYMBOLS = (
    "_space_group_name_h-m_alt",
    "_space_group.name_h-m_alt",
    "_space_group_name_h-m_full",
    "_space_group.name_h-m_full",
    "_space_group_name_h-m",
    "_symmetry_space_group_name_h-m",
    "_symmetry.space_group_name_h-m",
    "_space_group_name_h-m_ref",
    "_space_group.name_h-m_ref",
)
CODES = (
    "_space_group_it_coordinate_system_code",
    "_space_group.it_coordinate_system_code",
    "_symmetry_space_group_setting",
    "_space_group_setting",
)
GROUP_TAGS = (
    *NUMBERS,
    *HALL_SYMBOLS,
    *SYMBOLS,
    *CODES,
    "_space_group_crystal_system",
    "_symmetry_cell_setting",
    "_space_group.patterson_name_h-m",
)
"""All tags from which ASE would take the symmetry."""

NUMBER_TAG, OPERATION_TAG = NUMBERS[0], OPERATIONS[0]

QUALIFIERS = {"s": "1", "z": "2", "h": "h", "hs": "h", "r": "r", "rs": "r"}
"""Letters after a symbol, as ICSD writes them, and their meaning: the first origin, the second
one at a centre of symmetry, hexagonal and rhombohedral axes."""

OLD_SYMBOLS = {
    191: "Abm2 Bma2 B2cm C2mb Cm2a Ac2m",
    203: "Aba2 Bba2 B2cb C2cb Cc2a Ac2a",
    304: "Cmca Ccmb Abma Acam Bbcm Bmab",
    316: "Cmma Cmmb Abmm Acmm Bmcm Bmam",
    322: "Ccca Ccca Cccb Cccb Abaa Abaa Acaa Acaa Bbcb Bbcb Bbab Bbab",
}
"""Symbols used before 1992 for groups that now have an e for a double glide plane: the first Hall
number, and the symbols of that one and the following ones."""

METRIC_TOLERANCE = 0.01
"""Largest relative change of squared lengths of a rounded cell by the operations."""


Tags = Mapping[str, str | int | float | list[str | int | float]]
"""Values of a CIF block by tags in lower case."""


@dataclass(frozen=True)
class Setting:
    """One of the 530 settings of the space groups.

    Attributes:
        hall: Its number in Hall's list, from 1 to 530.
        number: Number of its space group, from 1 to 230.
        symbol: Its Hermann-Mauguin symbol.
        choice: Origin, axes or unique axis, as in ``1``, ``R``, ``b1`` or ``ba-c``; "" if the
            group has one setting.
    """

    hall: int
    number: int
    symbol: str
    choice: str

    def __str__(self) -> str:
        return f"{self.symbol}:{self.choice}" if self.choice else self.symbol

    def operations(self) -> list[str]:
        """All operations as a CIF lists them.

        >>> settings_of_number(2)[0].operations()
        ['x,y,z', '-x,-y,-z']
        """
        return [
            ",".join(_coordinate(row, shift) for row, shift in zip(rotation, shifts, strict=True))
            for rotation, shifts in zip(*_operations(self.hall), strict=True)
        ]

    def fits(self, cell: np.ndarray) -> bool:
        """Whether every operation preserves the lengths and angles of a cell.

        Args:
            cell: (3, 3) cell vectors in rows [Å].
        """
        metric = cell @ cell.T
        rotations = _operations(self.hall)[0]
        turned = np.einsum("nki,kl,nlj->nij", rotations, metric, rotations)
        scale = np.sqrt(np.outer(np.diag(metric), np.diag(metric)))
        return bool(np.all(np.abs(turned - metric) <= METRIC_TOLERANCE * scale))


def possible_settings(tags: Tags, cell: np.ndarray, file: Path) -> list[Setting]:
    """Possible settings of a CIF without operations, the likeliest first.

    There is more than one only if the file does not give the origin.

    Args:
        tags: Values of the block by tags in lower case.
        cell: (3, 3) cell vectors in rows [Å].
        file: The file, for messages.

    Returns:
        Settings; empty if the file names no group.

    Raises:
        InputError: If the group does not exist, the file contradicts itself, or the cell does not
            have the symmetry of the group.
    """
    found = _named(tags, file)
    if not found:
        return []
    fitting = [setting for setting in found if setting.fits(cell)]
    if not fitting:
        raise InputError(
            f"{file}: the lengths and angles of the cell lack the symmetry of its space group "
            f"{found[0].symbol} (no. {found[0].number}); correct one of them."
        )
    code = _code(tags)
    origins = [setting for setting in fitting if setting.choice[:1] in ("1", "2")]
    if code[:1] in ("1", "2") and origins:
        fitting = [setting for setting in origins if setting.choice[0] == code[0]]
    elif code and any(setting.choice.lower() == code for setting in fitting):
        fitting = [setting for setting in fitting if setting.choice.lower() == code]
    first = fitting[0]
    if not origins:
        return [first]
    # The remaining ones are origins of one group in the same axes.
    return [one for one in fitting if one.choice[1:] == first.choice[1:]]


def settings_of_number(number: int) -> list[Setting]:
    """All settings of a space group, the standard one first."""
    return [setting for setting in _all_settings() if setting.number == number]


def _named(tags: Tags, file: Path) -> list[Setting]:
    """The settings that a Hall symbol, a Hermann-Mauguin symbol or a number names."""
    number = _number(tags, file)
    by_hall = [text for tag in HALL_SYMBOLS if (text := _text(tags, tag))]
    for text in by_hall:
        found = [s for s in _all_settings() if _hall_symbol(s.hall) == _squeezed(text)]
        if found:
            return _of_number(found, number, text, file)
    symbols = [text for tag in SYMBOLS if (text := _text(tags, tag))]
    for text in symbols:
        found = _by_symbol(text)
        if found:
            return _of_number(found, number, text, file)
    if number is not None:
        return settings_of_number(number)
    for text in [*symbols, *by_hall]:
        raise InputError(
            f"{file}: unknown space group {text!r}; correct its symbol, give its number "
            "(_space_group_IT_number), or list the symmetry operations."
        )
    return []


def _of_number(found: list[Setting], number: int | None, text: str, file: Path) -> list[Setting]:
    own = [setting for setting in found if number in (None, setting.number)]
    if not own:
        raise InputError(
            f"{file}: the symbol {text!r} belongs to space group {found[0].number}, but the file "
            f"gives the number {number}; correct one of them."
        )
    return own


def _number(tags: Tags, file: Path) -> int | None:
    text = next((text for tag in NUMBERS if (text := _text(tags, tag))), "")
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 230:
        raise InputError(f"{file}: unknown space group {text}; expected a number from 1 to 230.")
    return int(text)


def _code(tags: Tags) -> str:
    """Choice of origin and axes, written as in spglib in lower case; "" if none is given.

    >>> _code({"_symmetry_space_group_name_h-m": "F d -3 m :2"})
    '2'
    >>> _code({"_symmetry_space_group_name_h-m": "R -3 c RS"})
    'r'
    """
    for tag in CODES:
        text = _text(tags, tag).lower()
        if text:
            return QUALIFIERS.get(text, text)
    for tag in SYMBOLS:
        qualifier = _split(_text(tags, tag))[1]
        if qualifier:
            return QUALIFIERS.get(qualifier, qualifier)
    return ""


def _split(text: str) -> tuple[str, str]:
    """A Hermann-Mauguin symbol without spaces in lower case, and the code of its setting.

    >>> _split("F d -3 m Z"), _split("P4/nmm :1"), _split("R-3m(H)"), _split("P 21/c")
    (('fd-3m', 'z'), ('p4/nmm', '1'), ('r-3m', 'h'), ('p21/c', ''))
    """
    symbol, _, qualifier = text.partition(":")
    squeezed = _squeezed(symbol)
    if qualifier:
        return squeezed, re.sub(r"\s", "", qualifier).lower()
    named = re.search(r"\((?:origin|choice|setting)*([12srhz])\)$", squeezed)
    if named:
        return squeezed[: named.start()], named[1]
    for ending in sorted(QUALIFIERS, key=len, reverse=True):
        if squeezed.endswith(ending) and squeezed.removesuffix(ending) in _by_name():
            return squeezed.removesuffix(ending), ending
    return squeezed, ""


def _by_symbol(text: str) -> list[Setting]:
    """The settings that a Hermann-Mauguin symbol can mean."""
    names = _by_name()
    return list(names.get(_squeezed(text)) or names.get(_split(text)[0]) or ())


@cache
def _by_name() -> Mapping[str, Sequence[Setting]]:
    """Settings by every known symbol, without spaces and in lower case."""
    names: dict[str, list[Setting]] = {}
    for setting in _all_settings():
        for name in _names(setting):
            own = names.setdefault(name, [])
            if setting not in own:
                own.append(setting)
    for first, symbols in OLD_SYMBOLS.items():
        for hall, name in enumerate(symbols.split(), start=first):
            names.setdefault(name.lower(), []).append(_all_settings()[hall - 1])
    return names


def _names(setting: Setting) -> Iterable[str]:
    """The symbols of a setting, written as in `_by_name`."""
    kind = _kind(setting.hall)
    full = kind.international_full
    texts = {full, setting.symbol, *kind.international.split("=")[1:]}
    parts = full.split()
    if 3 <= setting.number <= 15:  # such as P 21/n of P 1 21/n 1
        texts.add(" ".join(part for part in parts if part != "1"))
    standard = settings_of_number(setting.number)[0]
    if setting.hall == standard.hall or setting.choice.lower() in ("1", "2", "h", "r"):
        texts.add(kind.international_short)
    if setting.number >= 195:  # such as F d 3 m, from before the bar was written
        texts |= {text.replace("-3", "3") for text in texts}
    return {_squeezed(text) for text in texts}


def _kind(hall: int) -> spglib.SpaceGroupType:
    """Entry of spglib's table for a Hall number from 1 to 530."""
    kind = spglib.get_spacegroup_type(hall)
    assert kind is not None
    return kind


@cache
def _all_settings() -> tuple[Setting, ...]:
    """All settings in Hall's order."""
    found = []
    for hall in range(1, 531):
        kind = _kind(hall)
        symbol = kind.international.split("=")[-1].strip().replace("_", "")
        found.append(Setting(hall, kind.number, symbol, kind.choice))
    return tuple(found)


@cache
def _hall_symbol(hall: int) -> str:
    return _squeezed(_kind(hall).hall_symbol)


@cache
def _operations(hall: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3, 3) rotations and (N, 3) translations of a setting, in the cell's vectors."""
    found = spglib.get_symmetry_from_database(hall)
    assert found is not None
    return found["rotations"], found["translations"]


def _coordinate(row: np.ndarray, shift: float) -> str:
    """One coordinate of an operation.

    >>> _coordinate(np.array([1, -1, 0]), 0.25)
    'x-y+1/4'
    """
    text = "".join(
        f"{'-' if factor < 0 else '+'}{axis}"
        for factor, axis in zip(row, "xyz", strict=True)
        if factor
    ).removeprefix("+")
    twelfths = round(12 * (shift % 1)) % 12
    if not twelfths:
        return text
    divisor = int(np.gcd(twelfths, 12))
    return f"{text}+{twelfths // divisor}/{12 // divisor}"


def _squeezed(text: str) -> str:
    """A symbol in lower case without spaces, underscores and quotation marks."""
    return re.sub(r"[\s_'\"]", "", text).lower()


def _text(tags: Tags, tag: str) -> str:
    """Value of a tag as text, "" if it is missing or unknown."""
    value = tags.get(tag)
    if value is None or isinstance(value, list):
        return ""
    text = f"{value:g}" if isinstance(value, float) else str(value).strip()
    return "" if text in ("?", ".") else text
