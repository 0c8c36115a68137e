"""Graphitic carbon, such as soot and some support films: bent stacks of graphene, seen edge-on.

It shows fringes but no columns.  The layers of a stack are turned and shifted against each other
at random and are a little farther apart than in graphite, 3.44 Å without any order between them
(turbostratic: Franklin, Acta Cryst. 4, 253 (1951)).
"""

from __future__ import annotations

import numpy as np
from ase import Atoms

from temnet.config.structures.supports import AmorphousCarbon
from temnet.structures.amorphous import amorphous_carbon
from temnet.structures.geometry import Field, rotation_about, tilt_matrix
from temnet.structures.graphene import BOND_LENGTH, sheet

SPACING = (3.35, 3.7)
"""Distance of the layers of a stack [Å]: from graphite to strongly bent soot."""

LAYERS, LENGTH, DEPTH = (2, 10), (15.0, 80.0), (10.0, 60.0)
"""Layers of a stack, their length in the image and along the beam [Å]."""

CURVATURE_RADIUS = (25.0, 400.0)
"""Radius of the middle layer [Å], of equal chances for each power of ten."""

WAVES, WAVELENGTH = (0.0, 1.5), (20.0, 60.0)
"""Amplitude and wavelength of the layers' waves [Å]."""

TURN_DEG = (4.0, 26.0)
"""Angle in a layer between the beam and the rows of atoms; at 0 there would be columns."""

TILT_DEG = 4.0
"""Standard deviation of the angle between the layers and the beam."""

COVERED = (0.2, 0.9)
"""Area of all stacks, as a fraction of that of the field."""

FILM_PROBABILITY = 0.5
"""Probability of an amorphous film behind the stacks."""


def graphitic_carbon(field: Field, rng: np.random.Generator) -> tuple[Atoms, dict[str, object]]:
    """Stacks all over a field with its margin, in part on an amorphous film.

    Args:
        field: Area to fill.
        rng: Draws the stacks.

    Returns:
        The atoms [Å] and the drawn parameters.
    """
    low, high = np.full(2, -field.margin), [field.width, field.height] + np.full(2, field.margin)
    wanted, area, parts = rng.uniform(*COVERED) * np.prod(high - low), 0.0, []
    while area < wanted:
        positions, covered = _stack(rng)
        positions[:, :2] += rng.uniform(low, high)
        parts.append(positions)
        area += covered
    positions = np.concatenate(parts)
    positions = positions[field.covers(positions[:, :2])]
    atoms = Atoms("C" * len(positions), positions)
    drawn: dict[str, object] = {"stacks": len(parts)}
    if rng.random() < FILM_PROBABILITY:
        film, film_drawn = amorphous_carbon(AmorphousCarbon(), field, rng)
        film.positions[:, 2] += positions[:, 2].max(initial=0.0) + SPACING[0]
        atoms, drawn = atoms + film, {**drawn, **film_drawn}
    return atoms, drawn


def _stack(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """(N, 3) atoms of one stack about the origin [Å], and its area in projection [Å²]."""
    count, spacing = int(rng.integers(LAYERS[0], LAYERS[1] + 1)), rng.uniform(*SPACING)
    depth, wavelength = rng.uniform(*DEPTH), rng.uniform(*WAVELENGTH)
    amplitude, phase = rng.uniform(*WAVES), rng.uniform(0, 2 * np.pi)
    radius = float(np.exp(rng.uniform(*np.log(CURVATURE_RADIUS))))
    length = min(rng.uniform(*LENGTH), np.pi * radius)
    layers = []
    for height in (np.arange(count) - (count - 1) / 2) * spacing:
        # All layers span the same angle about the same middle.
        own = Field(height=depth, width=length * (1 + height / radius), margin=0.0)
        turn, shift = np.deg2rad(rng.uniform(*TURN_DEG)), rng.uniform(-1, 1, 2) * BOND_LENGTH
        along, z = (sheet(own, turn, shift) - own.centre).T
        angle = along / (radius + height)
        out = radius + height + amplitude * np.sin(2 * np.pi * radius * angle / wavelength + phase)
        layers.append(np.column_stack([out * np.sin(angle), out * np.cos(angle) - radius, z]))
    positions = np.concatenate(layers)
    tilt = tilt_matrix(np.deg2rad(TILT_DEG) * rng.standard_normal(), rng.uniform(0, np.pi))
    turned = rotation_about(np.array([0, 0, 1]), rng.uniform(0, 2 * np.pi))
    return positions @ (turned @ tilt).T, length * count * spacing
