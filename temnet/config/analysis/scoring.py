"""Settings of the parts of scoring that simulate further images."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field, field_validator, model_validator

from temnet.config.settings import Settings, shown

FIXED_PARAMETERS = ("dose", "defocus", "scherzer", "astigmatism", "camera_sampling")
"""What `ParameterSweep` can give fixed values to."""


class ParameterSweep(Settings):
    """Scores against one parameter at fixed values; all other settings stay as drawn.

    Dose series as in Leth Larsen et al., Ultramicroscopy (2023), arXiv 2302.12629.
    """

    dose: tuple[Annotated[float, Field(gt=0, le=1e8)], ...] = Field(
        (), description="Electron doses of each image [e/Å²]."
    )
    defocus: tuple[Annotated[float, Field(ge=-5000, le=5000)], ...] = Field(
        (),
        description="Defoci of the first image [Å]; the other images keep their distance from it.",
    )
    scherzer: tuple[Annotated[float, Field(ge=-20, le=20)], ...] = Field(
        (),
        exclude_if=lambda multiples: not multiples,
        description="Factors of the Scherzer defocus, by energy and spherical aberration, that "
        "give the defocus of the first image; the other images keep their distance "
        "from it.",
    )
    astigmatism: tuple[Annotated[float, Field(ge=0, le=5000)], ...] = Field(
        (), description="Magnitudes of the two-fold astigmatism C12 [Å]."
    )
    camera_sampling: tuple[Annotated[float, Field(ge=0.01, le=2)], ...] = Field(
        (), description="Pixel sizes of the camera [Å]."
    )
    structures: int = Field(
        20,
        ge=1,
        le=10000,
        description="Number of specimens, the first ones of the validation images.",
    )
    atom_counts: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(
        (),
        validation_alias=AliasChoices("atom_counts", "heights"),  # old key
        serialization_alias="heights",  # old key
        description="Numbers of atoms: for each one separate scores that ignore columns of fewer "
        "atoms, for all specimens and for those in vacuum.",
    )

    @field_validator("atom_counts")
    @classmethod
    def _once_each(cls, atom_counts: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(atom_counts)) != len(atom_counts):
            raise ValueError(f"expected each number once; got {shown(atom_counts)}")
        return atom_counts

    @model_validator(mode="after")
    def _has_values(self) -> ParameterSweep:
        if not self.values:
            raise ValueError(
                f"expected values for {', '.join(FIXED_PARAMETERS[:-1])} or {FIXED_PARAMETERS[-1]}"
            )
        return self

    @property
    def values(self) -> tuple[tuple[str, float], ...]:
        """Every parameter's name with each of its values."""
        return tuple((name, value) for name in FIXED_PARAMETERS for value in getattr(self, name))


class CramerRao(Settings):
    """Columns for which the Cramér-Rao bound is computed.

    Each column needs four simulations of its specimen.
    """

    images: int = Field(
        20, ge=1, le=10000, description="Number of validation images, evenly spaced."
    )
    columns: int = Field(2, ge=1, le=1000, description="Number of random columns in each image.")


class IdealObserver(Settings):
    """Columns and doses for which the ideal observer is computed.

    Each column needs one simulation of its specimen for each other class, and one without it.
    """

    images: int = Field(
        40, ge=1, le=10000, description="Number of validation images, evenly spaced."
    )
    columns: int = Field(
        2, ge=1, le=100, description="Number of random columns of each class in each image."
    )
    doses: tuple[Annotated[float, Field(gt=0, le=1e8)], ...] = Field(
        (10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5),
        min_length=1,
        description="Electron doses of each image [e/Å²].",
    )
    empty: float = Field(
        0.01,
        ge=0,
        lt=1,
        description="Fraction of candidate positions without a column, which is the observer's "
        "prior; with 0 it never decides for an empty position.",
    )
