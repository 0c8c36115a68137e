"""Negatives: specimens without columns, so that networks learn what has none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ase import Atoms

from temnet.config.distributions import draw_text
from temnet.config.structures.nanoparticle import FCC_METALS, Nanoparticle
from temnet.config.structures.structure import StructureSettings
from temnet.config.structures.supports import AmorphousCarbon
from temnet.records import Columns, Structure
from temnet.structures.amorphous import amorphous_carbon
from temnet.structures.clusters import fcc_constant, grow_particle
from temnet.structures.geometry import Field
from temnet.structures.graphitic import graphitic_carbon
from temnet.structures.off_axis import fcc_reflections, off_axis_rotation

OTHER_PARTICLE = Nanoparticle(element={"choice": FCC_METALS}, radius={"uniform": (8, 14)})
"""Off-axis particle for specimens that are not particles."""

THINNEST = 15.0
"""Crystals thinner than this show columns in any orientation [Å]."""


def draw_negative(
    settings: StructureSettings, field: Field, rng: np.random.Generator
) -> Structure | None:
    """A specimen without columns, with the probability that the settings give; else None.

    Args:
        settings: The specimen's settings.
        field: Area to fill.
        rng: Draws the kind of specimen and the specimen.
    """
    chance, start = rng.random(), 0.0
    for name, build in KINDS.items():
        share = getattr(settings.negatives, name)
        if start <= chance < start + share:
            return build(settings, field, rng)
        start += share
    return None


def _vacuum(settings: StructureSettings, field: Field, rng: np.random.Generator) -> Structure:
    return _without_columns(Atoms(), {"structure": "empty"})


def _film(settings: StructureSettings, field: Field, rng: np.random.Generator) -> Structure:
    film, drawn = amorphous_carbon(AmorphousCarbon(), field, rng)
    return _without_columns(film, {"structure": "amorphous", **drawn})


def off_axis_particle(settings: StructureSettings) -> Nanoparticle:
    """Settings of the off-axis particle: those of the specimen if it is a particle."""
    return settings if isinstance(settings, Nanoparticle) else OTHER_PARTICLE


def _fringes(settings: StructureSettings, field: Field, rng: np.random.Generator) -> Structure:
    """A metal particle with at most one visible set of lattice planes."""
    own = off_axis_particle(settings)
    element = draw_text(own.element, rng)
    particle = grow_particle(own, element, rng)
    positions = particle.sites * particle.lattice_constant / 2
    thickness = 2 * float(np.linalg.norm(positions - positions.mean(axis=0), axis=1).mean())
    rotation = off_axis_rotation(
        fcc_reflections(fcc_constant(element)), max(thickness, THINNEST), rng
    )
    positions = (positions - positions.mean(axis=0)) @ rotation.T
    middle = field.centre + rng.uniform(-0.3, 0.3, 2) * [field.width, field.height]
    positions[:, :2] += middle
    atoms = Atoms([element] * len(positions), positions)
    return _without_columns(atoms, {"structure": "off axis", "element": element})


def _stacks(settings: StructureSettings, field: Field, rng: np.random.Generator) -> Structure:
    carbon, drawn = graphitic_carbon(field, rng)
    return _without_columns(carbon, {"structure": "graphitic", **drawn})


def _without_columns(atoms: Atoms, parameters: dict[str, object]) -> Structure:
    return Structure(atoms, Columns.empty(), np.full(len(atoms), -1, np.int64), parameters)


KINDS: dict[str, Callable[..., Structure]] = {
    "probability": _vacuum,
    "amorphous": _film,
    "off_axis": _fringes,
    "graphitic": _stacks,
}
"""The function that builds each kind of negative, by its fraction in the settings."""
