"""Flags of columns: is there anything in the image, and among the neighbours, that supports them?

A column has support where, among the columns around it, enough stand in a lattice of two
directions (`temnet.inference.checks.local_lattice`) or, in sheets, in rings of five to seven, which
grain boundaries and disordered graphene have, too.  Single atoms, edges and vacancies have support
from the lattice beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from temnet.images.resample import resample
from temnet.inference.checks.equal_reflections import with_uneven_reflections
from temnet.inference.checks.local_lattice import SIDES, local_lattice
from temnet.inference.column_finder import FoundFrame
from temnet.inference.rings import Rings, find_rings
from temnet.models.network import Network
from temnet.records import ColumnFlag, Peaks

SHEETS = ("graphene", "mos2")
"""Specimens that are honeycombs of bonded columns."""

THREEFOLD = ("graphene",)
"""Sheets whose equal reflections are compared; those of MoS2 differ in the focal series of the
training, for tilt and astigmatism."""

SHEET_WINDOWS = 2
"""Sizes of windows for sheets, whose rings count as well."""

AROUND = 10.0
"""Columns this near [Å] lend support."""

LEAST_SUPPORT = 0.35
"""Fraction of them that must stand in a lattice or in rings.  In films of amorphous material 0 to
12 % of the columns have that.  On 60 validation images of each shipped network the F1 without the
others rises by 0.004 and 0.010 (nanoparticles), and changes by -0.0004 to +0.0004 (MoS2) and
-0.0009 (graphene), so that they are flagged and not left out."""

WHOLE_RINGS = (5, 7)
"""Rings that sheets have."""

IMPOSSIBLE_RING = 4
"""Rings that no sheet has."""

CLOSEST, FARTHEST = 0.96, 1.25
"""A neighbour may be nearer than the least distance of the training, or farther than the largest,
by these factors."""

LONGEST_BOND = 1.15
"""Bonds are shorter than the largest distance of nearest neighbours times this."""


@dataclass(frozen=True)
class ColumnFlagger:
    """Examines the columns of frames.

    Attributes:
        sampling: Pixel size of the network [Å].
        distances: For each class index the least and the largest distance from its columns to the
            nearest column in the training images [Å]; empty where the card does not have them.
        structure: Kind of specimen; None if the card does not have it.
    """

    sampling: float
    distances: Mapping[int, tuple[float, float]]
    structure: str | None

    @classmethod
    def of(cls, network: Network) -> ColumnFlagger:
        """The distances and the specimen on a network's card."""
        card, known = network.card, network.card.neighbour_distances or {}
        distances = {index: known[name] for index, name in enumerate(card.classes) if name in known}
        return cls(network.sampling, distances, card.structure)

    def flagged(self, frame: FoundFrame, sampling: float) -> FoundFrame:
        """A frame with the flags of its columns.

        Args:
            frame: A frame in the file's pixels.
            sampling: Their size [Å].
        """
        images = resample(frame.image, sampling, self.sampling)
        return replace(frame, peaks=replace(frame.peaks, flags=self.flags(images, frame.peaks)))

    def flags(self, images: np.ndarray, peaks: Peaks) -> np.ndarray:
        """(N,) int64, the flags of each column; see `ColumnFlag`.

        Args:
            images: (row, col, focus), at the network's pixels, in any linear grey values.
            peaks: The columns of this frame.
        """
        positions = peaks.positions
        flags = np.zeros(len(peaks), np.int64)
        if not len(peaks):
            return flags
        sizes = SHEET_WINDOWS if self.structure in SHEETS else len(SIDES)
        lattice = local_lattice(images, self.sampling, positions, sizes)
        evidence = lattice.two.copy()
        if self.structure in SHEETS and self.distances:
            rings = find_rings(positions, self._bond())
            evidence |= _in_rings(rings, len(peaks), *WHOLE_RINGS) & ~lattice.one
            corners = _in_rings(rings, len(peaks), IMPOSSIBLE_RING, IMPOSSIBLE_RING)
            flags[corners] |= ColumnFlag.RINGS
        alone = share_around(evidence, positions) < LEAST_SUPPORT
        flags[alone & ~lattice.one] |= ColumnFlag.NO_LATTICE
        flags[alone & lattice.one] |= ColumnFlag.FRINGES
        if self.structure in THREEFOLD:
            uneven = with_uneven_reflections(images, self.sampling, positions)
            flags[uneven & lattice.two] |= ColumnFlag.REFLECTIONS
        return flags | self._distance_flags(peaks)

    def _bond(self) -> tuple[float, float]:
        """Least and largest length of a bond in the sheet [Å]."""
        low, high = zip(*self.distances.values(), strict=True)
        return CLOSEST * min(low), LONGEST_BOND * max(high)

    def _distance_flags(self, peaks: Peaks) -> np.ndarray:
        """(N,) int64, the flags from the distance to the nearest column."""
        flags = np.zeros(len(peaks), np.int64)
        nearest = cKDTree(peaks.positions).query(peaks.positions, k=[2])[0][:, 0]  # inf if alone
        for index, (low, high) in self.distances.items():
            mine = peaks.class_index == index
            flags[mine & (nearest < CLOSEST * low)] |= ColumnFlag.TOO_CLOSE
            flags[mine & (nearest > FARTHEST * high)] |= ColumnFlag.ISOLATED
        return flags


def without_flags(frame: FoundFrame, words: Sequence[str]) -> FoundFrame:
    """A frame without the columns that have any of some flags.

    Args:
        frame: A frame whose columns have their flags.
        words: Names of flags.
    """
    if not words:
        return frame
    left_out = frame.peaks.flags & int(ColumnFlag.of(" ".join(words))) != 0
    return replace(frame, peaks=frame.peaks.select(~left_out))


def share_around(evidence: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """(N,) fraction of the columns within `AROUND`, itself included, that have evidence.

    Args:
        evidence: (N,) bool.
        positions: (N, 2) [Å].

    >>> share_around(np.array([True, False, False]), np.array([[0, 0], [0, 5.0], [0, 50.0]]))
    array([0.5, 0.5, 0. ])
    """
    total = cKDTree(positions).query_ball_point(positions, AROUND, return_length=True)
    known = positions[evidence]
    if not len(known):
        return np.zeros(len(positions))
    return cKDTree(known).query_ball_point(positions, AROUND, return_length=True) / total


def _in_rings(rings: Rings, count: int, fewest: int, most: int) -> np.ndarray:
    """(N,) bool: columns in a ring of so many."""
    inside = np.zeros(count, bool)
    for size, vertices in zip(rings.atoms, rings.vertices, strict=True):
        if fewest <= size <= most:
            inside[vertices] = True
    return inside
