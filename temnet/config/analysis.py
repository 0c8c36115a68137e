"""Settings of prediction, scoring and the analysis of movies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from temnet.config.distributions import Settings, number_or

EngineName = Literal["auto", "keras", "openvino"]
"""What runs a network."""


class Images(Settings):
    """Microscope files and how to read them."""

    files: tuple[str, ...] = Field(
        min_length=1,
        description="Paths or patterns; relative paths count from the YAML's folder, then from "
        "the working folder.",
    )
    sampling: Annotated[Literal["header"] | float, number_or("header")] = Field(
        "header", description="Pixel size [Å], or `header` to take it from the file."
    )
    axes: Literal["auto", "frames", "focus"] = Field(
        "auto",
        description="What images follow each other in: `frames` of a movie, or the `focus` of "
        "focal series, within a stack or from file to file; `auto` takes each file by itself, as "
        "focal series where the network wants them and the number of images fits.",
    )
    frames: tuple[int, int] | None = Field(
        None, description="First frame and the one after the last; all where it is not given."
    )

    @field_validator("sampling")
    @classmethod
    def _a_pixel(cls, sampling: str | float) -> str | float:
        if not isinstance(sampling, str) and not 0.005 <= sampling <= 10:
            raise ValueError(f"expected at least 0.005 and at most 10 Å; got {sampling:g}")
        return sampling

    @field_validator("frames")
    @classmethod
    def _ordered(cls, frames: tuple[int, int] | None) -> tuple[int, int] | None:
        if frames is not None and not 0 <= frames[0] < frames[1]:
            raise ValueError(f"expected [first, one after the last]; got {list(frames)}")
        return frames


class Prediction(Settings):
    """How columns are found."""

    network: str = Field(description="A name in pretrained/ or a network's folder.")
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
        description="What runs the network: `keras`, `openvino` (pip install temnet[fast]), or "
        "`auto`, which takes OpenVINO where it is installed and agrees with Keras.",
    )
    workers: int = Field(
        0, ge=0, le=1024, description="Processes that look at frames; 0 does it in this process."
    )
    scheduler: str | None = Field(
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


class Evaluation(Settings):
    """How predictions are scored."""

    radius: float = Field(
        0.5, gt=0, le=5, description="A column is found if a peak lies within this distance [Å]."
    )
    border: float = Field(
        1.5, ge=0, le=20, description="Columns and peaks this close to the border count not [Å]."
    )


class Occupancy(Settings):
    """How sites are followed through a movie."""

    tolerance: float = Field(
        0.7, gt=0, le=5, description="A site is one place within this distance [Å]."
    )
    classes: tuple[str, ...] | None = Field(
        None, description="Classes that are followed; all where it is not given."
    )
    min_occupancy: float = Field(
        0.1, ge=0, le=1, description="Places occupied in fewer of the frames are no sites."
    )
    max_drift: float = Field(
        5.0, gt=0, le=100, description="Largest drift between consecutive frames [Å]."
    )
    frame_time: float | None = Field(None, gt=0, description="Time from frame to frame [s].")
