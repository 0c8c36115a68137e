"""Crystal lattices of the oxide supports."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from ase.data import atomic_numbers

from temnet.structures.geometry import zone_axis_matrix
from temnet.structures.off_axis import FINEST_PERIOD

WEAK = 0.2
"""Reflections below this fraction of the strongest structure factor are ignored."""


@dataclass(frozen=True)
class Surface:
    """A surface of a crystal, seen edge-on.

    Attributes:
        normal: (3,) in the crystal's Cartesian axes, of any length.
        step: Height of an atomic step [Å].
        stable: Whether it is the preferred surface of the crystal.
    """

    normal: tuple[float, float, float]
    step: float
    stable: bool = False


Zone = tuple[tuple[float, float, float], tuple[Surface, ...]]
"""A direction in Cartesian axes, and the surfaces that are edge-on along it."""


@dataclass(frozen=True)
class OxideLattice:
    """An oxide with an orthogonal cell.

    Attributes:
        lengths: Sides of the cell [Å].
        cation: The element whose columns are labelled.
        cations: Its sites, in the cell's lengths.
        anions: Sites of oxygen.
        zones: For each zone axis its direction and surfaces.
    """

    lengths: tuple[float, float, float]
    cation: str
    cations: tuple[tuple[float, float, float], ...]
    anions: tuple[tuple[float, float, float], ...]
    zones: dict[str, Zone]

    def orientation(self, zone: str, upwards: np.ndarray | None = None) -> np.ndarray:
        """(3, 3) matrix from crystal to image axes, with the normal of a surface along y."""
        along, surfaces = self.zones[zone]
        up = np.array(surfaces[0].normal if upwards is None else upwards)
        return zone_axis_matrix(np.array(along), up)

    def reflections(self) -> np.ndarray:
        """(N, 3) half of the reciprocal lattice, without fine and weak reflections [1/Å].

        Structure factors of atoms with their atomic numbers as weights.
        """
        lengths = np.array(self.lengths)
        reach = np.ceil(lengths / FINEST_PERIOD).astype(int)
        every = np.array(list(product(*(range(-n, n + 1) for n in reach))))
        first = np.array([tuple(index) > (0, 0, 0) for index in every.tolist()])
        every = every[first & (np.linalg.norm(every / lengths, axis=1) <= 1 / FINEST_PERIOD)]
        factor = np.zeros(len(every), complex)
        for element, sites in ((self.cation, self.cations), ("O", self.anions)):
            phases = np.exp(-2j * np.pi * every @ np.array(sites).T).sum(axis=1)
            factor += atomic_numbers[element] * phases
        strong = np.abs(factor) >= WEAK * np.abs(factor).max()
        return every[strong] / lengths


FACE = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))
"""Sites of a face-centred cell."""


def _rock_salt(a: float, cation: str) -> OxideLattice:
    middles = ((0.5, 0.5, 0.5), (0.5, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 0.5))

    def surfaces(*normals: tuple[float, float, float]) -> tuple[Surface, ...]:
        # Cations and anions share the planes {100} and {110}, whose steps are half as high.
        return tuple(
            Surface(n, a / 2 / float(np.linalg.norm(n)), stable=bool(np.abs(n).sum() == 1))
            for n in normals
        )

    zones: dict[str, Zone] = {
        "110": ((1, -1, 0), surfaces((0, 0, 1), (1, 1, 0), (1, 1, 1))),
        "100": ((1, 0, 0), surfaces((0, 1, 0), (0, 0, 1), (0, 1, 1), (0, -1, 1))),
        "111": ((1, 1, 1), surfaces((1, -1, 0), (1, 0, -1), (1, 1, -2))),
        "211": ((2, 1, 1), surfaces((0, 1, -1), (1, -1, -1))),
    }
    return OxideLattice((a, a, a), cation, FACE, middles, zones)


def _fluorite(a: float, cation: str) -> OxideLattice:
    quarters = tuple((x, y, z) for x, y, z in product((0.25, 0.75), repeat=3))

    def surfaces(*normals: tuple[float, float, float]) -> tuple[Surface, ...]:
        return tuple(
            Surface(n, a / float(np.linalg.norm(n)), stable=bool(np.abs(n).sum() == 3))
            for n in normals
        )

    zones: dict[str, Zone] = {
        "110": ((1, -1, 0), surfaces((1, 1, 1), (1, 1, -1), (-1, -1, 1), (0, 0, 1), (1, 1, 0))),
        "100": ((1, 0, 0), surfaces((0, 1, 0), (0, 0, 1), (0, 1, 1), (0, -1, 1))),
        "111": ((1, 1, 1), surfaces((1, -1, 0), (1, 0, -1), (1, 1, -2), (2, -1, -1))),
        "211": ((2, 1, 1), surfaces((1, -1, -1), (0, 1, -1))),
    }
    return OxideLattice((a, a, a), cation, FACE, quarters, zones)


def _rutile(a: float, c: float, u: float, cation: str) -> OxideLattice:
    cations = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5))
    anions = ((u, u, 0.0), (1 - u, 1 - u, 0.0), (0.5 + u, 0.5 - u, 0.5), (0.5 - u, 0.5 + u, 0.5))
    row = a / np.sqrt(2)
    zones: dict[str, Zone] = {
        "001": (
            (0, 0, 1),
            (Surface((1, 1, 0), row, True), Surface((1, -1, 0), row, True), Surface((1, 0, 0), a)),
        ),
        "100": ((1, 0, 0), (Surface((0, 1, 0), a), Surface((0, 0, 1), c), Surface((0, c, a), a))),
        "110": ((1, 1, 0), (Surface((1, -1, 0), row, True), Surface((0, 0, 1), c))),
    }
    return OxideLattice((a, a, c), cation, cations, anions, zones)


LATTICES = {
    "CeO2": _fluorite(5.411, "Ce"),
    "TiO2": _rutile(4.594, 2.959, 0.305, "Ti"),
    "MgO": _rock_salt(4.212, "Mg"),
}
"""CeO2: Fm-3m, 5.411 Å; TiO2: rutile, P4_2/mnm, 4.594 and 2.959 Å, u = 0.305; MgO: Fm-3m, 4.212 Å,
at room temperature."""

CATIONS = frozenset(lattice.cation for lattice in LATTICES.values())
"""Elements whose columns are labelled as `oxide`."""
