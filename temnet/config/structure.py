"""Settings of the specimens and of their thermal vibration."""

from __future__ import annotations

from typing import Annotated, Literal

from ase.data import atomic_numbers
from pydantic import Field, field_validator, model_validator

from temnet.config.distributions import Number, Settings, Text, bounded, texts
from temnet.config.distributions import support as support_of

FCC_METALS = ("Ag", "Al", "Au", "Cu", "Ni", "Pd", "Pt")
"""Elements that ``kind: nanoparticle`` builds; ASE's EMT potential knows them all."""

ZONE_AXES = ("110", "100", "111")
"""Directions of the beam, in the crystal's axes, that ``kind: nanoparticle`` offers."""


class Empty(Settings):
    """How often the specimen is left out, so that a network learns what noise looks like."""

    probability: float = Field(
        0.05, ge=0, le=1, description="Fraction of examples that show no specimen at all."
    )


class Graphene(Settings):
    """A sheet of graphene that carries the specimen."""

    kind: Literal["graphene"] = Field("graphene", description="A sheet of graphene.")
    gap: bounded(2.5, 5, unit="Å") = Field(
        3.35, description="Distance from the sheet to the specimen's nearest atoms [Å]."
    )
    vacancies: bounded(0, 0.2) = Field(
        0.0, description="Fraction of carbon atoms that are missing."
    )


class Vacancies(Settings):
    """Fractions of missing atoms of MoS2."""

    S: bounded(0, 0.5) = Field(
        0.0, description="Fraction of sulphur pairs that have lost one atom."
    )
    S2: bounded(0, 0.5) = Field(
        0.0, description="Fraction of sulphur pairs that have lost both atoms."
    )
    Mo: bounded(0, 0.5) = Field(0.0, description="Fraction of molybdenum atoms that are missing.")

    @model_validator(mode="after")
    def _leave_something(self) -> Vacancies:
        together = support_of(self.S)[1] + support_of(self.S2)[1]
        if together > 1:
            raise ValueError(
                f"S and S2 are fractions of the same pairs and add up to {together:g}; "
                "lower one until they are at most 1"
            )
        return self


class MoS2(Settings):
    """A flake of monolayer MoS2 seen along [001]."""

    kind: Literal["mos2"] = Field("mos2", description="A flake of MoS2.")
    lattice_constant: bounded(2.5, 4, unit="Å") = Field(
        {"normal": (3.16, 0.0133)}, validate_default=True, description="Lattice constant a [Å]."
    )
    sulphur_distance: bounded(2, 4, unit="Å") = Field(
        3.13, description="Distance between the two sulphur planes [Å]."
    )
    rotation_deg: Number = Field(
        {"uniform": (0, 360)}, validate_default=True, description="Rotation in the plane [deg]."
    )
    tilt_deg: bounded(0, 20, unit="deg") = Field(
        {"uniform": (0, 3)},
        validate_default=True,
        description="Tilt [deg] about a random axis in the plane.",
    )
    vacancies: Vacancies = Field(Vacancies(), description="Missing atoms.")
    edge_probability: float = Field(
        0.5, ge=0, le=1, description="Fraction of examples in which the flake ends in the image."
    )
    holes: bounded(0, 20) = Field(
        {"choice": (0, 0, 1, 2)},
        validate_default=True,
        description="Number of holes (rounded to a whole number).",
    )
    hole_radius: bounded(1, 50, unit="Å") = Field(
        {"uniform": (2, 6)}, validate_default=True, description="Mean radius of a hole [Å]."
    )
    support: Graphene | None = Field(None, description="What the flake lies on.")
    empty: Empty = Field(Empty(), description="Examples without the flake.")


class Oxide(Settings):
    """An oxide crystal, seen from the side, whose surface carries the particle."""

    kind: Literal["CeO2"] = Field("CeO2", description="Which oxide.")
    probability: float = Field(
        0.6, ge=0, le=1, description="Fraction of examples in which there is an oxide."
    )
    thickness: bounded(5, 100, unit="Å") = Field(
        {"uniform": (15, 40)},
        validate_default=True,
        description="Thickness of the oxide along the beam [Å].",
    )
    epitaxial_probability: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Fraction of supports with {111} parallel to the particle's {111} and the "
        "same zone axis along the beam.",
    )
    off_axis_probability: float = Field(
        0.15,
        ge=0,
        le=1,
        description="Fraction of supports in a random orientation, which show fringes but no "
        "columns.",
    )
    tilt_deg: bounded(0, 20, unit="deg") = Field(
        {"uniform": (0, 4)},
        validate_default=True,
        description="Tilt of the oxide's zone axis [deg] about a random axis in the image.",
    )


class Nanoparticle(Settings):
    """A particle of an fcc metal with truncated and roughened surfaces, alone or on an oxide.

    After Madsen et al., Adv. Theory Simul. 1, 1800037 (2018).
    """

    kind: Literal["nanoparticle"] = Field("nanoparticle", description="A metal particle.")
    element: Text = Field("Au", description="An fcc metal, or a choice of them.")
    lattice_constant_scale: bounded(0.8, 1.2) = Field(
        {"normal": (1.0, 0.006)},
        validate_default=True,
        description="Factor on the element's lattice constant.",
    )
    zone_axis: Text = Field("110", description="Direction along the beam: 110, 100 or 111.")
    radius: bounded(3, 60, unit="Å") = Field(
        {"uniform": (6, 14)},
        validate_default=True,
        description="Mean distance of the facets from the centre [Å].",
    )
    facet_spread: float = Field(
        0.25, ge=0, le=0.8, description="Relative spread of the facets' distances."
    )
    adatoms: bounded(0, 1) = Field(
        {"uniform": (0, 0.3)},
        validate_default=True,
        description="Atoms added to the rough surface, as a fraction of the surface atoms.",
    )
    tilt_deg: bounded(0, 20, unit="deg") = Field(
        {"uniform": (0, 2.5)},
        validate_default=True,
        description="Tilt of the zone axis [deg] about a random axis in the image; cut to what "
        "keeps neighbouring columns apart.",
    )
    support: Oxide | None = Field(None, description="What the particle sits on.")
    empty: Empty = Field(Empty(), description="Examples without the particle.")

    @field_validator("element")
    @classmethod
    def _known_element(cls, element: Text) -> Text:
        for word in texts(element):
            if word not in FCC_METALS:
                raise ValueError(f"expected one of {', '.join(FCC_METALS)}; got {word!r}")
        return element

    @field_validator("zone_axis")
    @classmethod
    def _known_axis(cls, zone_axis: Text) -> Text:
        for word in texts(zone_axis):
            if word not in ZONE_AXES:
                raise ValueError(f"expected one of {', '.join(ZONE_AXES)}; got {word!r}")
        return zone_axis


class DefectedGraphene(Settings):
    """A sheet of graphene full of defects, made as the Voronoi diagram of random points.

    After Madsen et al., Adv. Theory Simul. 1, 1800037 (2018).
    """

    kind: Literal["graphene"] = Field("graphene", description="Defected graphene.")
    bond_length: bounded(1.2, 1.7, unit="Å") = Field(
        1.42, description="Mean distance of neighbouring atoms [Å]."
    )
    relaxation_steps: bounded(0, 500) = Field(
        {"choice": (10, 20, 40, 80, 160)},
        validate_default=True,
        description="Steps of Lloyd's algorithm: few leave many defects, many leave few.",
    )
    crystal_probability: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Fraction of examples in which the points start from one or two perfect "
        "lattices (a grain boundary) instead of at random.",
    )
    holes: bounded(0, 20) = Field(
        {"choice": (0, 1, 2)},
        validate_default=True,
        description="Number of holes (rounded to a whole number).",
    )
    hole_radius: bounded(1, 50, unit="Å") = Field(
        {"uniform": (2, 8)}, validate_default=True, description="Mean radius of a hole [Å]."
    )
    empty: Empty = Field(Empty(), description="Examples without the sheet.")


StructureSettings = Annotated[MoS2 | Nanoparticle | DefectedGraphene, Field(discriminator="kind")]


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
