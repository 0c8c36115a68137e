"""Settings of the strain around columns."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from temnet.config.analysis.images import check_box
from temnet.config.names import PathName
from temnet.config.settings import Settings
from temnet.config.structures.from_file import Index


class Strain(Settings):
    """The strain around each column, from the positions of its neighbours."""

    neighbours: int = Field(
        18,
        ge=3,
        le=200,
        description="Number of neighbours that the strain of a column is fitted to, at least; "
        "shells of equal distance are completed. More neighbours make errors smaller and maps "
        "smoother.",
    )
    reference: Literal["core", "region", "spacing", "structure"] = Field(
        "core",
        description="Lattice that strain is measured against in each grain: that of its `core`, "
        "the deeper half of the columns with all neighbours; that in a `region`; that of the core "
        "scaled to a known `spacing` of planes; or that of a `structure` file.",
    )
    region: tuple[int, int, int, int] | None = Field(
        None,
        description="Of the reference `region`: first row, row after the last, first column and "
        "column after the last [pixels] of the file.",
    )
    spacing: float | None = Field(
        None,
        gt=0.5,
        lt=50,
        description="Of the reference `spacing`: distance between lattice planes [Å], such as "
        "2.355 for {111} of gold.",
    )
    structure: PathName | None = Field(
        None, description="Of the reference `structure`: path of a structure file."
    )
    zone_axis: tuple[Index, Index, Index] = Field(
        (0, 0, 1),
        description="Indices of the direction along the beam, in the vectors of the structure "
        "file's cell.",
    )
    average: bool = Field(
        True,
        description="Average the positions of each site over the frames of a movie before strain "
        "is measured, where the stage `occupancy` followed the sites.",
    )
    scale: float | None = Field(
        None,
        gt=0,
        le=100,
        description="End of the colour scale of maps [%]; by default the smallest of a "
        "few that holds nearly all values. Values with larger errors than it are not drawn.",
    )

    @field_validator("region")
    @classmethod
    def _a_box(cls, region: tuple[int, int, int, int] | None) -> tuple[int, int, int, int] | None:
        if region is not None:
            check_box(region)
        return region

    @model_validator(mode="after")
    def _reference_is_given(self) -> Strain:
        if self.reference != "core" and getattr(self, self.reference) is None:
            raise ValueError(f"reference is {self.reference}; add {self.reference}")
        if not any(self.zone_axis):
            raise ValueError("zone_axis: expected a direction; got [0, 0, 0]")
        return self
