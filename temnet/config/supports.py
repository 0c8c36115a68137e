"""Settings of what specimens lie on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from temnet.config.distributions import Settings, bounded


class Graphene(Settings):
    """A sheet of graphene that carries the specimen."""

    kind: Literal["graphene"] = Field("graphene", description="A sheet of graphene.")
    probability: float = Field(
        1.0, ge=0, le=1, description="Fraction of examples in which there is a sheet."
    )
    gap: bounded(2.5, 5, unit="Å") = Field(
        3.35, description="Distance from the sheet to the specimen's nearest atoms [Å]."
    )
    vacancies: bounded(0, 0.2) = Field(
        0.0, description="Fraction of carbon atoms that are missing."
    )
    layers: bounded(1, 3) = Field(
        1, description="Number of sheets (rounded to a whole number), each at a random twist."
    )


class AmorphousCarbon(Settings):
    """A film of amorphous carbon that carries the specimen, seen through it."""

    kind: Literal["amorphous_carbon"] = Field(
        "amorphous_carbon", description="A film of amorphous carbon."
    )
    probability: float = Field(
        1.0, ge=0, le=1, description="Fraction of examples in which there is a film."
    )
    thickness: bounded(2, 200, unit="Å") = Field(
        {"uniform": (10, 50)}, validate_default=True, description="Thickness of the film [Å]."
    )
    density: bounded(1, 3.6, unit="g/cm³") = Field(
        {"uniform": (1.8, 2.2)}, validate_default=True, description="Density [g/cm³]."
    )
    gap: bounded(0, 5, unit="Å") = Field(
        {"uniform": (1.8, 2.8)},
        validate_default=True,
        description="Distance from the film's face to the specimen's nearest atoms [Å].",
    )
