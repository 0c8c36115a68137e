"""Settings of specimens that users bring along: files and functions."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from temnet.config.distributions import Angle, Number, bounded
from temnet.config.names import PathName
from temnet.config.settings import Settings, shown
from temnet.config.structures.negatives import Negatives, negatives_field

Index = Annotated[int, Field(ge=-50, le=50)]
"""Of a direction, in a cell's vectors."""


class FromFile(Settings):
    """A crystal or a molecule from any file that ASE reads.

    The element on a site that a CIF file occupies in part, or by several elements, is drawn for
    each site.
    """

    kind: Literal["file"] = Field("file", description="A structure file.")
    path: PathName = Field(description="Path of the structure file.")
    zone_axis: tuple[Index, Index, Index] = Field(
        (0, 0, 1), description="Indices of the direction along the beam, in the cell's vectors."
    )
    thickness: Annotated[Number, bounded(1, 500, unit="Å")] = Field(
        30.0,
        description="Thickness of a crystal along the beam [Å]. A cell with 8 Å of vacuum (a "
        "sheet, a slab) or no cell (a molecule) is kept whole.",
    )
    rotation_deg: Angle = Field(
        {"uniform": (0, 360)}, validate_default=True, description="Rotation in the plane [deg]."
    )
    tilt_deg: Annotated[Number, bounded(0, 90, unit="deg")] = Field(
        {"uniform": (0, 1)},
        validate_default=True,
        description="Tilt about a random axis in the plane [deg].",
    )
    scale: Annotated[Number, bounded(0.8, 1.2)] = Field(1.0, description="Factor on all lengths.")
    naming: Literal["elements", "formula"] = Field(
        "elements",
        description="Names of columns: their elements (`OSr`), or elements with numbers of atoms "
        "(`S2`), as for sheets.",
    )
    classes: dict[str, str] = Field(
        {}, description="Other names for columns: from the name by `naming` to the class."
    )
    edge_probability: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Fraction of examples in which a crystal ends inside the image.",
    )
    edges: Annotated[Number, bounded(1, 4)] = Field(
        {"choice": (1, 2, 3)},
        validate_default=True,
        description="Number of straight edges of a crystal that ends (rounded to a whole number).",
    )
    vacancies: dict[str, Annotated[Number, bounded(0, 1)]] = Field(
        {}, description="Fraction of missing atoms of each element."
    )
    negatives: Negatives = negatives_field("specimen")

    @field_validator("zone_axis")
    @classmethod
    def _a_direction(cls, zone_axis: tuple[int, int, int]) -> tuple[int, int, int]:
        if not any(zone_axis):
            raise ValueError("expected a direction; got [0, 0, 0]")
        return zone_axis

    @property
    def column_classes(self) -> frozenset[str] | None:
        """Not known before the file is read."""
        return None


class FromFunction(Settings):
    """A specimen that a Python function makes: such settings are a program, which is run.

    Settings of this kind may do all that their user may do; `--check` names the function and does
    not run it.  It is called as ``function(field, classes, rng, **options)`` and returns a
    ``temnet.records.Structure``.
    """

    kind: Literal["python"] = Field(
        "python",
        description="A Python function, which is run: settings that name one are a program, so "
        "use only those of people whom you trust.",
    )
    function: str = Field(description="The function, as `module:function`.")
    options: dict[str, Any] = Field({}, description="Further arguments of the function, by name.")
    negatives: Negatives = negatives_field("specimen")

    @field_validator("function")
    @classmethod
    def _module_and_function(cls, function: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", function):
            raise ValueError(f"expected `module:function`; got {shown(function)}")
        return function

    @property
    def column_classes(self) -> frozenset[str] | None:
        """Not known before the function is called."""
        return None
