"""Settings of prediction, scoring and the analysis of movies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from temnet.config.distributions import Settings, number_or, shown
from temnet.config.names import Address, PathName
from temnet.config.scoring import CramerRao, FixedSeries, IdealObserver

MOST_FRAMES = 10**8
"""Frames of a movie, and rows and columns of an image, are fewer."""

EngineName = Literal["auto", "keras", "openvino"]
"""What runs a network."""


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


class Evaluation(Settings):
    """How predictions are scored."""

    radius: float = Field(
        0.5, gt=0, le=5, description="A column is found if a peak lies within this distance [Å]."
    )
    border: float = Field(
        1.5, ge=0, le=20, description="Columns and peaks this close to the border count not [Å]."
    )
    networks: tuple[PathName, ...] = Field(
        (),
        description="Names in pretrained/ or networks' folders that are scored on the same "
        "images, beside the network that was trained, or instead where none is.",
    )
    series: FixedSeries | None = Field(
        None, description="Scores against one parameter at fixed values, with fixed specimens."
    )
    cramer_rao: CramerRao | None = Field(
        None, description="Position error against the best that the electrons allow."
    )
    ideal_observer: IdealObserver | None = Field(
        None, description="F1 of each class against the best that the electrons allow."
    )

    @field_validator("networks")
    @classmethod
    def _once_each(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(networks)) != len(networks):
            raise ValueError(f"expected each network once; got {shown(networks)}")
        return networks


class Occupancy(Settings):
    """How sites are followed through a movie."""

    tolerance: float = Field(
        0.7, gt=0, le=5, description="A site is one place within this distance [Å]."
    )
    classes: tuple[str, ...] | None = Field(
        None,
        description="Sites whose columns are mostly of these classes are followed; all where it is "
        "not given. A column of another class at such a site counts as being there.",
    )
    min_occupancy: float = Field(
        0.1, ge=0, le=1, description="Places occupied in fewer of the frames are no sites."
    )
    max_drift: float = Field(
        5.0, gt=0, le=100, description="Largest drift between consecutive frames [Å]."
    )
    model: Literal["threshold", "hidden_markov"] = Field(
        "threshold",
        description="`threshold`: a site is empty where no column was found; `hidden_markov`: a "
        "hidden Markov model tells missed columns from those that left.",
    )
    frame_time: float | None = Field(
        None, gt=0, le=1e6, description="Time from frame to frame [s]."
    )


class Compare(Settings):
    """Two movies whose sites are compared."""

    runs: tuple[PathName, PathName] = Field(
        description="Two finished run folders with the stage `occupancy`; relative paths count "
        "from the working folder. Differences are the second minus the first."
    )
    block_frames: int | None = Field(
        None,
        ge=1,
        le=MOST_FRAMES,
        description="Consecutive frames that make a block; by default four times the time in which "
        "a site's state is forgotten, at least 5, and so that there are at least 4 blocks.",
    )

    @field_validator("runs")
    @classmethod
    def _differ(cls, runs: tuple[str, str]) -> tuple[str, str]:
        if runs[0] == runs[1]:
            raise ValueError(f"expected two different folders; got {shown(runs[0])} twice")
        return runs
