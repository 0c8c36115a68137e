"""Settings of metal particles."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from temnet.config.distributions import Number, Settings, Text, bounded, texts
from temnet.config.negatives import Negatives, Specimen
from temnet.config.oxides import Oxide
from temnet.config.supports import AmorphousCarbon

FCC_METALS = ("Ag", "Al", "Au", "Cu", "Ni", "Pd", "Pt")
"""Elements that ``kind: nanoparticle`` builds; ASE's EMT potential knows them all."""

ZONE_AXES = ("110", "100", "111", "211")
"""Directions of the beam, in the crystal's axes, that ``kind: nanoparticle`` offers."""

SHAPES = ("random", "wulff")
"""Shapes of particles."""

FACES = ("100", "110", "111")
"""Faces of particles."""


class OneOf(Settings):
    """One of several supports, each with its own probability; else none."""

    kind: Literal["one_of"] = Field("one_of", description="One of several supports.")
    supports: tuple[Annotated[Oxide | AmorphousCarbon, Field(discriminator="kind")], ...] = Field(
        min_length=1, description="The supports; what their `probability` leaves is vacuum."
    )

    @model_validator(mode="after")
    def _leave_some(self) -> OneOf:
        together = sum(support.probability for support in self.supports)
        if together > 1 + 1e-9:
            raise ValueError(
                f"the supports' probabilities add up to {together:g}; lower them until they are "
                "at most 1"
            )
        return self


class Nanoparticle(Specimen):
    """A particle of an fcc metal with truncated and roughened surfaces, alone or on a support.

    After Madsen et al., Adv. Theory Simul. 1, 1800037 (2018).
    """

    kind: Literal["nanoparticle"] = Field("nanoparticle", description="A metal particle.")
    element: Text = Field("Au", description="An fcc metal, or a choice of them.")
    lattice_constant_scale: bounded(0.8, 1.2) = Field(
        {"normal": (1.0, 0.006)},
        validate_default=True,
        description="Factor on the element's lattice constant.",
    )
    zone_axis: Text = Field("110", description="Direction along the beam: 110, 100, 111 or 211.")
    radius: bounded(3, 60, unit="Å") = Field(
        {"uniform": (6, 14)},
        validate_default=True,
        description="Distance of the {111} facets from the centre [Å].",
    )
    shape: Text = Field(
        "random",
        description="`random`: {111} and {100} facets at random distances; `wulff`: the shape of "
        "least surface energy. Both are roughened.",
    )
    facet_spread: float = Field(
        0.25, ge=0, le=0.8, description="Relative spread of the facets' distances, for `random`."
    )
    surface_energies: dict[str, bounded(0.1, 10)] = Field(
        {},
        description="Surface energies of 111, 100 and 110 for `wulff` in any unit, such as "
        "{'111': 1, '100': 1.15, '110': 1.3}; by default computed ones of the element.",
    )
    adatoms: bounded(0, 1) = Field(
        {"uniform": (0, 0.3)},
        validate_default=True,
        description="Atoms added to the rough surface, as a fraction of the surface atoms.",
    )
    twin_probability: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of particles with a {111} twin plane seen edge-on, which the zone "
        "axes 110 and 211 have.",
    )
    fault_probability: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of particles with a {111} stacking fault seen edge-on, likewise.",
    )
    tilt_deg: bounded(0, 20, unit="deg") = Field(
        {"uniform": (0, 2.5)},
        validate_default=True,
        description="Tilt of the zone axis [deg] about a random axis in the image; cut to what "
        "keeps neighbouring columns apart.",
    )
    support: Annotated[Oxide | AmorphousCarbon | OneOf, Field(discriminator="kind")] | None = Field(
        None, description="What the particle sits on."
    )
    negatives: Negatives = Field(Negatives(), description="Examples without columns.")

    @property
    def column_classes(self) -> frozenset[str] | None:
        """Names that columns can have."""
        return frozenset({"metal", "oxide"})

    @field_validator("element")
    @classmethod
    def _known_element(cls, element: Text) -> Text:
        return _known(element, FCC_METALS)

    @field_validator("shape")
    @classmethod
    def _known_shape(cls, shape: Text) -> Text:
        return _known(shape, SHAPES)

    @field_validator("zone_axis")
    @classmethod
    def _known_axis(cls, zone_axis: Text) -> Text:
        return _known(zone_axis, ZONE_AXES)

    @field_validator("surface_energies")
    @classmethod
    def _all_faces(cls, energies: dict[str, Number]) -> dict[str, Number]:
        if energies and set(energies) != set(FACES):
            raise ValueError(f"expected {', '.join(FACES)}; got {', '.join(energies)}")
        return energies

    @model_validator(mode="after")
    def _one_fault_each(self) -> Nanoparticle:
        together = self.twin_probability + self.fault_probability
        if together > 1:
            raise ValueError(
                f"twin_probability and fault_probability add up to {together:g}; lower them until "
                "they are at most 1"
            )
        return self


def _known(text: Text, words: tuple[str, ...]) -> Text:
    for word in texts(text):
        if word not in words:
            raise ValueError(f"expected one of {', '.join(words)}; got {word!r}")
    return text
