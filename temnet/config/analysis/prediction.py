"""Settings of prediction."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from temnet.config.distributions import number_or
from temnet.config.names import Address, PathName
from temnet.config.settings import Settings, shown

EngineName = Literal["auto", "keras", "openvino"]
"""What runs a network."""


class RingSettings(Settings):
    """How the rings of a sheet are found."""

    bond: tuple[float, float] = Field(
        (1.1, 1.8),
        description="Least and largest distance of bonded columns [Å]; the default is that of "
        "carbon.",
    )

    @field_validator("bond")
    @classmethod
    def _ordered(cls, bond: tuple[float, float]) -> tuple[float, float]:
        if not 0 < bond[0] < bond[1] <= 10:
            raise ValueError(
                f"expected [least, largest], from more than 0 to 10 Å; got {shown(bond)}"
            )
        return bond


class Prediction(Settings):
    """How columns are found."""

    network: PathName = Field(description="A name in pretrained/ or a network's folder.")
    threshold: Annotated[Literal["card"] | float, number_or("card")] = Field(
        "card", description="Lowest score of a column; `card` takes the network's own."
    )
    min_distance: float | None = Field(
        None,
        gt=0,
        le=10,
        description="Columns closer than this [Å] are one; by default three label widths.",
    )

    symmetries: bool = Field(
        False,
        description="Look at each frame in the eight symmetries of the square: slower, steadier, "
        "and with the spread of each column's position and class.",
    )
    engine: EngineName = Field(
        "auto",
        description="What runs the network: `keras`, `openvino` (pip install -e .[fast]), or "
        "`auto`, which takes OpenVINO where it is installed and agrees with Keras.",
    )
    workers: int = Field(
        0, ge=0, le=1024, description="Processes that look at frames; 0 does it in this process."
    )
    outputs: tuple[Literal["hdf5", "xyz", "maps", "overlays"], ...] = Field(
        ("hdf5", "xyz"),
        description="What is written besides columns.csv: the columns as `hdf5` (exact numbers) "
        "and `xyz` (extended XYZ, one configuration per frame); `maps`, what the network itself "
        "says of each class at each pixel, before scores are calibrated, as TIFF images with their "
        "pixel size, for which each frame is looked at once more; `overlays`, "
        "a PNG of the columns over every frame.",
    )
    rings: RingSettings | None = Field(
        None,
        description="Find the rings of bonded columns, such as the pentagons and heptagons of "
        "graphene; `{}` takes the bonds of carbon.",
    )
    scheduler: Address | None = Field(
        None,
        description="Address of a Dask scheduler whose workers look at frames, such as "
        "`tcp://10.0.0.1:8786`; they find the network at the same path.",
    )

    @field_validator("threshold")
    @classmethod
    def _a_fraction(cls, threshold: str | float) -> str | float:
        if not isinstance(threshold, str) and not 0 < threshold < 1:
            raise ValueError(f"expected more than 0 and less than 1; got {threshold:g}")
        return threshold
