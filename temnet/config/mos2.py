"""Settings of MoS2."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from temnet.config.distributions import Number, Settings, bounded
from temnet.config.distributions import support as support_of
from temnet.config.negatives import Empty
from temnet.config.supports import Graphene


class Vacancies(Settings):
    """Fractions of missing atoms of MoS2."""

    S: bounded(0, 0.5) = Field(
        0.0, description="Fraction of sulphur pairs that have lost one atom."
    )
    S2: bounded(0, 0.5) = Field(
        0.0, description="Fraction of sulphur pairs that have lost both atoms."
    )
    Mo: bounded(0, 0.5) = Field(0.0, description="Fraction of molybdenum atoms that are missing.")

    @model_validator(mode="after")
    def _leave_something(self) -> Vacancies:
        together = support_of(self.S)[1] + support_of(self.S2)[1]
        if together > 1:
            raise ValueError(
                f"S and S2 are fractions of the same pairs and add up to {together:g}; "
                "lower one until they are at most 1"
            )
        return self


class MoS2(Settings):
    """A flake of monolayer MoS2 seen along [001]."""

    kind: Literal["mos2"] = Field("mos2", description="A flake of MoS2.")
    lattice_constant: bounded(2.5, 4, unit="Å") = Field(
        {"normal": (3.16, 0.0133)}, validate_default=True, description="Lattice constant a [Å]."
    )
    sulphur_distance: bounded(2, 4, unit="Å") = Field(
        3.13, description="Distance between the two sulphur planes [Å]."
    )
    rotation_deg: Number = Field(
        {"uniform": (0, 360)}, validate_default=True, description="Rotation in the plane [deg]."
    )
    tilt_deg: bounded(0, 20, unit="deg") = Field(
        {"uniform": (0, 3)},
        validate_default=True,
        description="Tilt [deg] about a random axis in the plane.",
    )
    vacancies: Vacancies = Field(Vacancies(), description="Missing atoms.")
    edge_probability: float = Field(
        0.5, ge=0, le=1, description="Fraction of examples in which the flake ends in the image."
    )
    holes: bounded(0, 20) = Field(
        {"choice": (0, 0, 1, 2)},
        validate_default=True,
        description="Number of holes (rounded to a whole number).",
    )
    hole_radius: bounded(1, 50, unit="Å") = Field(
        {"uniform": (2, 6)}, validate_default=True, description="Mean radius of a hole [Å]."
    )
    support: Graphene | None = Field(None, description="What the flake lies on.")
    empty: Empty = Field(Empty(), description="Examples without the flake.")
