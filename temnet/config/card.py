"""A network's card: the entries that predictions depend on, and what they may be."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]

MOST_WEIGHTS = 2**30
"""Weights of the largest network that is read: 4 GB."""


def _plain_name(name: str) -> str:
    """A name that can be shown in one line, and be that of a file."""
    if not name.isprintable() or name != name.strip() or name.startswith("."):
        raise ValueError("expected printable characters, without a dot or blanks before them")
    if set(name) & set('/\\:*?"<>|'):
        raise ValueError("expected a name without the characters of paths")
    return name


def _ordered(span: tuple[float, float]) -> tuple[float, float]:
    if not 0 < span[0] <= span[1] <= 100:
        raise ValueError("expected the least and the largest pixel size in Å")
    return span


def _different(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("expected classes that differ")
    return names


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_plain_name)]
ClassName = Annotated[str, Field(min_length=1, max_length=100)]


class _Calibration(BaseModel):
    """The entry ``score_calibration``; see `temnet.inference.score_calibration`."""

    model_config = ConfigDict(extra="forbid")

    slope: Number = Field(1.0, gt=0, le=1000)
    offset: Number = Field(0.0, ge=-1000, le=1000)
    class_slope: Number = Field(1.0, ge=0, le=1000)


class _Compared(BaseModel):
    """The entry ``taught_images``; see `temnet.inference.out_of_distribution.reference`."""

    spectrum: list[list[Number | None]] = Field(min_length=3, max_length=3)
    bin_edges: list[Number] = Field(min_length=2)
    limit: Number | None = Field(ge=0)
    noise_dose: Number | None = Field(gt=0)
    spots: list[Annotated[Number, Field(gt=0)]]
    spot_images: int = Field(ge=0, strict=True)
    spot_limit: Number | None
    lattice_fraction: Number = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _fitting(self) -> _Compared:
        edges, lengths = self.bin_edges, {len(line) for line in self.spectrum}
        if lengths != {len(edges) - 1} or edges != sorted(set(edges)):
            raise ValueError("expected one value of each quantile between two rising bin edges")
        values = [value for line in self.spectrum for value in line if value is not None]
        known = self.limit is not None or not values
        if not known or (self.spot_limit is not None and not (self.spots and self.spot_images)):
            raise ValueError("expected a limit of what is compared")
        if self.spots != sorted(self.spots):
            raise ValueError("expected rising frequencies of spots")
        return self


class _Card(BaseModel):
    """The entries of a card that predictions depend on; there may be others."""

    schema_: int = Field(alias="schema", ge=1, strict=True)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    threshold: Number = Field(gt=0, lt=1)
    name: Name
    classes: Annotated[list[ClassName], AfterValidator(_different)] = Field(
        min_length=1, max_length=100
    )
    focus_count: int = Field(ge=1, le=1000, strict=True)
    sampling: Number = Field(ge=0.02, le=1)
    parameters: int = Field(1, ge=1, le=MOST_WEIGHTS, strict=True)
    camera_sampling: Annotated[tuple[Number, Number], AfterValidator(_ordered)] | None = None
    score_calibration: _Calibration | None = None
    taught_images: _Compared | None = None
    metrics: dict[str, Any] | None = None
    validation: dict[str, Any] | None = None
    cost: dict[str, Any] | None = None
    frozen: dict[str, Any] | None = None


def parse_card(text: str) -> dict[str, Any]:
    """The entries of a card from its JSON.

    Raises:
        ValueError: It is no JSON, is nested too deeply, or holds NaN or infinity.
    """
    try:
        entries = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(entries, dict):
        raise ValueError("there are no entries `name: value`")
    return entries


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is too large")
    return value


def wrong_entries(card: Mapping[str, Any]) -> list[str]:
    """Names of the entries that are missing or not what temnet writes."""
    try:
        _Card.model_validate(card)
    except ValidationError as error:
        return sorted({str(fault["loc"][0]) for fault in error.errors()})
    return []
