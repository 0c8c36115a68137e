"""Settings of defected graphene."""

from __future__ import annotations

from typing import Annotated, Literal

from ase.data import atomic_numbers
from pydantic import Field, field_validator

from temnet.config.distributions import Number, Text, bounded, texts
from temnet.config.settings import Settings, shown
from temnet.config.structures.negatives import Negatives, negatives_field


class DefectedGraphene(Settings):
    """A sheet of graphene with many defects: the Voronoi diagram of random points.

    After Madsen et al., Adv. Theory Simul. 1, 1800037 (2018).
    """

    kind: Literal["graphene"] = Field("graphene", description="Defected graphene.")
    bond_length: Annotated[Number, bounded(1.2, 1.7, unit="Å")] = Field(
        1.42, description="Mean distance between neighbouring atoms [Å]."
    )
    relaxation_steps: Annotated[Number, bounded(0, 500)] = Field(
        {"choice": (10, 20, 40, 80, 160)},
        validate_default=True,
        description="Number of steps of Lloyd's algorithm: the more steps, the fewer defects.",
    )
    crystal_probability: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Fraction of examples whose points start from one or two perfect lattices (a "
        "grain boundary) instead of at random.",
    )
    grain_loops: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of grain boundaries that close around a grain; the others run "
        "straight through the field.",
    )
    perfect_probability: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of examples that start from one perfect lattice, with the defects "
        "below, instead of a Voronoi diagram.",
    )
    stone_wales: Annotated[Number, bounded(0, 0.1)] = Field(
        0.0, description="Fraction of bonds of a perfect lattice that are rotated by 90 degrees."
    )
    vacancies: Annotated[Number, bounded(0, 0.2)] = Field(
        0.0, description="Fraction of missing atoms."
    )
    adatoms: Annotated[Number, bounded(0, 0.1)] = Field(
        0.0, description="Number of adatoms per atom of the sheet."
    )
    adatom: Text = Field(
        "C",
        description="Element of the adatoms, or a choice of elements; carbon sits on bonds, other "
        "elements above the centres of hexagons.",
    )
    holes: Annotated[Number, bounded(0, 20)] = Field(
        {"choice": (0, 1, 2)},
        validate_default=True,
        description="Number of holes (rounded to a whole number).",
    )
    hole_radius: Annotated[Number, bounded(1, 50, unit="Å")] = Field(
        {"uniform": (2, 8)}, validate_default=True, description="Mean radius of a hole [Å]."
    )
    contamination: Annotated[Number, bounded(0, 20)] = Field(
        0.0,
        description="Number of patches of amorphous carbon (rounded to a whole number), each on "
        "one side of the sheet; patches of a narrow `contamination_width` are "
        "strands.",
    )
    contamination_radius: Annotated[Number, bounded(1, 50, unit="Å")] = Field(
        {"uniform": (3, 12)}, validate_default=True, description="Mean radius of a patch [Å]."
    )
    contamination_width: Annotated[Number, bounded(0.5, 50, unit="Å")] = Field(
        50.0,
        description="Width of the covered band along the outline of a patch [Å]; where it exceeds "
        "the radius, the whole patch is covered.",
    )
    contamination_thickness: Annotated[Number, bounded(2, 50, unit="Å")] = Field(
        {"uniform": (2, 8)}, validate_default=True, description="Thickness of a patch [Å]."
    )
    negatives: Negatives = negatives_field("sheet")

    @field_validator("adatom")
    @classmethod
    def _elements(cls, adatom: Text) -> Text:
        for word in texts(adatom):
            if word not in atomic_numbers:
                raise ValueError(f"expected a chemical element; got {shown(word)}")
        return adatom

    @property
    def column_classes(self) -> frozenset[str] | None:
        """Names that columns can have."""
        return frozenset({"C", *texts(self.adatom)})
