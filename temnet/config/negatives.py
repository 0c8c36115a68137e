"""Settings of examples that show no columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from temnet.config.distributions import Settings, is_number, shown


class Negatives(Settings):
    """How often there is no column to be found, so that a network learns what that looks like."""

    empty: float = Field(
        0.04, ge=0, le=1, description="Fraction of examples that show no specimen at all."
    )
    amorphous: float = Field(
        0.02, ge=0, le=1, description="Fraction that shows a film of amorphous carbon alone."
    )
    off_axis: float = Field(
        0.02,
        ge=0,
        le=1,
        description="Fraction that shows a crystal so far off any zone axis that there are "
        "fringes at most; a film where the specimen has no crystal that is thick enough for that.",
    )

    @model_validator(mode="after")
    def _leave_some(self) -> Negatives:
        together = self.empty + self.amorphous + self.off_axis
        if together > 1:
            raise ValueError(
                f"empty, amorphous and off_axis add up to {together:g}; lower them until they are "
                "at most 1"
            )
        return self


class Specimen(Settings):
    """Base of the settings of all specimens."""

    @model_validator(mode="before")
    @classmethod
    def _empty_is_a_negative(cls, values: Any) -> Any:
        # The only negatives that there were at first stood in `empty: {probability: ...}`.
        if not isinstance(values, Mapping) or not isinstance(values.get("empty"), Mapping):
            return values
        if "negatives" in values:
            raise ValueError("`empty` is the earlier name of `negatives`; take `empty` out")
        rest = dict(values)
        probability = dict(rest.pop("empty")).pop("probability", 0.05)
        if set(values["empty"]) - {"probability"} or not is_number(probability):
            raise ValueError(
                f"expected `empty` with a number as `probability`; got {shown(values['empty'])}; "
                "better use `negatives`"
            )
        return {**rest, "negatives": {"empty": probability, "amorphous": 0.0, "off_axis": 0.0}}
