"""Settings of what specimens lie on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from temnet.config.distributions import ROUNDING, Number, bounded
from temnet.config.settings import Settings


class Graphene(Settings):
    """A sheet of graphene that carries the specimen."""

    kind: Literal["graphene"] = Field("graphene", description="A sheet of graphene.")
    probability: float = Field(1.0, ge=0, le=1, description="Fraction of examples with a sheet.")
    gap: Annotated[Number, bounded(2.5, 5, unit="Å")] = Field(
        3.35, description="Distance from the sheet to the nearest atoms of the specimen [Å]."
    )
    vacancies: Annotated[Number, bounded(0, 0.2)] = Field(
        0.0, description="Fraction of missing carbon atoms."
    )
    layers: Annotated[Number, bounded(1, 3)] = Field(
        1, description="Number of sheets (rounded to a whole number), each at a random twist."
    )


class AmorphousCarbon(Settings):
    """A film of amorphous carbon that carries the specimen; the beam passes through it."""

    kind: Literal["amorphous_carbon"] = Field(
        "amorphous_carbon", description="A film of amorphous carbon."
    )
    probability: float = Field(1.0, ge=0, le=1, description="Fraction of examples with a film.")
    thickness: Annotated[Number, bounded(2, 200, unit="Å")] = Field(
        {"uniform": (10, 50)}, validate_default=True, description="Thickness of the film [Å]."
    )
    density: Annotated[Number, bounded(1, 3.6, unit="g/cm³")] = Field(
        {"uniform": (1.8, 2.2)}, validate_default=True, description="Density of the film [g/cm³]."
    )
    gap: Annotated[Number, bounded(0, 5, unit="Å")] = Field(
        {"uniform": (1.8, 2.8)},
        validate_default=True,
        description="Distance from the film's surface to the nearest atoms of the specimen [Å].",
    )


OxideName = Literal["CeO2", "TiO2", "MgO"]


class Oxide(Settings):
    """An oxide crystal, seen from the side, whose surface carries the particle."""

    kind: OxideName = Field(
        "CeO2", description="The oxide: CeO2 (fluorite), TiO2 (rutile) or MgO (rock salt)."
    )
    others: dict[OxideName, Annotated[float, Field(ge=0, le=1)]] = Field(
        {},
        exclude_if=lambda others: not others,
        description="Fraction of the supports that are another oxide instead, by its name.",
    )
    probability: float = Field(0.6, ge=0, le=1, description="Fraction of examples with an oxide.")
    thickness: Annotated[Number, bounded(5, 100, unit="Å")] = Field(
        {"uniform": (15, 40)},
        validate_default=True,
        description="Thickness of the oxide along the beam [Å].",
    )
    epitaxial_probability: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Fraction of supports in the usual orientation to the particle: CeO2 and MgO "
        "with the same axes, so that {111} is parallel to {111}; TiO2, for a particle along "
        "[110], with (110) parallel to {111} and [001] along the beam.",
    )
    off_axis_probability: float = Field(
        0.15,
        ge=0,
        le=1,
        description="Fraction of supports in a random orientation: fringes, and dots where they "
        "are thin, without labels.",
    )
    tilt_deg: Annotated[Number, bounded(0, 20, unit="deg")] = Field(
        {"uniform": (0, 4)},
        validate_default=True,
        description="Tilt of the oxide's zone axis about a random axis in the image [deg].",
    )

    @property
    def kinds(self) -> tuple[OxideName, ...]:
        """Every oxide that can be drawn."""
        own = (self.kind,) if sum(self.others.values()) < 1 - ROUNDING else ()
        return (*own, *(name for name, share in self.others.items() if share > 0))

    @model_validator(mode="after")
    def _whole_share(self) -> Oxide:
        if sum(self.others.values()) > 1 + ROUNDING:
            raise ValueError(
                f"others add up to {sum(self.others.values()):g}; lower them until they are at "
                "most 1"
            )
        return self

    @model_validator(mode="after")
    def _one_orientation(self) -> Oxide:
        together = self.epitaxial_probability + self.off_axis_probability
        if together > 1 + ROUNDING:
            raise ValueError(
                "epitaxial_probability and off_axis_probability add up to "
                f"{together:g}; lower them until they are at most 1"
            )
        return self
