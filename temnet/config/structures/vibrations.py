"""Settings of thermal vibration."""

from __future__ import annotations

from typing import Annotated, Literal

from ase.data import atomic_numbers
from pydantic import Field, field_validator, model_validator

from temnet.config.distributions import Number, bounded
from temnet.config.names import PathName
from temnet.config.settings import Settings, shown


class NoVibrations(Settings):
    """Atoms at rest."""

    kind: Literal["none"] = Field("none", description="Atoms at rest.")


class Vibrations(Settings):
    """Settings that all kinds of vibration share."""

    scale: Annotated[Number, bounded(0, 5)] = Field(
        1.0,
        description="Factor on every standard deviation, drawn once per example; above 1 for "
        "vibration that the beam drives.",
    )
    configurations: int = Field(
        1,
        ge=1,
        le=1000,
        description="Number of independent displacements whose images are averaged, as during an "
        "exposure; 1 is a frozen specimen.",
    )


class EinsteinVibrations(Vibrations):
    """Independent normal displacements with one standard deviation per element.

    Each element has an entry in one of ``sigma``, ``debye_temperature`` and ``b_factor``.
    """

    kind: Literal["einstein"] = Field(
        "einstein", description="Independent atoms, one standard deviation per element."
    )
    sigma: dict[str, Annotated[Number, bounded(0, 0.5, unit="Å")]] = Field(
        {},
        description="Standard deviation per axis of each element [Å]; `default` for the others.",
    )
    debye_temperature: dict[str, Annotated[Number, bounded(10, 5000, unit="K")]] = Field(
        {}, description="Debye temperature of each element [K], with `temperature`."
    )
    b_factor: dict[str, Annotated[Number, bounded(0, 20, unit="Å²")]] = Field(
        {}, description="Isotropic B = 8 pi^2 sigma^2 of each element [Å²]."
    )
    temperature: float = Field(
        300.0,
        ge=0,
        le=3000,
        description="Temperature of the specimen [K], used by `debye_temperature`.",
    )

    @field_validator("sigma", "b_factor")
    @classmethod
    def _elements_or_default(cls, values: dict[str, Number]) -> dict[str, Number]:
        return _with_elements(values, default=True)

    @field_validator("debye_temperature")
    @classmethod
    def _elements(cls, values: dict[str, Number]) -> dict[str, Number]:
        return _with_elements(values, default=False)

    @model_validator(mode="after")
    def _one_source_each(self) -> EinsteinVibrations:
        named = [*self.sigma, *self.debye_temperature, *self.b_factor]
        if not named:
            raise ValueError("name the elements in sigma, debye_temperature or b_factor")
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(
                f"{', '.join(twice)} stands in more than one of sigma, debye_temperature and "
                "b_factor; keep one"
            )
        return self


class CoordinationVibrations(Vibrations):
    """Independent normal displacements by element, coordination number and direction.

    Tables of molecular dynamics give the standard deviations.
    """

    kind: Literal["coordination"] = Field(
        "coordination", description="Standard deviations from tables of molecular dynamics."
    )
    table: tuple[PathName, ...] = Field(
        min_length=1,
        description="Names of shipped tables, or paths of YAML files.",
    )
    sigma: dict[str, Annotated[Number, bounded(0, 0.5, unit="Å")]] = Field(
        {}, description="Standard deviation per axis [Å] of elements that no table contains."
    )
    quantum: bool = Field(True, description="Whether zero-point motion is added.")

    @field_validator("table", mode="before")
    @classmethod
    def _one_or_more(cls, table: object) -> object:
        return (table,) if isinstance(table, str) else table

    @field_validator("sigma")
    @classmethod
    def _elements_or_default(cls, values: dict[str, Number]) -> dict[str, Number]:
        return _with_elements(values, default=True)


class SnapshotVibrations(Vibrations):
    """Whole frames of molecular dynamics, with all correlations between the atoms.

    The specimen must be the simulated one: `structure.kind: file` with the XYZ file that the stage
    `vibrations` writes beside its snapshots.
    """

    kind: Literal["snapshots"] = Field("snapshots", description="Frames of molecular dynamics.")
    file: PathName = Field(description="Path of a file of snapshots.")


def _with_elements(values: dict[str, Number], default: bool) -> dict[str, Number]:
    for element in values:
        if element not in atomic_numbers and not (default and element == "default"):
            expected = "chemical elements or `default`" if default else "chemical elements"
            raise ValueError(f"expected {expected}; got {shown(element)}")
    return values


VibrationSettings = Annotated[
    NoVibrations | EinsteinVibrations | CoordinationVibrations | SnapshotVibrations,
    Field(discriminator="kind"),
]
