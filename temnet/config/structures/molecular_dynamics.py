"""Settings of the molecular dynamics that tables of vibration come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from temnet.config.settings import Settings, shown
from temnet.config.structures.nanoparticle import FCC_METALS

Material = Literal["Ag", "Al", "Au", "Cu", "Ni", "Pd", "Pt", "mos2", "mos2_graphene", "graphene"]

PARTICLES = (3.0, 60.0)
"""Radii of particles of metal [Å]."""

SMALLEST_SHEET = 8.0
"""Side of a sheet from which it has atoms that no edge removes [Å]."""


class MolecularDynamics(Settings):
    """Simulations of molecular dynamics from which a table is made."""

    material: Material = Field(
        description="An fcc metal (particles and bulk, ASE's EMT potential), or mos2, "
        "mos2_graphene or graphene (LAMMPS: REBO for Mo and S, AIREBO for C)."
    )
    temperature: float = Field(
        300.0, gt=0, le=2000, description="Temperature of the specimens [K]."
    )
    sizes: tuple[Annotated[float, Field(ge=2, le=500)], ...] = Field(
        min_length=1,
        description="Radii of the particles or sides of the sheets [Å], one simulation each.",
    )
    runs: int = Field(
        2,
        ge=1,
        le=100,
        description="Number of independent runs of each size, with different specimens.",
    )
    vacancies: float = Field(
        0.03, ge=0, le=0.3, description="Fraction of missing S or C atoms of the sheet."
    )
    time_step: float = Field(5.0, gt=0, le=10, description="Time step of the integration [fs].")
    equilibration: float = Field(
        5.0, gt=0, le=1e5, description="Time before the first kept frame [ps]."
    )
    length: float = Field(20.0, gt=0, le=1e5, description="Analysed time [ps].")
    interval: float = Field(10.0, gt=0, le=1e6, description="Time between kept frames [fs].")
    friction: float = Field(0.5, gt=0, le=100, description="Coupling to the heat bath [1/ps].")
    bending_wavelength: float = Field(
        40.0,
        gt=0,
        le=1e4,
        description="Wavelength above which bending of a sheet does not count as vibration [Å].",
    )

    @model_validator(mode="after")
    def _sizes_that_can_be_built(self) -> MolecularDynamics:
        metal = self.material in FCC_METALS
        least, most = PARTICLES if metal else (SMALLEST_SHEET, float("inf"))
        if not all(least <= size <= most for size in self.sizes):
            kind, ends = (
                ("radii of particles", f"from {least:g} to {most:g} Å")
                if metal
                else ("sides of sheets", f"of at least {least:g} Å")
            )
            raise ValueError(f"sizes: expected {kind} {ends}; got {shown(self.sizes)}")
        return self
