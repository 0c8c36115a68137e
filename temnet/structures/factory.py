"""Random specimens from settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from temnet.config.structures.structure import StructureSettings
from temnet.records import Structure
from temnet.structures.atom_files.from_file import build_from_file, build_from_function
from temnet.structures.crystals.crystal import build_crystal
from temnet.structures.geometry import Field
from temnet.structures.graphene import build_graphene
from temnet.structures.mos2 import build_mos2
from temnet.structures.nanoparticle import build_nanoparticle
from temnet.structures.negatives import draw_negative

BUILDERS: dict[str, Callable[..., Structure]] = {
    "mos2": build_mos2,
    "nanoparticle": build_nanoparticle,
    "graphene": build_graphene,
    "crystal": build_crystal,
    "file": build_from_file,
    "python": build_from_function,
}
"""The function that builds each kind of structure."""


def build_structure(
    settings: StructureSettings, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """A random specimen, or a negative with the probability that the settings give.

    Args:
        settings: Settings of the specimen.
        field: Area to fill.
        classes: The experiment's classes.
        rng: Draws the specimen.
    """
    negative = draw_negative(settings, field, rng)
    if negative is not None:
        return negative
    return BUILDERS[settings.kind](settings, field, classes, rng)
