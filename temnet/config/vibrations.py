"""Settings of thermal vibration."""

from __future__ import annotations

from typing import Annotated, Literal

from ase.data import atomic_numbers
from pydantic import Field, field_validator

from temnet.config.distributions import Number, Settings, bounded


class NoVibrations(Settings):
    """Atoms at rest."""

    kind: Literal["none"] = Field("none", description="No vibration.")


class EinsteinVibrations(Settings):
    """Independent normal displacements with one standard deviation per element."""

    kind: Literal["einstein"] = Field("einstein", description="Independent atoms.")
    sigma: dict[str, bounded(0, 0.5, unit="Å")] = Field(
        description="Standard deviation per axis [Å] of each element; `default` for the others."
    )
    scale: bounded(0, 5) = Field(1.0, description="Factor on every sigma, drawn once per example.")

    @field_validator("sigma")
    @classmethod
    def _elements(cls, sigma: dict[str, Number]) -> dict[str, Number]:
        for element in sigma:
            if element != "default" and element not in atomic_numbers:
                raise ValueError(f"expected chemical elements or `default`; got {element!r}")
        return sigma


VibrationSettings = Annotated[NoVibrations | EinsteinVibrations, Field(discriminator="kind")]
