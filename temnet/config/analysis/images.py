"""Settings of microscope images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from temnet.config.distributions import number_or
from temnet.config.names import PathName
from temnet.config.settings import Settings, shown

MOST_FRAMES = 10**8
"""Frames of a movie, and rows and columns of an image, are fewer."""


class Images(Settings):
    """Microscope files and how to read them."""

    files: tuple[PathName, ...] = Field(
        min_length=1,
        description="Paths, patterns or folders of images; relative paths count from the YAML's "
        "folder, then from the working folder.",
    )
    sampling: Annotated[Literal["header", "auto"] | float, number_or("header", "auto")] = Field(
        "header",
        description="Pixel size [Å], `header` to take it from the file, or `auto` to measure it on "
        "a lattice of known `spacing`.",
    )
    spacing: float | None = Field(
        None,
        gt=0.5,
        lt=50,
        description="Distance between lattice planes that the image shows [Å], such as 2.355 for "
        "{111} of gold; measures the pixel size with `sampling: auto`, else checks it.",
    )
    axes: Literal["auto", "frames", "focus"] = Field(
        "auto",
        description="What images follow each other in: `frames` of a movie, or the `focus` of "
        "focal series, within a stack or from file to file; `auto` takes each file by itself, as "
        "its header says, else as focal series where the network wants them and the number of "
        "images fits.",
    )
    focus_order: Literal["card", "reversed", "auto"] = Field(
        "card",
        description="Order of the images in a focal series: as on the network's `card`, "
        "`reversed`, or `auto`, which asks the network: a guess, right in three of the four "
        "simulated images that it decides.",
    )
    align: bool = Field(
        True, description="Lay the images of a focal series on each other before columns are found."
    )
    max_shift: float = Field(
        1.5,
        gt=0,
        le=20,
        description="Largest believable shift within a focal series [Å]. Larger ones can be told "
        "in images of some 40 Å and more; in smaller ones a crystal that was shifted by most of a "
        "lattice vector looks as if it had been shifted the other way.",
    )
    invert: bool = Field(
        False,
        description="Exchange bright and dark, for images whose columns are dark and a network "
        "that was taught on bright ones.",
    )
    frames: tuple[int, int] | None = Field(
        None,
        description="First frame and the one after the last; all where it is not given. Tables "
        "and pictures count frames from the first of these.",
    )
    mask: tuple[tuple[int, int, int, int], ...] = Field(
        (),
        description="Boxes that hold no image, such as a burnt-in scale bar: [first row, row "
        "after the last, first column, column after the last] each, in the file's pixels.",
    )

    @field_validator("sampling")
    @classmethod
    def _a_pixel(cls, sampling: str | float) -> str | float:
        if not isinstance(sampling, str) and not 0.005 <= sampling <= 10:
            raise ValueError(f"expected at least 0.005 and at most 10 Å; got {sampling:g}")
        return sampling

    @model_validator(mode="after")
    def _something_to_measure(self) -> Images:
        if self.sampling == "auto" and self.spacing is None:
            raise ValueError(
                "sampling is auto, which needs the distance between the lattice planes that the "
                "image shows; set images.spacing [Å]"
            )
        return self

    @field_validator("frames")
    @classmethod
    def _ordered(cls, frames: tuple[int, int] | None) -> tuple[int, int] | None:
        if frames is not None and not 0 <= frames[0] < frames[1] <= MOST_FRAMES:
            raise ValueError(f"expected [first, one after the last]; got {shown(frames)}")
        return frames

    @field_validator("mask")
    @classmethod
    def _boxes(cls, mask: tuple[tuple[int, int, int, int], ...]) -> tuple:
        for box in mask:
            if not (0 <= box[0] < box[1] <= MOST_FRAMES and 0 <= box[2] < box[3] <= MOST_FRAMES):
                raise ValueError(
                    "expected [first row, row after the last, first column, column after the "
                    f"last]; got {shown(box)}"
                )
        return mask
