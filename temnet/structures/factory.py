"""From settings to a random specimen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ase import Atoms

from temnet.config.structure import StructureSettings
from temnet.records import Columns, Structure
from temnet.structures.geometry import Field
from temnet.structures.graphene import build_graphene
from temnet.structures.mos2 import build_mos2
from temnet.structures.nanoparticle import build_nanoparticle

BUILDERS: dict[str, Callable[..., Structure]] = {
    "mos2": build_mos2,
    "nanoparticle": build_nanoparticle,
    "graphene": build_graphene,
}
"""The function that builds each kind of structure."""


def build_structure(
    settings: StructureSettings, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """A random specimen, or none at all with the settings' `empty.probability`.

    Args:
        settings: What is drawn.
        field: What is filled.
        classes: The experiment's classes.
        rng: Draws the specimen.
    """
    if rng.random() < settings.empty.probability:
        nothing = np.zeros(0, np.int64)
        return Structure(Atoms(), Columns.empty(), nothing, {"structure": "empty"})
    return BUILDERS[settings.kind](settings, field, classes, rng)
