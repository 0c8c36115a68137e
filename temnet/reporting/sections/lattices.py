"""What was found of the lattice of an image, in a sentence."""

from __future__ import annotations

from temnet.inference.checks.measured_lattice import MeasuredLattice
from temnet.reporting.wording import in_words

MOST_SHOWN = 4
"""Spacings that the page shows; series.json has all."""


def lattice_text(lattice: MeasuredLattice) -> str:
    """The spacings and the angle of a lattice, and what they were compared with.

    >>> lattice_text(MeasuredLattice())
    'No lattice stands out, so that no lattice checked the pixel size.'
    >>> lattice_text(MeasuredLattice(spacings=(2.26, 1.96), angles=(0.0, 125.3), compared=True,
    ...                              materials=("Pt [110]",)))
    'The lattice has spacings of 2.26 and 1.96 Å, the first two at 55°, as expected of Pt [110].'
    """
    if not lattice.spacings:
        return "No lattice stands out, so that no lattice checked the pixel size."
    spacings = in_words([f"{one:.2f}" for one in lattice.spacings[:MOST_SHOWN]])
    one = len(lattice.spacings) == 1
    text = f"The lattice has {'a spacing' if one else 'spacings'} of {spacings} Å"
    if not one:
        angle = abs(lattice.angles[1] - lattice.angles[0]) % 180
        text += f", the first two at {min(angle, 180 - angle):.0f}°"
    if lattice.materials:
        return f"{text}, as expected of {in_words(lattice.materials)}."
    if not lattice.compared:
        return f"{text}; the network's materials are not known, and nothing was compared."
    return f"{text}, which no material of the network's training has at this pixel size."
