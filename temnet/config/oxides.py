"""Settings of oxides that carry particles."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from temnet.config.distributions import Settings, bounded


class Oxide(Settings):
    """An oxide crystal, seen from the side, whose surface carries the particle."""

    kind: Literal["CeO2", "TiO2"] = Field("CeO2", description="Which oxide; TiO2 is rutile.")
    probability: float = Field(
        0.6, ge=0, le=1, description="Fraction of examples in which there is an oxide."
    )
    thickness: bounded(5, 100, unit="Å") = Field(
        {"uniform": (15, 40)},
        validate_default=True,
        description="Thickness of the oxide along the beam [Å].",
    )
    epitaxial_probability: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Fraction of supports that the particle has grown on: {111} parallel to "
        "CeO2 {111} and <110> to <110>, or {111} parallel to TiO2 (110) and <110> to [001].",
    )
    off_axis_probability: float = Field(
        0.15,
        ge=0,
        le=1,
        description="Fraction of supports in a random orientation far off any zone axis, which "
        "show fringes but no columns.",
    )
    tilt_deg: bounded(0, 20, unit="deg") = Field(
        {"uniform": (0, 4)},
        validate_default=True,
        description="Tilt of the oxide's zone axis [deg] about a random axis in the image.",
    )

    @model_validator(mode="after")
    def _leave_some(self) -> Oxide:
        together = self.epitaxial_probability + self.off_axis_probability
        if together > 1:
            raise ValueError(
                f"epitaxial_probability and off_axis_probability add up to {together:g}; lower "
                "them until they are at most 1"
            )
        return self
