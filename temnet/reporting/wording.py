"""Numbers and names in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def in_words(names: Sequence[str]) -> str:
    """List names as a sentence does.

    >>> in_words(["Mo", "S2", "S"]), in_words(["C"])
    ('Mo, S2 and S', 'C')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def shortened(names: Sequence[str], most: int = 5) -> str:
    """List the first names and the number of further ones.

    >>> shortened(["a", "b"]), shortened(["a", "b", "c", "d"], 2)
    ('a and b', 'a, b and 2 more')
    """
    if len(names) <= most:
        return in_words(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def percent(fraction: float, digits: int = 0) -> str:
    """Format a fraction as a percentage.

    >>> percent(0.123), percent(0.0123, 1)
    ('12 %', '1.2 %')
    """
    return f"{100 * fraction:.{digits}f} %"


def rounded(value: float) -> str:
    """Format a number with three significant digits.

    >>> rounded(43.218), rounded(4987.0), rounded(-0.0), rounded(2e5)
    ('43.2', '4,990', '0', '200,000')
    """
    value = float(f"{value:.3g}") + 0.0
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def span(low: float, high: float) -> str:
    """Format a range of numbers.

    >>> span(-180, -20.0), span(0.2, 0.2)
    ('-180 to -20', '0.2')
    """
    return rounded(low) if low == high else f"{rounded(low)} to {rounded(high)}"
