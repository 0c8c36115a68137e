"""Settings of labels."""

from __future__ import annotations

import math
import re
from itertools import combinations
from typing import Annotated

from pydantic import Field, model_validator

from temnet.config.settings import Settings, shown

_BY_HEIGHT = re.compile(r"(?P<name>[^:]+):(?P<low>[0-9]+)-(?P<high>[0-9]*)")

COLUMN = "column"
"""Class of columns that belong to no other class: of all where what they consist of does not count,
or of materials that a network does not know."""


def split_class(name: str) -> tuple[str, float, float]:
    """Kind of column, and least and largest number of atoms in it.

    Raises:
        ValueError: If the name has a colon but no such range.

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


class Visibility(Settings):
    """Columns that an image shows: each has a bright spot of its own, above the noise."""

    contrast: float = Field(
        0.03,
        ge=0,
        le=1,
        description="Fraction by which a column's spot is at least brighter than its surroundings "
        "in the image without noise: averages over a Gaussian as wide as its label and over one "
        "three times as wide.",
    )
    signal_to_noise: float = Field(
        2.0,
        ge=0,
        le=100,
        description="Factor by which a column's contrast exceeds its shot noise at least.",
    )
    redraws: int = Field(
        0,
        ge=0,
        le=100,
        exclude_if=lambda redraws: redraws == 0,
        description="Number of further microscopes and cameras that are drawn for a training image "
        "whose specimen has columns but which shows none; the last one stays as it is.",
    )


class Labels(Settings):
    """The columns that a network is trained to find, and the shape of their labels."""

    classes: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        min_length=1,
        max_length=100,
        description="Classes of columns, in the order of the network's channels; `metal:1-3` is a "
        "metal column of one to three atoms, `metal:4-` one of four and more. `column` is any "
        "column that belongs to no other class.",
    )
    width: float = Field(
        0.35,
        gt=0,
        le=3,
        description="Standard deviation (sigma, not the full width) of the Gaussian that labels a "
        "column [Å].",
    )
    normalisation_width: float = Field(
        12.0,
        gt=0,
        le=200,
        description="Standard deviation of the Gaussian blur that normalises images [Å].",
    )
    resolution: float = Field(
        1.0,
        ge=0,
        le=3,
        description="Factor on the information limit of the drawn microscope and camera: columns "
        "closer to each other than the product are neither labelled nor scored; 0 "
        "keeps all.",
    )
    visibility: Visibility | None = Field(
        None,
        exclude_if=lambda visibility: visibility is None,
        description="Columns without a bright spot of their own in the image without noise, within "
        "the width of their label, are neither labelled nor scored, nor are bright spots near "
        "them; by default all columns are labelled.",
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
                    f"columns of {second[1]:g} atoms belong to {one} and {other}; assign each "
                    "number of atoms to one class"
                )
        if "background" in self.classes:
            raise ValueError("`background` is added automatically; take it out of classes")
        return self
