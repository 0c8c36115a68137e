"""Settings of metal particles."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from temnet.config.distributions import ROUNDING, Number, Text, bounded, words
from temnet.config.settings import Settings
from temnet.config.structures.negatives import Negatives, negatives_field
from temnet.config.structures.supports import AmorphousCarbon, Oxide

FCC_METALS = ("Ag", "Al", "Au", "Cu", "Ni", "Pd", "Pt")
"""Elements that ``kind: nanoparticle`` builds; ASE's EMT potential knows them all."""

ZONE_AXES = ("110", "100", "111", "211")
"""Directions of the beam, in the crystal's axes, that ``kind: nanoparticle`` offers."""


SHAPES = ("random", "wulff")
"""Shapes of particles."""


class Nanoparticle(Settings):
    """A particle of an fcc metal with truncated and roughened surfaces, alone or on an oxide.

    After Madsen et al., Adv. Theory Simul. 1, 1800037 (2018).
    """

    kind: Literal["nanoparticle"] = Field("nanoparticle", description="A metal particle.")
    element: Annotated[Text, words(*FCC_METALS)] = Field(
        "Au", description="An fcc metal, or a choice of metals."
    )
    lattice_constant_scale: Annotated[Number, bounded(0.8, 1.2)] = Field(
        {"normal": (1.0, 0.006)},
        validate_default=True,
        description="Factor on the lattice constant of the element.",
    )
    zone_axis: Annotated[Text, words(*ZONE_AXES)] = Field(
        "110", description="Direction along the beam: 110, 100, 111 or 211."
    )
    radius: Annotated[Number, bounded(3, 60, unit="Å")] = Field(
        {"uniform": (6, 14)},
        validate_default=True,
        description="Mean distance of the {111} facets from the centre [Å].",
    )
    facet_spread: float = Field(
        0.25,
        ge=0,
        le=0.8,
        description="Largest deviation of the facets' distances, a fraction of `radius`.",
    )
    adatoms: Annotated[Number, bounded(0, 1)] = Field(
        {"uniform": (0, 0.3)},
        validate_default=True,
        description="Number of atoms added to the rough surface, per surface atom.",
    )
    tilt_deg: Annotated[Number, bounded(0, 20, unit="deg")] = Field(
        {"uniform": (0, 2.5)},
        validate_default=True,
        description="Tilt of the zone axis about a random axis in the image [deg]; limited so "
        "that neighbouring columns stay apart.",
    )
    shape: Annotated[Text, words(*SHAPES)] = Field(
        "random",
        description="`random`: facets at random distances, roughened; `wulff`: the shape of least "
        "surface energy, roughened.",
    )
    twin_probability: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of particles with a {111} twin plane, along 110 and 211 alone.",
    )
    fault_probability: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of particles with a {111} stacking fault, along 110 and 211 alone.",
    )
    support: Annotated[Oxide | AmorphousCarbon, Field(discriminator="kind")] | None = Field(
        None, description="Support of the particle."
    )
    negatives: Negatives = negatives_field("particle")

    @model_validator(mode="after")
    def _one_plane(self) -> Nanoparticle:
        if self.twin_probability + self.fault_probability > 1 + ROUNDING:
            raise ValueError(
                "twin_probability and fault_probability add up to "
                f"{self.twin_probability + self.fault_probability:g}; lower them until they are at "
                "most 1"
            )
        return self

    @property
    def column_classes(self) -> frozenset[str] | None:
        """Names that columns can have."""
        return frozenset({"metal", "oxide"})
