"""Settings of microscope images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from temnet.config.distributions import number_or
from temnet.config.names import PathName
from temnet.config.settings import Settings, shown

MOST_FRAMES = 10**8
"""Frames of a movie, and rows and columns of an image, are fewer."""


MOST_AVERAGED = 1000
"""Most frames of a running average, which are held in memory."""


class Images(Settings):
    """Microscope files and how to read them."""

    files: tuple[PathName, ...] = Field(
        min_length=1,
        description="Paths, patterns or folders of images; relative paths count from the YAML's "
        "folder, then from the working folder.",
    )
    sampling: Annotated[Literal["header", "auto"] | float, number_or("header", "auto")] = Field(
        "header",
        description="Pixel size [Å], `header` to read it from the file, or `auto` to measure it on "
        "the lattice: planes of known `spacing`, or else the materials of the network.",
    )
    spacing: float | None = Field(
        None,
        gt=0.5,
        lt=50,
        description="Distance between lattice planes in the image [Å], such as 2.355 for {111} of "
        "gold. The pixel size is checked by it, or measured where `sampling` is `auto`.",
    )
    axes: Literal["auto", "frames", "focus"] = Field(
        "auto",
        description="Axis along which images follow each other, within a stack or from file to "
        "file: `frames` of a movie or `focus` of focal series. With `auto` each file is processed "
        "by itself, by its header, or as focal series if the network takes them and the number of "
        "images fits.",
    )
    focus_order: Literal["card", "reversed", "auto"] = Field(
        "card",
        description="Order of the images in a focal series: as on the network's `card`, "
        "`reversed`, or `auto`, which compares the network's scores in both orders: a guess, "
        "correct for three of four simulated images that it decides.",
    )
    align: bool = Field(
        True, description="Align the images of a focal series before columns are found."
    )
    max_shift: float = Field(
        1.5,
        gt=0,
        le=20,
        description="Largest believable shift within a focal series [Å]. Larger shifts can be "
        "measured in images of some 40 Å and more; in smaller ones a shift by most of a lattice "
        "vector looks like a small shift the other way.",
    )
    invert: bool | Literal["auto"] = Field(
        False,
        description="Exchange bright and dark, for images with dark columns and a network that was "
        "trained on bright ones; `auto` decides by the images.",
    )
    flatten: bool | Literal["auto"] = Field(
        "auto",
        description="Subtract what varies slower than a lattice, such as uneven light and "
        "absorption, before columns are found; `auto` does so where it is more than in training "
        "images, or where the columns depend on it.",
    )
    average: Annotated[Literal["auto"] | int, number_or("auto")] = Field(
        1,
        description="Number of frames of a running average, for movies that are too noisy for a "
        "single frame: each frame becomes the average of those around it, without the drift that "
        "the images show. `auto` takes the smallest of 1, 2, 4, 8, … in whose averages most "
        "columns are found.",
    )
    frames: tuple[int, int] | None = Field(
        None,
        description="Indices of the first frame and the one after the last; by default all. "
        "Tables and pictures count frames from the first of these.",
    )
    mask: tuple[tuple[int, int, int, int], ...] = Field(
        (),
        description="Boxes without image, such as a burnt-in scale bar, each given by its first "
        "row, row after the last, first column and column after the last [pixels] of "
        "the file.",
    )

    @field_validator("sampling")
    @classmethod
    def _a_pixel(cls, sampling: str | float) -> str | float:
        if not isinstance(sampling, str) and not 0.005 <= sampling <= 10:
            raise ValueError(f"expected at least 0.005 and at most 10 Å; got {sampling:g}")
        return sampling

    @field_validator("average")
    @classmethod
    def _some_frames(cls, average: str | int) -> str | int:
        if not isinstance(average, str) and not 1 <= average <= MOST_AVERAGED:
            raise ValueError(f"expected at least 1 and at most {MOST_AVERAGED}; got {average}")
        return average

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
            check_box(box)
        return mask


def check_box(box: tuple[int, int, int, int]) -> None:
    """Checks a box of pixels.

    Raises:
        ValueError: If it is empty or has numbers that no image has.
    """
    if not (0 <= box[0] < box[1] <= MOST_FRAMES and 0 <= box[2] < box[3] <= MOST_FRAMES):
        raise ValueError(
            "expected [first row, row after the last, first column, column after the last]; got "
            f"{shown(box)}"
        )
