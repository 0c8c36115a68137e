"""Settings of the measurement of how accurate the simulation is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from temnet.config.instrument.microscope import Microscope
from temnet.config.settings import Settings


class AccuracyCase(Settings):
    """A specimen and its microscope."""

    specimen: Literal["mos2", "mos2_graphene", "gold_110"] = Field(
        description="A vibrating disc of MoS2, of MoS2 on graphene, or of gold along [110]."
    )
    layers: int = Field(10, ge=1, le=40, description="Number of gold atoms in a column.")
    microscope: Microscope = Field(description="The microscope; random settings are drawn once.")
    limit: float = Field(
        1.5, gt=0, le=5, description="Highest spatial frequency that is compared [1/Å]."
    )


class Accuracy(Settings):
    """Comparison of grids, slices and focal ensembles with a converged reference."""

    cases: tuple[AccuracyCase, ...] = Field(
        min_length=1, description="Specimens and microscopes to simulate."
    )
    grid_samplings: tuple[Annotated[float, Field(ge=0.01, le=0.25)], ...] = Field(
        (0.1, 0.0667, 0.05), min_length=1, description="Pixel sizes of the multislice grid [Å]."
    )
    box: float = Field(25.6, ge=10, le=60, description="Side of the periodic box [Å].")
    reference_sampling: float = Field(
        0.04, ge=0.02, le=0.1, description="Pixel size of the reference's grid [Å]."
    )
    reference_slice: float = Field(
        0.125,
        ge=0.05,
        le=1,
        description="Slice thickness of the reference [Å], with the finite potential.",
    )
    converged_sampling: float = Field(
        1 / 30,
        ge=0.02,
        le=0.1,
        description="Pixel size of the finer grid that the reference is compared with [Å].",
    )
    converged_slice: float = Field(
        0.1,
        ge=0.05,
        le=1,
        description="Slice thickness of the simulation that the reference is compared with [Å].",
    )
