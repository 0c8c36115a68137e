"""Conversions between units, named after what they convert."""

from __future__ import annotations

import unicodedata

ANGSTROM_PER = {
    "Å": 1.0,
    "A": 1.0,
    "angstrom": 1.0,
    "angstroms": 1.0,
    "ångström": 1.0,
    "pm": 0.01,
    "picometer": 0.01,
    "picometers": 0.01,
    "nm": 10.0,
    "nanometer": 10.0,
    "nanometers": 10.0,
    "um": 1.0e4,
    "µm": 1.0e4,
    "μm": 1.0e4,
    "micron": 1.0e4,
    "mm": 1.0e7,
    "cm": 1.0e8,
    "m": 1.0e10,
    "meters": 1.0e10,
}
"""Length of a unit [Å], by the names that microscope files use."""

MICROMETRE = ANGSTROM_PER["µm"]
"""One micrometre [Å]."""

MILLIMETRE = ANGSTROM_PER["mm"]
"""One millimetre [Å]."""

MILLIRADIAN = 1.0e-3
"""One milliradian [rad]."""


def unit_name(text: str) -> str:
    """A unit as the tables here spell it.

    Micro and Å each have two characters that look alike; long names may begin with a capital.

    >>> unit_name(" \u212b"), unit_name("Angstrom"), unit_name("Mm")
    ('Å', 'angstrom', 'Mm')
    """
    name = unicodedata.normalize("NFKC", text).strip()
    return name.lower() if len(name) > 2 else name


def is_length(unit: str) -> bool:
    """Whether a unit is a length that is known here."""
    return unit_name(unit) in _LENGTHS


def to_angstrom(value: float, unit: str) -> float:
    """``value`` in ``unit`` as Å.

    Raises:
        KeyError: ``unit`` is not a unit of length that is known here.

    >>> to_angstrom(0.02, "nm")
    0.2
    """
    return value * _LENGTHS[unit_name(unit)]


_LENGTHS = {unit_name(name): length for name, length in ANGSTROM_PER.items()}
