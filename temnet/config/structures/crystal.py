"""Settings of random crystals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from temnet.config.distributions import Number, Text, bounded, words
from temnet.config.settings import Settings
from temnet.config.structures.negatives import Negatives, negatives_field
from temnet.config.structures.supports import AmorphousCarbon

STRONG, WEAK = "strong", "weak"
"""Classes of columns by what they scatter."""

SHAPES = ("field", "edges", "wedge", "particle")
"""Shapes of crystals."""

GRAINS = ("one", "twin", "boundary")
"""Arrangements of grains."""


class CrystalSupport(Settings):
    """Another crystal, seen from the side, whose surface carries a particle."""

    probability: float = Field(0.4, ge=0, le=1, description="Fraction of particles with a support.")
    off_axis_probability: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Fraction of supports in a random orientation: fringes, and dots where they "
        "are thin, without labels.",
    )
    thickness: Annotated[Number, bounded(2, 500, unit="Å")] = Field(
        {"uniform": (15, 60)},
        validate_default=True,
        description="Thickness of the support along the beam [Å].",
    )


class Crystal(Settings):
    """A crystal of many materials, drawn for each specimen, along a zone axis of low indices.

    Classes are `strong` and `weak`, by what a unit of length of a column scatters relative to the
    strongest columns of the specimen.
    """

    kind: Literal["crystal"] = Field("crystal", description="Crystals of many materials.")
    compounds: tuple[str, ...] = Field(
        (),
        description="Names of compounds and of prototypes, each with or without a zone axis, as "
        "in `SrTiO3 [110]`; by default all that are known.",
    )
    leave_out: tuple[str, ...] = Field(
        (),
        description="Names of compounds and of prototypes that are never drawn, such as those for "
        "a test.",
    )
    other_elements: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Fraction of crystals whose elements are exchanged for others that occur in "
        "the same structure, with lengths by their covalent radii.",
    )
    spacing: Annotated[Number, bounded(0.5, 6, unit="Å")] = Field(
        {"uniform": (0.9, 2.0)},
        validate_default=True,
        description="Only zone axes whose columns are at least this far apart are drawn [Å]; of a "
        "crystal that has none, the one with the largest distance.",
    )
    scale: Annotated[Number, bounded(0.8, 1.2)] = Field(
        {"normal": (1.0, 0.01)}, validate_default=True, description="Factor on all lengths."
    )
    shape: Annotated[Text, words(*SHAPES)] = Field(
        {"choice": {"field": 3, "edges": 2, "wedge": 2, "particle": 3}},
        validate_default=True,
        description="`field`: fills the image; `edges`: ends at straight edges; `wedge`: grows "
        "thicker from an edge; `particle`: a polyhedron with facets of low indices.",
    )
    thickness: Annotated[Number, bounded(2, 500, unit="Å")] = Field(
        {"log_uniform": (5, 150)},
        validate_default=True,
        description="Thickness along the beam [Å], of a wedge where it is thickest; particles "
        "have that of `radius`.",
    )
    radius: Annotated[Number, bounded(3, 100, unit="Å")] = Field(
        {"uniform": (7, 20)},
        validate_default=True,
        description="Mean distance of a particle's facets from its centre [Å].",
    )
    sheet_probability: float = Field(
        0.7,
        ge=0,
        le=1,
        description="Fraction of layered crystals, such as MoS2 and graphite, that are a sheet of "
        "one to three layers.",
    )
    grains: Annotated[Text, words(*GRAINS)] = Field(
        {"choice": {"one": 6, "twin": 1, "boundary": 1}},
        validate_default=True,
        description="`one` grain; a `twin`, mirrored across a row of columns; or a `boundary` to "
        "a grain that is rotated about the beam.",
    )
    steps: Annotated[Number, bounded(0, 10)] = Field(
        {"choice": (0, 0, 1, 2)},
        validate_default=True,
        description="Number of steps of the upper surface (rounded to a whole number).",
    )
    strain: float = Field(
        0.01,
        ge=0,
        le=0.1,
        description="Standard deviation of each component of a uniform strain, a fraction of the "
        "length.",
    )
    local_strain: Annotated[Number, bounded(0, 0.1)] = Field(
        {"choice": {0: 2, 0.01: 1, 0.02: 1}},
        validate_default=True,
        description="Fraction by which a smooth wave of displacements, 60 Å long, strains the "
        "crystal at most.",
    )
    missing_columns: Annotated[Number, bounded(0, 0.5)] = Field(
        {"choice": {0: 3, 0.01: 1, 0.03: 1}},
        validate_default=True,
        description="Fraction of columns without any atom.",
    )
    missing_atoms: Annotated[Number, bounded(0, 0.5)] = Field(
        {"choice": {0: 2, 0.02: 1}}, validate_default=True, description="Fraction of missing atoms."
    )
    tilt_deg: Annotated[Number, bounded(0, 20, unit="deg")] = Field(
        {"uniform": (0, 1.5)},
        validate_default=True,
        description="Tilt of the zone axis about a random axis in the image [deg]; limited so "
        "that neighbouring columns stay apart.",
    )
    weak_below: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Fraction of what the strongest columns of the specimen scatter, for the same "
        "length, below which columns are of the class `weak`.",
    )
    support: CrystalSupport | None = Field(None, description="Support of particles.")
    film: AmorphousCarbon | None = Field(
        None, description="A film of amorphous carbon before or behind the crystal."
    )
    negatives: Negatives = negatives_field("crystal")

    @property
    def column_classes(self) -> frozenset[str] | None:
        """Names that columns can have."""
        return frozenset({STRONG, WEAK})
