"""Numbers in file names (defocus, frame, time), with their signs, decimals and units.

Names are read together with the others of their folder: alone, ``df-10`` could be the tenth frame
or a defocus of -10.  Numbers at the same position in the names share one interpretation:

* ``-`` before a number is a sign if a ``+`` occurs at that position too, if the same text or the
  same number occurs there with and without it, if another separator is before it, or after a word
  for defocus; it is a separator if the numbers only count (1, 2, 3, ...).
* ``m``, ``n`` and ``p`` (minus, negative, plus) before a number are signs after a word for defocus,
  or if an ``m`` or ``n`` and a ``p`` occur at the same position; so are the words minus, neg, plus.
* ``.``, ``,`` and ``p`` in a number are decimal points if it has a sign, a unit or a word for
  defocus, or if the parts after them do not only count (1.8, 1.9, 1.10).
* Units of length and of time are converted to one if the numbers at a position have different ones.
* overfocus, infocus and underfocus are negative, zero and positive, by the convention of temnet.

>>> def ordered(*names):
...     return sorted(names, key=dict(zip(names, keys(names))).get)
>>> ordered("df_50", "df_0", "df_-50", "df_-100")
['df_-100', 'df_-50', 'df_0', 'df_50']
>>> ordered("df+40", "df-10", "df-60")
['df-60', 'df-10', 'df+40']
>>> ordered("frame-10", "frame-9", "frame-11")
['frame-9', 'frame-10', 'frame-11']
>>> ordered("a-1_b-2", "a-1_b-10", "a-2_b-1")
['a-1_b-2', 'a-1_b-10', 'a-2_b-1']
>>> ordered("2024-05-12_2", "2024-05-12_10", "2024-05-02_3")
['2024-05-02_3', '2024-05-12_2', '2024-05-12_10']
>>> ordered("0.5um", "-0.5um", "0.25um")
['-0.5um', '0.25um', '0.5um']
>>> ordered("df_1um", "df_500nm", "df_0", "df_-2000A")
['df_-2000A', 'df_0', 'df_500nm', 'df_1um']
>>> ordered("f_1e-6m", "f_1e-5m", "f_2e-6m")
['f_1e-6m', 'f_2e-6m', 'f_1e-5m']
>>> ordered("focus_m20", "focus_p20", "focus_0")
['focus_m20', 'focus_0', 'focus_p20']
>>> ordered("underfocus", "infocus", "overfocus")
['overfocus', 'infocus', 'underfocus']
>>> ordered("run1.10", "run1.9", "run1.11")
['run1.9', 'run1.10', 'run1.11']
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

FOCUS_WORD = re.compile(
    r"(?:^|[^a-z])(?:d\W?f|def|defoc\w*|foc|focus|focal|d?z|delta\W?f|Δ\W?f)\W*_*$",
    re.IGNORECASE,
)
"""Text before a number that makes it a defocus."""

LENGTHS = {
    "pm": 0.01, "a": 1.0, "å": 1.0, "ang": 1.0, "angstrom": 1.0, "ångström": 1.0,
    "nm": 10.0, "um": 1e4, "µm": 1e4, "μm": 1e4, "mu": 1e4, "micron": 1e4, "microns": 1e4,
    "mm": 1e7, "nanometer": 10.0, "nanometre": 10.0, "micrometer": 1e4, "micrometre": 1e4,
}  # fmt: skip
"""Units of length in names, in lower case [Å]."""

TIMES = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0,
    "min": 60.0, "h": 3600.0, "hr": 3600.0,
}  # fmt: skip
"""Units of time in names, in lower case [s]."""

UNITS = sorted({*LENGTHS, *TIMES}, key=len, reverse=True)

MINUS, PLUS = "-−–", "+"

PIECE = re.compile(
    r"(?P<sign>[-+−–]|(?<![a-z])(?:minus|plus|neg|pos|[mnp])[ _]?|(?:minus|plus)[ _]?|"
    r"(?:(?<=df)|(?<=focus)|(?<=dz))(?:neg|pos|[mnp])[ _]?)?"
    r"(?P<number>\d+)"
    r"(?P<point>[.,p])?(?(point)(?P<fraction>\d+)|)"
    rf"(?:e(?P<power>[-+]?\d{{1,2}})(?=(?:\s?(?:{'|'.join(UNITS)}|m))?(?![^\W_])))?"
    rf"(?:\s?(?P<unit>{'|'.join(UNITS)})(?![^\W\d_]))?",
    re.IGNORECASE,
)
"""A number in a name, with a possible sign, decimal point, exponent and unit."""

WORDS = re.compile(r"(over|under|in)[-_ ]?focus(?:ed)?(?:[-_ ]*(?=\d))?", re.IGNORECASE)
"""Words for the sign of a defocus."""

SEPARATORS = " _-−–=.,(["
"""Separators between a text and its number, without meaning."""

Key = list[tuple[int, float, str]]
"""Sort key of a name: texts, and numbers after them."""


@dataclass(frozen=True)
class Number:
    """A number in a name.

    Attributes:
        before: The text between the previous number and this one.
        first: Whether it is the first number of the name.
        sign: A possible sign: ``-``, ``+``, a word or a letter; "" without one.
        whole: Digits before the decimal point.
        point: A possible decimal point.
        fraction: Digits after it.
        power: Exponent of ten.
        unit: In lower case.
    """

    before: str
    first: bool
    sign: str
    whole: str
    point: str
    fraction: str
    power: str
    unit: str

    @property
    def dashed(self) -> bool:
        """Whether a dash is before it."""
        return self.sign != "" and self.sign in MINUS

    @property
    def magnitude(self) -> float:
        """Its value without sign and unit."""
        if self.point == "," and len(self.fraction) == 3 and self.whole.strip("0"):
            number = float(f"{self.whole}{self.fraction}")  # thousands
        else:
            number = float(f"{self.whole}.{self.fraction or 0}")
        return number * 10 ** int(self.power or 0)


@dataclass(frozen=True)
class Meaning:
    """The interpretation of all numbers at one position in the names.

    Attributes:
        signed: Dashes are signs.
        lettered: Letters and words are signs.
        decimal: Points are decimal points.
        units: Factor by unit if units are converted to one; else empty.
    """

    signed: bool
    lettered: bool
    decimal: bool
    units: dict[str, float]


@dataclass
class _Name:
    """A name that is read number by number.

    Attributes:
        numbers: The numbers that are left.
        tail: The text after the last number.
        key: The sort key of the part that is read.
    """

    numbers: list[Number]
    tail: str
    key: Key = field(default_factory=list)

    def read_number(self, meaning: Meaning) -> None:
        """Moves the first number to the sort key."""
        number = self.numbers[0]
        letters = "" if meaning.lettered or not number.sign.isalpha() else number.sign
        value, self.numbers = _value(self.numbers, meaning)
        self.key += [(0, 0.0, _text(number.before + letters)), value]
        if number.unit and not meaning.units:  # 1a, 1b: not a unit, or the same for all
            if self.numbers:
                following = self.numbers[0]
                self.numbers[0] = replace(following, before=number.unit + following.before)
            else:
                self.tail = number.unit + self.tail


def keys(names: Sequence[str]) -> list[Key]:
    """Sort keys of names.

    Args:
        names: The names in one folder, without their endings.
    """
    parsed = [_parsed(_with_words(name)) for name in names]
    _read(parsed)
    return [[*one.key, (0, 0.0, name)] for one, name in zip(parsed, names, strict=True)]


def signed(names: Sequence[str]) -> bool:
    """Whether any number in the names has a sign.

    >>> signed(["df-5", "df5"]), signed(["df-1", "df-2"])
    (True, False)
    """
    return _read([_parsed(_with_words(name)) for name in names])


def _read(names: Sequence[_Name]) -> bool:
    """Reads names that agree so far to their ends.

    Names that also agree in the text before the next number share its interpretation.

    Returns:
        Whether any number has a sign.
    """
    groups: dict[str, list[_Name]] = defaultdict(list)
    for name in names:
        if name.numbers:
            groups[_text(name.numbers[0].before)].append(name)
        else:
            name.key.append((0, 0.0, _text(name.tail)))
    any_sign = False
    for group in groups.values():
        numbers = [name.numbers[0] for name in group]
        meaning = _meaning(numbers)
        any_sign |= _sign_matters(numbers, meaning)
        for name in group:
            name.read_number(meaning)
        any_sign |= _read(group)
    return any_sign


def _with_words(name: str) -> str:
    """A name in which over-, in- and underfocus are signs of the next number, or of 1 or 0."""

    def number(match: re.Match[str]) -> str:
        kind = match[1].lower()
        followed = name[match.end() : match.end() + 1].isdecimal()
        if kind == "in":
            return "focus_0"
        return f"focus_{'-' if kind == 'over' else '+'}{'' if followed else '1'}"

    changed = WORDS.sub(number, name)
    return re.sub(r"(?i)(?<![a-z])zero(?![a-z])", "0", changed)


def _parsed(name: str) -> _Name:
    """A name with its numbers and the text after the last one."""
    found: list[Number] = []
    end = 0
    for match in PIECE.finditer(name):
        parts = {key: value or "" for key, value in match.groupdict().items()}
        number = Number(
            before=name[end : match.start()],
            first=not found,
            sign=parts["sign"].strip(" _").lower(),
            whole=parts["number"],
            point=parts["point"] if parts["fraction"] else "",
            fraction=parts["fraction"],
            power=parts["power"],
            unit=parts["unit"].lower(),
        )
        found += _plausible(number, name[match.end() :])
        end = match.end()
    return _Name(found, name[end:])


def _plausible(number: Number, after: str) -> list[Number]:
    """A number, or two numbers if the point or the e between them is a separator.

    In a chain with several points, such as a date, each part is a number by itself.
    """
    chained = (number.before in (".", ",") and not number.first) or re.match(r"[.,]\d", after)
    if number.point and chained:
        return _halves(number)
    letter = number.before[-1:].isalpha() and not FOCUS_WORD.search(number.before)
    if number.power and letter and not number.sign:
        return [
            replace(number, power="", unit=""),
            replace(number, before="e", first=False, whole=number.power.strip("+-"), point="",
                    fraction="", power=""),
        ]  # fmt: skip
    return [number]


def _halves(number: Number) -> list[Number]:
    """The parts before and after the point, as two numbers."""
    before = replace(number, point="", fraction="", power="", unit="")
    after = replace(
        number, before=number.point, first=False, sign="", whole=number.fraction, point="",
        fraction="",
    )  # fmt: skip
    return [before, after]


def _text(text: str) -> str:
    return text.casefold().rstrip(SEPARATORS)


def _meaning(numbers: Sequence[Number]) -> Meaning:
    """The interpretation of the numbers at one position in the names."""
    named = any(FOCUS_WORD.search(number.before) for number in numbers)
    with_signs = _signed(numbers, named)
    lettered = _lettered(numbers, named)
    units = _factors(numbers)
    has_unit = all(number.unit or number.magnitude == 0 for number in numbers)
    context = named or with_signs or lettered or (has_unit and any(n.unit for n in numbers))
    decimal = context or not _counts([f"{n.whole}.{n.fraction}" for n in numbers if n.fraction])
    return Meaning(with_signs, lettered, decimal, units)


def _signed(numbers: Sequence[Number], named: bool) -> bool:
    """Whether a dash before these numbers is a minus sign."""
    dashed = [number for number in numbers if number.dashed]
    if not dashed:
        return False
    if any(number.sign == PLUS for number in numbers):
        return True
    bare = [number for number in numbers if not number.dashed]
    texts, sizes = {n.before for n in bare}, {n.magnitude for n in bare}
    if any(n.before in texts or (n.magnitude in sizes and n.magnitude) for n in dashed):
        return True
    if bare and named:
        return True
    if bare:
        return False
    # A dash before every number.
    values = sorted(number.magnitude for number in numbers)
    if values[0] in (0, 1) and values == [values[0] + n for n in range(len(values))]:
        return False
    doubled = all(
        n.before.endswith(tuple(SEPARATORS)) or (n.first and not n.before) for n in numbers
    )
    return named or (doubled and len(numbers) > 1)


def _lettered(numbers: Sequence[Number], named: bool) -> bool:
    """Whether letters and words before these numbers are signs."""
    words = {number.sign for number in numbers} - {"", PLUS, *MINUS}
    negative = words & {"minus", "neg", "m", "n"}
    positive = words & {"plus", "pos", "p"}
    return bool(words & {"minus", "neg"}) or bool(negative and (named or positive))


def _factors(numbers: Sequence[Number]) -> dict[str, float]:
    """Factors that convert different units of one kind; empty if all units are equal."""
    units = {number.unit for number in numbers if number.magnitude != 0}
    for table in (LENGTHS, TIMES):
        if len(units) > 1 and units <= set(table):
            return {**table, "": 1.0}
    return {}


def _counts(texts: Sequence[str]) -> bool:
    """Whether the parts after points only count, as in 1.9, 1.10; false without such parts."""
    parts: dict[str, set[int]] = defaultdict(set)
    for whole, fraction in (text.split(".") for text in texts):
        parts[whole].add(int(fraction))
    longer = [values for values in parts.values() if len(values) > 1]
    return any(max(v) - min(v) == len(v) - 1 for v in longer)


def _sign_matters(numbers: Sequence[Number], meaning: Meaning) -> bool:
    return meaning.lettered or (meaning.signed and any(number.dashed for number in numbers))


def _value(numbers: list[Number], meaning: Meaning) -> tuple[tuple[int, float, str], list[Number]]:
    """The sort key of the first number, and the numbers after it."""
    first, left = numbers[0], numbers[1:]
    if first.fraction and not meaning.decimal:
        first, second = _halves(first)
        left = [second, *left]
    negative = (meaning.signed and first.dashed) or (
        meaning.lettered and first.sign in ("minus", "neg", "m", "n")
    )
    size = first.magnitude * meaning.units.get(first.unit, 1.0)
    return (1, -size if negative else size, ""), left
