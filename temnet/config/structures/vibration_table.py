"""The form of a table of thermal vibration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from temnet.config.settings import Settings


class TableRow(Settings):
    """Vibration of one kind of atom.

    Standard deviations are classical and per axis; the quantum ones are larger by the factors.
    """

    element: str = Field(description="Chemical symbol.")
    coordination: int = Field(ge=0, le=100, description="Number of neighbours within the cutoff.")
    atoms: int = Field(ge=1, le=10**12, description="Number of averaged atoms.")
    in_plane: float = Field(gt=0, lt=1, description="Standard deviation along x or y [Å].")
    in_plane_error: float | None = Field(
        None, ge=0, le=2, description="Standard error of `in_plane` [Å]."
    )
    in_plane_quantum: float = Field(
        1.0, ge=1, le=100, description="Factor of zero-point motion on `in_plane`."
    )
    along_beam: float = Field(gt=0, lt=2, description="Standard deviation along z [Å].")
    along_beam_error: float | None = Field(
        None, ge=0, le=2, description="Standard error of `along_beam` [Å]."
    )
    along_beam_quantum: float = Field(
        1.0, ge=1, le=100, description="Factor of zero-point motion on `along_beam`."
    )


class SizeRow(Settings):
    """Vibration of an element's most frequent kind of atom in specimens of one size."""

    size: str = Field(description="Simulated specimen.")
    element: str = Field(description="Chemical symbol.")
    coordination: int = Field(ge=0, le=100, description="Number of neighbours.")
    in_plane: float = Field(ge=0, le=2, description="Standard deviation along x or y [Å].")
    along_beam: float = Field(ge=0, le=2, description="Standard deviation along z [Å].")


class VibrationTable(Settings):
    """Standard deviations of atomic displacements by element, coordination number and direction."""

    schema_version: Literal[1] = Field(1, description="Version of this format.")
    material: str = Field(description="Simulated material.")
    temperature: float = Field(gt=0, le=5000, description="Temperature of the simulation [K].")
    cutoffs: dict[str, Annotated[float, Field(gt=0, le=20)]] = Field(
        description="Largest distance between neighbours, by pair of elements [Å]."
    )
    rows: tuple[TableRow, ...] = Field(min_length=1, description="One row for each kind of atom.")
    sizes: tuple[SizeRow, ...] = Field((), description="Dependence on the size of the specimen.")
    provenance: dict[str, Any] = Field(description="Origin of the table.")
