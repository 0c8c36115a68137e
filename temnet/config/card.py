"""The entries of a network's card that predictions depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, ValidationError


class _Compared(BaseModel):
    """The entry ``taught_images``; see `temnet.inference.familiarity.reference`."""

    spectrum: list[list[float | None]]
    bin_edges: list[float]
    limit: float | None
    noise_dose: float | None
    spots: list[float]
    spot_images: int
    spot_limit: float | None
    lattice_fraction: float


class _Card(BaseModel):
    """The entries of a card that predictions depend on."""

    sha256: str
    threshold: float = Field(gt=0, lt=1, strict=True)
    name: str
    classes: list[str]
    focus_count: int = Field(ge=1, strict=True)
    sampling: float = Field(gt=0, strict=True)
    camera_sampling: tuple[float, float] | None = None
    score_calibration: dict[str, float] | None = None
    taught_images: _Compared | None = None


def wrong_entries(card: Mapping[str, Any]) -> list[str]:
    """Names of the entries that are missing or not what temnet writes."""
    try:
        _Card.model_validate(card)
    except ValidationError as error:
        return sorted({str(fault["loc"][0]) for fault in error.errors()})
    return []
