"""Settings of examples that show no columns."""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, Field, model_validator

from temnet.config.distributions import ROUNDING
from temnet.config.settings import Settings


class Negatives(Settings):
    """Fractions of examples without any column to find, so that a network learns them."""

    probability: float = Field(
        0.05, ge=0, le=1, description="Fraction of examples without any specimen (vacuum)."
    )
    amorphous: float = Field(
        0.0, ge=0, le=1, description="Fraction of examples with a film of amorphous carbon alone."
    )
    off_axis: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of examples with a metal particle off any zone axis: fringes, and "
        "dots where it is thin, without labels.",
    )
    graphitic: float = Field(
        0.0,
        ge=0,
        le=1,
        exclude_if=lambda share: share == 0,
        description="Fraction of examples with graphitic carbon, such as soot: bent stacks of "
        "graphene seen edge-on, with fringes of 3.4 Å.",
    )

    @model_validator(mode="after")
    def _leave_some(self) -> Negatives:
        if self.together > 1 + ROUNDING:
            raise ValueError(
                f"probability, amorphous, off_axis and graphitic add up to {self.together:g}; "
                "lower them until they are at most 1"
            )
        return self

    @property
    def together(self) -> float:
        """Fraction of examples that show no columns."""
        return self.probability + self.amorphous + self.off_axis + self.graphitic


def negatives_field(specimen: str) -> Any:
    """The setting `negatives` of a specimen, which hashes and finished runs know as `empty`."""
    return Field(
        Negatives(),
        validation_alias=AliasChoices("negatives", "empty"),  # old key
        serialization_alias="empty",  # old key
        description=f"Examples without the {specimen}, in which there is nothing to find.",
    )
