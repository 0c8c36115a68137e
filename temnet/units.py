"""Conversions between units, named after what they convert."""

from __future__ import annotations

ANGSTROM_PER = {
    "Å": 1.0,
    "A": 1.0,
    "angstrom": 1.0,
    "ångström": 1.0,
    "pm": 0.01,
    "nm": 10.0,
    "um": 1.0e4,
    "µm": 1.0e4,
    "μm": 1.0e4,
    "micron": 1.0e4,
    "mm": 1.0e7,
    "cm": 1.0e8,
    "m": 1.0e10,
}
"""Length of a unit [Å], by the names that microscope files use."""

MICROMETRE = ANGSTROM_PER["µm"]
"""One micrometre [Å]."""

MILLIMETRE = ANGSTROM_PER["mm"]
"""One millimetre [Å]."""

MILLIRADIAN = 1.0e-3
"""One milliradian [rad]."""


def to_angstrom(value: float, unit: str) -> float:
    """``value`` in ``unit`` as Å.

    Raises:
        KeyError: ``unit`` is not a unit of length that is known here.

    >>> to_angstrom(0.02, "nm")
    0.2
    """
    return value * ANGSTROM_PER[unit.strip()]
