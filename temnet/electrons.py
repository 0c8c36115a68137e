"""Fast electrons: wavelength and Scherzer defocus."""

from __future__ import annotations

import math

WAVELENGTH_CONSTANTS = (12.2643, 0.978476e-6)
"""Electron wavelength [Å] = a / sqrt(V (1 + b V)), V in volts: Kirkland, Advanced Computing in
Electron Microscopy, 2nd ed. (2010), eq. 2.5 in numbers."""


def wavelength(energy: float) -> float:
    """Relativistic wavelength of electrons [Å].

    Args:
        energy: Energy [eV].

    >>> round(wavelength(300e3), 5)
    0.01969
    """
    first, second = WAVELENGTH_CONSTANTS
    return first / math.sqrt(energy * (1 + second * energy))


def scherzer_defocus(Cs: float, energy: float) -> float:
    """Defocus at which the phase contrast of a spherical aberration is broadest, sqrt(1.5 Cs λ).

    Scherzer, J. Appl. Phys. 20, 20 (1949).  With a negative Cs it is an overfocus, and atoms are
    bright: Jia, Lentzen & Urban, Science 299, 870 (2003).

    Args:
        Cs: Spherical aberration C30 [Å].
        energy: Energy of the electrons [eV].

    Returns:
        Defocus [Å], abTEM's sign (negative is overfocus).

    >>> round(scherzer_defocus(-13e4, 300e3)), round(scherzer_defocus(1.2e7, 300e3))
    (-62, 595)
    """
    return math.copysign(math.sqrt(1.5 * abs(Cs) * wavelength(energy)), Cs)
