"""Settings of prediction, scoring and the analysis of movies."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from temnet.config.distributions import Settings


class Images(Settings):
    """Microscope files and how to read them."""

    files: tuple[str, ...] = Field(
        min_length=1,
        description="Paths or patterns; relative paths count from the YAML's folder, then from "
        "the working folder.",
    )
    sampling: Literal["header"] | float = Field(
        "header", description="Pixel size [Å], or `header` to take it from the file."
    )
    axes: Literal["auto", "frames", "focus"] = Field(
        "auto",
        description="What a stack's first axis is: frames of a movie or the images of a focal "
        "series; `auto` takes a stack of as many images as the network wants for a focal series.",
    )
    frames: tuple[int, int] | None = Field(
        None, description="First frame and the one after the last; all where it is not given."
    )

    @model_validator(mode="after")
    def _positive(self) -> Images:
        if not isinstance(self.sampling, str) and not 0.005 <= self.sampling <= 10:
            raise ValueError(f"sampling must lie between 0.005 and 10 Å; got {self.sampling:g}")
        if self.frames is not None and not 0 <= self.frames[0] < self.frames[1]:
            raise ValueError(f"frames needs [first, after the last]; got {list(self.frames)}")
        return self


class Prediction(Settings):
    """How columns are found."""

    network: str = Field(description="A name in pretrained/ or a network's folder.")
    threshold: Literal["card"] | float = Field(
        "card", description="Lowest score of a column; `card` takes the network's own."
    )
    min_distance: float | None = Field(
        None,
        gt=0,
        le=10,
        description="Columns closer than this [Å] are one; by default three label widths.",
    )

    @model_validator(mode="after")
    def _fraction(self) -> Prediction:
        if not isinstance(self.threshold, str) and not 0 < self.threshold < 1:
            raise ValueError(f"threshold must lie between 0 and 1; got {self.threshold:g}")
        return self


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
