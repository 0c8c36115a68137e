"""Settings of MoS2."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from temnet.config.distributions import ROUNDING, Angle, Number, bounded
from temnet.config.distributions import support as support_of
from temnet.config.settings import Settings, shown
from temnet.config.structures.negatives import Negatives, negatives_field
from temnet.config.structures.supports import AmorphousCarbon, Graphene

METALS = ("Co", "Nb", "V", "W")
"""Elements that can stand for Mo."""

CHALCOGENS = ("Se", "Te")
"""Elements that can stand for S."""


class Vacancies(Settings):
    """Fractions of missing atoms of MoS2."""

    S: Annotated[Number, bounded(0, 0.5)] = Field(
        0.0, description="Fraction of sulphur pairs that have lost one atom."
    )
    S2: Annotated[Number, bounded(0, 0.5)] = Field(
        0.0, description="Fraction of sulphur pairs that have lost both atoms."
    )
    Mo: Annotated[Number, bounded(0, 0.5)] = Field(
        0.0, description="Fraction of missing molybdenum atoms."
    )

    @model_validator(mode="after")
    def _leave_something(self) -> Vacancies:
        together = support_of(self.S)[1] + support_of(self.S2)[1]
        if together > 1 + ROUNDING:
            raise ValueError(
                f"S and S2 are fractions of the same pairs and add up to {together:g}; "
                "lower one until they are at most 1"
            )
        return self


class MoS2(Settings):
    """A flake of monolayer MoS2 seen along [001]."""

    kind: Literal["mos2"] = Field("mos2", description="A flake of MoS2.")
    lattice_constant: Annotated[Number, bounded(2.5, 4, unit="Å")] = Field(
        {"normal": (3.16, 0.0133)}, validate_default=True, description="Lattice constant a [Å]."
    )
    sulphur_distance: Annotated[Number, bounded(2, 4, unit="Å")] = Field(
        3.13, description="Distance between the two sulphur planes [Å]."
    )
    rotation_deg: Angle = Field(
        {"uniform": (0, 360)}, validate_default=True, description="Rotation in the plane [deg]."
    )
    tilt_deg: Annotated[Number, bounded(0, 20, unit="deg")] = Field(
        {"uniform": (0, 3)},
        validate_default=True,
        description="Tilt about a random axis in the plane [deg].",
    )
    vacancies: Vacancies = Field(Vacancies(), description="Missing atoms.")
    antisites: Annotated[Number, bounded(0, 0.3)] = Field(
        0.0, description="Fraction of Mo atoms and of S pairs that are exchanged."
    )
    substitutes: dict[str, Annotated[Number, bounded(0, 1)]] = Field(
        {}, description="Fraction of Mo or S atoms that each other element replaces."
    )
    layers: Annotated[Number, bounded(1, 2)] = Field(
        1, description="Number of layers (rounded to a whole number); two are stacked as 2H or 3R."
    )
    strain: Annotated[Number, bounded(0, 0.1)] = Field(
        0.0,
        description="Standard deviation of each component of a uniform strain, a fraction of the "
        "length.",
    )
    local_strain: Annotated[Number, bounded(0, 0.1)] = Field(
        0.0,
        description="Fraction by which a smooth wave of displacements strains the sheet at most.",
    )
    ripple: Annotated[Number, bounded(0, 5, unit="Å")] = Field(
        0.0, description="Amplitude of a wave of the whole sheet out of its plane [Å]."
    )
    ripple_wavelength: Annotated[Number, bounded(15, 500, unit="Å")] = Field(
        {"uniform": (40, 120)}, validate_default=True, description="Wavelength of the ripple [Å]."
    )
    edge_probability: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Fraction of examples in which the flake ends inside the image; of two "
        "layers, each with this probability.",
    )
    edges: Annotated[Number, bounded(1, 3)] = Field(
        1, description="Number of edges of a flake that ends (rounded to a whole number)."
    )
    holes: Annotated[Number, bounded(0, 20)] = Field(
        {"choice": (0, 0, 1, 2)},
        validate_default=True,
        description="Number of holes of each layer (rounded to a whole number).",
    )
    hole_radius: Annotated[Number, bounded(1, 50, unit="Å")] = Field(
        {"uniform": (2, 6)}, validate_default=True, description="Mean radius of a hole [Å]."
    )
    support: Annotated[Graphene | AmorphousCarbon, Field(discriminator="kind")] | None = Field(
        None, description="Support of the flake."
    )
    negatives: Negatives = negatives_field("flake")

    @field_validator("substitutes")
    @classmethod
    def _known_substitutes(cls, substitutes: dict[str, Number]) -> dict[str, Number]:
        for element in substitutes:
            if element not in (*METALS, *CHALCOGENS):
                known = ", ".join((*METALS, *CHALCOGENS))
                raise ValueError(f"expected elements out of {known}; got {shown(element)}")
        for family in (METALS, CHALCOGENS):
            most = sum(support_of(value)[1] for key, value in substitutes.items() if key in family)
            if most > 1 + ROUNDING:
                raise ValueError(
                    f"the substitutes for one element add up to {most:g}; lower them until they "
                    "are at most 1"
                )
        return substitutes

    @property
    def column_classes(self) -> frozenset[str] | None:
        """Names that columns can have; None where any formula can come about."""
        if self.substitutes or support_of(self.layers)[1] >= 1.5:
            return None
        return frozenset({"Mo", "S2", "S"})
