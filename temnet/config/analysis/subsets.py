"""Settings of subsets: images whose conditions lie in ranges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from temnet.config.settings import shown

ConditionName = Literal[
    "dose",
    "defocus",
    "camera_sampling",
    "astigmatism",
    "coma",
    "Cs_um",
    "beam_tilt_mrad",
    "tilt_deg",
    "thickness",
    "spacing",
    "focal_spread",
    "image_spread",
    "energy",
    "column_contrast",
]
"""Names of the conditions of an image; see `temnet.evaluation.conditions.CONDITIONS`."""

Limit = Annotated[float, Field(ge=-1e9, le=1e9)] | None
Ends = tuple[Limit, Limit]
"""Lowest and highest value, both included; None where there is no limit."""


def _rising(ends: Ends) -> Ends:
    low, high = ends
    if low is None and high is None:
        raise ValueError("expected a lowest or a highest value; got [null, null]")
    if low is not None and high is not None and low > high:
        raise ValueError(f"expected the lowest value first; got {shown([low, high])}")
    return ends


Subset = Annotated[
    dict[ConditionName, Annotated[Ends, AfterValidator(_rising)]], Field(min_length=1)
]
"""For each condition the range of its values."""
