"""Amorphous carbon: films under specimens, and films alone."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from temnet.config.distributions import draw
from temnet.config.structures.supports import AmorphousCarbon
from temnet.structures.geometry import Field, apart

MIN_DISTANCE = 1.3
"""No two carbon atoms are closer than this [Å]."""

ATOMS_PER_GRAM = 0.0501408
"""Carbon atoms per Å^3 for 1 g/cm^3: Avogadro's number over 12.011 g and 1e24 Å^3/cm^3."""


def amorphous_carbon(
    settings: AmorphousCarbon, field: Field, rng: np.random.Generator
) -> tuple[Atoms, dict[str, object]]:
    """A film that fills a field with its margin; its faces lie at z = 0 and its thickness.

    Positions are drawn one after another; those too close to an earlier one are drawn again.

    Args:
        settings: Density and thickness.
        field: Area to fill.
        rng: Draws the film.

    Returns:
        The atoms [Å] and the drawn parameters.
    """
    thickness, density = draw(settings.thickness, rng), draw(settings.density, rng)
    low = np.array([-field.margin, -field.margin, 0.0])
    high = np.array([field.width + field.margin, field.height + field.margin, thickness])
    count = round(density * ATOMS_PER_GRAM * float(np.prod(high - low)))
    points = np.zeros((0, 3))
    while len(points) < count:
        more = rng.uniform(low, high, (count - len(points), 3))
        points = apart(np.concatenate([points, more]), MIN_DISTANCE)
    drawn: dict[str, object] = {"carbon_thickness": thickness, "carbon_density": density}
    return Atoms(f"C{count}" if count else "", points), drawn


def with_film(
    atoms: Atoms,
    atom_column: np.ndarray,
    settings: AmorphousCarbon,
    field: Field,
    rng: np.random.Generator,
) -> tuple[Atoms, np.ndarray, dict[str, object]]:
    """A specimen with a film of amorphous carbon before or behind it along the beam.

    Args:
        atoms: The specimen [Å].
        atom_column: (n_atoms,) column of each atom, -1 for none.
        settings: Settings of the film.
        field: Area that the film fills.
        rng: Draws the film.

    Returns:
        All atoms, the column of each, and the drawn parameters.
    """
    film, drawn = amorphous_carbon(settings, field, rng)
    gap = draw(settings.gap, rng)
    z = atoms.positions[:, 2]
    behind = rng.random() < 0.5
    thickness = float(np.ptp(film.positions[:, 2])) if len(film) else 0.0
    film.positions[:, 2] -= film.positions[:, 2].min() if len(film) else 0.0
    film.positions[:, 2] += z.max() + gap if behind else z.min() - gap - thickness
    none = np.full(len(film), -1, np.int64)
    drawn = {"support": "amorphous carbon", **drawn}
    return atoms + film, np.concatenate([atom_column, none]), drawn
