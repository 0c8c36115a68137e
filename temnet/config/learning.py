"""Settings of labels, data and networks."""

from __future__ import annotations

import math
import re
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from temnet.config.augmentation import Augmentation
from temnet.config.distributions import Settings, is_number, shown
from temnet.config.names import Address, PathName

MOST_EXAMPLES = 10**7
"""Of one set; the largest that was ever made has 10,000."""

_BY_HEIGHT = re.compile(r"(?P<name>[^:]+):(?P<low>[0-9]+)-(?P<high>[0-9]*)")


def split_class(name: str) -> tuple[str, float, float]:
    """Kind of column, and the least and the largest number of atoms on it.

    Raises:
        ValueError: The name holds a colon but no such range.

    >>> split_class("Mo"), split_class("metal:2-5"), split_class("metal:6-")
    (('Mo', 0, inf), ('metal', 2, 5), ('metal', 6, inf))
    """
    if ":" not in name:
        return name, 0, math.inf
    found = _BY_HEIGHT.fullmatch(name)
    high = int(found["high"]) if found and found["high"] else math.inf
    if not found or high < int(found["low"]):
        raise ValueError(
            f"expected a range of atoms such as metal:1-3 or metal:4-; got {shown(name)}"
        )
    return found["name"], int(found["low"]), high


class Labels(Settings):
    """What the network is taught to see."""

    classes: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        min_length=1,
        max_length=100,
        description="Kinds of column, in the order of the network's channels; `metal:1-3` is a "
        "metal column of one to three atoms, `metal:4-` one of four and more.",
    )
    width: float = Field(
        0.35, gt=0, le=3, description="Standard deviation of a column's Gaussian [Å]."
    )
    normalisation_width: float = Field(
        12.0,
        gt=0,
        le=200,
        description="Standard deviation of the blur that images are normalised with [Å].",
    )
    resolution: float = Field(
        1.0,
        ge=0,
        le=3,
        description="Columns closer to each other than this times the finest period that the "
        "drawn microscope and camera carry are neither labelled nor scored; 0 keeps all.",
    )

    @model_validator(mode="after")
    def _unique(self) -> Labels:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"classes must differ from each other; got {shown(self.classes)}")
        for (_, one), (_, other) in combinations(
            sorted((split_class(name), name) for name in self.classes), 2
        ):
            first, second = split_class(one), split_class(other)
            if first[0] == second[0] and second[1] <= first[2]:
                raise ValueError(
                    f"columns of {second[1]:g} atoms are {one} and {other} at once; give each "
                    "number of atoms to one class"
                )
        if "background" in self.classes:
            raise ValueError("`background` is added by itself; take it out of classes")
        return self


def _parse_size(value: Any) -> Any:
    # A union would report both of its branches; this says in one sentence what is wrong.
    sizes = value if isinstance(value, list | tuple) else (value,)
    whole = all(is_number(size) and int(size) == size for size in sizes)
    if not whole or (sizes is value and len(sizes) != 2):
        raise ValueError(f"expected a whole number or [rows, cols]; got {shown(value)}")
    for size in sizes:
        if not 16 <= size <= 4096:
            raise ValueError(f"expected at least 16 and at most 4096 pixels; got {size:g}")
    return value


class Data(Settings):
    """How many examples there are and where they come from."""

    image_size: Annotated[int | tuple[int, int], BeforeValidator(_parse_size)] = Field(
        256, description="Pixels of an example: one number, or [rows, cols]."
    )
    training: int = Field(1000, ge=1, le=MOST_EXAMPLES, description="Number of training examples.")
    selection: int = Field(
        100, ge=1, le=MOST_EXAMPLES, description="Examples that choose checkpoints and thresholds."
    )
    validation: int = Field(
        100, ge=1, le=MOST_EXAMPLES, description="Examples that figures report."
    )
    source: Literal["stored", "fresh"] = Field(
        "stored",
        description="`stored`: made once, kept on disk; `fresh`: never the same image twice.",
    )
    folder: PathName | None = Field(
        None, description="Where sets are stored; default runs/sets/<hash of the settings>."
    )
    exit_wave_reuse: int = Field(
        1, ge=1, le=1000, description="Examples (microscope, camera) made of one exit wave."
    )
    workers: int = Field(
        2, ge=0, le=1024, description="Processes that simulate; 0 simulates in this process."
    )
    scheduler: Address | None = Field(
        None,
        description="Address of a Dask scheduler whose workers simulate, such as "
        "`tcp://10.0.0.1:8786`, instead of processes on this machine.",
    )
    image_epochs: int = Field(
        1,
        ge=1,
        le=100_000,
        description="With `source: fresh`: epochs for which the images of an epoch are used, "
        "until new ones, which are made meanwhile, take their place.",
    )
    augment: Augmentation = Field(
        Augmentation(), description="What is done to training images; never to others."
    )

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols) of an example."""
        if isinstance(self.image_size, int):
            return self.image_size, self.image_size
        return self.image_size

    def count(self, split: str) -> int:
        """Number of examples of a split."""
        return int(getattr(self, split))

    @model_validator(mode="after")
    def _augmentation_fits(self) -> Data:
        crop = self.augment.crop
        if crop is not None and crop > min(self.shape):
            raise ValueError(
                f"augment.crop {crop} is larger than the image, {list(self.shape)}; set "
                f"data.augment.crop to at most {min(self.shape)}"
            )
        if self.augment.symmetries and crop is None and self.shape[0] != self.shape[1]:
            raise ValueError(
                f"augment turns images by 90 degrees, which needs a square image_size; got "
                f"{list(self.shape)}; set data.augment to false or data.image_size to one number"
            )
        return self

    @model_validator(mode="after")
    def _only_fresh_images_are_renewed(self) -> Data:
        if self.image_epochs > 1 and self.source != "fresh":
            raise ValueError(
                f"image_epochs {self.image_epochs} says when fresh images are renewed, but source "
                "is stored; set data.source to fresh or leave data.image_epochs out"
            )
        return self


class UNetSettings(Settings):
    """A U-Net: Ronneberger et al., MICCAI 2015, or the residual variant of Madsen et al. 2018."""

    kind: Literal["unet"] = Field("unet", description="A U-Net.")
    sampling: float = Field(ge=0.02, le=1, description="Pixel size that the network sees [Å].")
    depth: int = Field(4, ge=1, le=6, description="Number of times that the image is halved.")
    filters: int = Field(32, ge=1, le=256, description="Channels at full size.")
    max_filters: int = Field(256, ge=1, le=2048, description="Most channels at any level.")
    skip: Literal["concatenate", "add"] = Field(
        "concatenate", description="How the encoder's maps join the decoder."
    )
    residual: bool = Field(False, description="Residual blocks instead of plain ones.")
    batch_norm: bool = Field(True, description="Batch normalisation after each convolution.")


class MSDNetSettings(Settings):
    """A mixed-scale dense network: Pelt & Sethian, PNAS 115, 254 (2018)."""

    kind: Literal["msdnet"] = Field("msdnet", description="A mixed-scale dense network.")
    sampling: float = Field(ge=0.02, le=1, description="Pixel size that the network sees [Å].")
    depth: int = Field(100, ge=1, le=500, description="Number of layers.")
    width: int = Field(1, ge=1, le=64, description="Channels that each layer adds.")
    max_dilation: int = Field(10, ge=1, le=64, description="Dilations cycle from 1 to this.")
    padding: Literal["reflect", "zeros"] = Field("reflect", description="Values over the border.")


ModelSettings = Annotated[UNetSettings | MSDNetSettings, Field(discriminator="kind")]
