"""Crystal structures by their space groups and occupied Wyckoff positions.

Positions, axes and origins are those of the International Tables for Crystallography, volume A.  A
coordinate that the symmetry leaves free is named ``u`` or ``v``; each compound gives its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Coordinate = float | str
"""A coordinate in the cell's lengths, or the name of a free one: ``u`` or ``v``."""

THIRD, TWO_THIRDS = 1 / 3, 2 / 3


@dataclass(frozen=True)
class Site:
    """An occupied Wyckoff position.

    Attributes:
        species: Letter of the species on it; a compound gives its element.
        position: One of the equivalent positions.
    """

    species: str
    position: tuple[Coordinate, Coordinate, Coordinate]


@dataclass(frozen=True)
class Prototype:
    """A crystal structure without its elements and lengths.

    Attributes:
        group: Number of the space group.
        sites: The occupied positions.
        origin: Choice of the origin, 1 or 2, for the groups that have two.
        layered: Whether the crystal splits into sheets across its third axis.
    """

    group: int
    sites: tuple[Site, ...]
    origin: int = 1
    layered: bool = False

    @property
    def species(self) -> tuple[str, ...]:
        """Letters of its species, in alphabetical order."""
        return tuple(sorted({site.species for site in self.sites}))

    @property
    def hexagonal(self) -> bool:
        """Whether its axes are hexagonal."""
        return 143 <= self.group <= 194

    def positions(self, free: Sequence[float]) -> list[tuple[float, float, float]]:
        """One position of each site.

        Args:
            free: Values of ``u`` and ``v``, as far as there are any.

        >>> PROTOTYPES["rutile"].positions([0.3])
        [(0.0, 0.0, 0.0), (0.3, 0.3, 0.0)]
        """
        value = dict(zip("uv", free, strict=False))
        return [
            (_value(x, value), _value(y, value), _value(z, value))
            for x, y, z in (site.position for site in self.sites)
        ]


def _value(coordinate: Coordinate, free: dict[str, float]) -> float:
    return free[coordinate] if isinstance(coordinate, str) else float(coordinate)


PROTOTYPES = {
    "fcc": Prototype(225, (Site("A", (0, 0, 0)),)),
    "bcc": Prototype(229, (Site("A", (0, 0, 0)),)),
    "hcp": Prototype(194, (Site("A", (THIRD, TWO_THIRDS, 0.25)),)),
    "diamond": Prototype(227, (Site("A", (0, 0, 0)),)),
    "beta tin": Prototype(141, (Site("A", (0, 0, 0)),)),
    "zincblende": Prototype(216, (Site("A", (0, 0, 0)), Site("B", (0.25, 0.25, 0.25)))),
    "wurtzite": Prototype(
        186, (Site("A", (THIRD, TWO_THIRDS, 0)), Site("B", (THIRD, TWO_THIRDS, "u")))
    ),
    "rocksalt": Prototype(225, (Site("A", (0, 0, 0)), Site("B", (0.5, 0.5, 0.5)))),
    "CsCl": Prototype(221, (Site("A", (0, 0, 0)), Site("B", (0.5, 0.5, 0.5)))),
    "NiAs": Prototype(194, (Site("A", (0, 0, 0)), Site("B", (THIRD, TWO_THIRDS, 0.25)))),
    "fluorite": Prototype(225, (Site("A", (0, 0, 0)), Site("B", (0.25, 0.25, 0.25)))),
    "antifluorite": Prototype(225, (Site("A", (0.25, 0.25, 0.25)), Site("B", (0, 0, 0)))),
    "cuprite": Prototype(224, (Site("A", (0.25, 0.25, 0.25)), Site("B", (0, 0, 0)))),
    "pyrite": Prototype(205, (Site("A", (0, 0, 0)), Site("B", ("u", "u", "u")))),
    "rutile": Prototype(136, (Site("A", (0, 0, 0)), Site("B", ("u", "u", 0)))),
    "anatase": Prototype(141, (Site("A", (0, 0, 0)), Site("B", (0, 0, "u")))),
    "corundum": Prototype(167, (Site("A", (0, 0, "u")), Site("B", ("v", 0, 0.25)))),
    "perovskite": Prototype(
        221, (Site("A", (0, 0, 0)), Site("B", (0.5, 0.5, 0.5)), Site("C", (0, 0.5, 0.5)))
    ),
    "spinel": Prototype(
        227,
        (
            Site("A", (0.125, 0.125, 0.125)),
            Site("B", (0.5, 0.5, 0.5)),
            Site("C", ("u", "u", "u")),
        ),
        origin=2,
    ),
    "chalcopyrite": Prototype(
        122, (Site("A", (0, 0, 0)), Site("B", (0, 0, 0.5)), Site("C", ("u", 0.25, 0.125)))
    ),
    "Heusler": Prototype(
        225,
        (Site("A", (0.25, 0.25, 0.25)), Site("B", (0.5, 0.5, 0.5)), Site("C", (0, 0, 0))),
    ),
    "Cu3Au": Prototype(221, (Site("A", (0, 0.5, 0.5)), Site("B", (0, 0, 0)))),
    "CuAu": Prototype(123, (Site("A", (0.5, 0.5, 0.5)), Site("B", (0, 0, 0)))),
    "A15": Prototype(223, (Site("A", (0.25, 0, 0.5)), Site("B", (0, 0, 0)))),
    "2H": Prototype(
        194,
        (Site("A", (THIRD, TWO_THIRDS, 0.25)), Site("B", (THIRD, TWO_THIRDS, "u"))),
        layered=True,
    ),
    "1T": Prototype(164, (Site("A", (0, 0, 0)), Site("B", (THIRD, TWO_THIRDS, "u"))), layered=True),
    "h-BN": Prototype(
        194,
        (Site("A", (THIRD, TWO_THIRDS, 0.25)), Site("B", (THIRD, TWO_THIRDS, 0.75))),
        layered=True,
    ),
    "graphite": Prototype(
        194, (Site("A", (0, 0, 0.25)), Site("A", (THIRD, TWO_THIRDS, 0.25))), layered=True
    ),
    "LiCoO2": Prototype(
        166, (Site("A", (0, 0, 0)), Site("B", (0, 0, 0.5)), Site("C", (0, 0, "u")))
    ),
}
"""Structures by name.  In ``CuAu`` the axes are those of the primitive tetragonal cell."""
