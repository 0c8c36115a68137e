"""Settings of the molecular dynamics that tables of vibration come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from temnet.config.settings import Settings

Material = Literal["Ag", "Al", "Au", "Cu", "Ni", "Pd", "Pt", "mos2", "mos2_graphene", "graphene"]


class MolecularDynamics(Settings):
    """Series of molecular dynamics and how they become a table."""

    material: Material = Field(
        description="An fcc metal (particles and bulk, ASE's EMT potential), or mos2, "
        "mos2_graphene or graphene (LAMMPS: REBO for Mo and S, AIREBO for C)."
    )
    temperature: float = Field(300.0, gt=0, le=2000, description="Temperature [K].")
    sizes: tuple[Annotated[float, Field(ge=2, le=500)], ...] = Field(
        min_length=1,
        description="Radii of the particles or sides of the sheets [Å]; each is run by itself.",
    )
    runs: int = Field(
        2, ge=1, le=100, description="Number of independent runs of each size, of other specimens."
    )
    vacancies: float = Field(
        0.03, ge=0, le=0.3, description="Fraction of the sheet's S or C atoms that are missing."
    )
    time_step: float = Field(5.0, gt=0, le=10, description="Time step [fs].")
    equilibration: float = Field(
        5.0, gt=0, le=1e5, description="Time before anything is kept [ps]."
    )
    length: float = Field(20.0, gt=0, le=1e5, description="Time that is analysed [ps].")
    interval: float = Field(10.0, gt=0, le=1e6, description="Time between two kept frames [fs].")
    friction: float = Field(
        0.5, gt=0, le=100, description="Coupling to the heat bath, per time [1/ps]."
    )
    bending_wavelength: float = Field(
        40.0,
        gt=0,
        le=1e4,
        description="Bending of a sheet in longer waves than this is no vibration [Å].",
    )
