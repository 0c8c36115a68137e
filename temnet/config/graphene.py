"""Settings of defected graphene."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from temnet.config.distributions import Settings, bounded
from temnet.config.negatives import Empty


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

    @property
    def column_classes(self) -> frozenset[str] | None:
        """Names that columns can have."""
        return frozenset({"C"})
