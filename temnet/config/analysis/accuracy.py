"""Settings of the measurement of how accurate the simulation is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from temnet.config.instrument.microscope import Microscope
from temnet.config.settings import Settings


class AccuracyCase(Settings):
    """A specimen and the microscope that it is seen with."""

    specimen: Literal["mos2", "mos2_graphene", "gold_110"] = Field(
        description="A vibrating disc of MoS2, the same on graphene, or of gold seen along [110]."
    )
    layers: int = Field(10, ge=1, le=40, description="Number of gold atoms on a column.")
    microscope: Microscope = Field(description="The microscope; what is random is drawn once.")
    limit: float = Field(
        1.5, gt=0, le=5, description="Spatial frequencies below this are compared [1/Å]."
    )


class Accuracy(Settings):
    """Grids, slices and focal ensembles against a converged reference."""

    cases: tuple[AccuracyCase, ...] = Field(min_length=1, description="What is simulated.")
    grid_samplings: tuple[Annotated[float, Field(ge=0.01, le=0.25)], ...] = Field(
        (0.1, 0.0667, 0.05), min_length=1, description="Pixels of the multislice grid [Å]."
    )
    box: float = Field(25.6, ge=10, le=60, description="Side of the periodic box [Å].")
    reference_sampling: float = Field(
        0.04, ge=0.02, le=0.1, description="Pixel of the reference's grid [Å]."
    )
    reference_slice: float = Field(
        0.125, ge=0.05, le=1, description="Slices of the reference [Å], of the finite potential."
    )
    converged_sampling: float = Field(
        1 / 30,
        ge=0.02,
        le=0.1,
        description="Pixel of the grid that the reference is judged by [Å].",
    )
    converged_slice: float = Field(
        0.1, ge=0.05, le=1, description="Slices of the grid that the reference is judged by [Å]."
    )
