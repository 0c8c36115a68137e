"""The lattice that strain is measured against."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from temnet.errors import InputError
from temnet.strain.deformation import STEP, largest_strain, rotation, stretch
from temnet.strain.grains import LARGEST_STRAIN
from temnet.strain.lattice import Lattice, plane_distances

SPACING_WITHIN = 0.08
"""A given distance of planes belongs to planes of the lattice within this fraction: those of common
lattices differ by 15 % or more."""

MIRRORED = 0.03
"""A known lattice is mirrored if its largest strain falls by more than this: crystals are rarely
sheared so much, and a mirror image that differs by less cannot be distinguished from strain."""

SMALLEST_CORE = 12
"""Columns with all neighbours that make a core."""

FEWEST = 3
"""Fewest columns whose mean lattice is a reference."""


@dataclass(frozen=True)
class Reference:
    """A reference lattice for one grain.

    Attributes:
        vectors: (2, 2) float64, its vectors [Å] as columns, in the orientation of the core.
        measured_on: (N,) bool, the columns whose mean lattice it was made from.
        slopes: (2, 2, 2, 2) float64, the derivative of ``vectors[i, j]`` by the component
            ``[k, l]`` of that mean.
    """

    vectors: np.ndarray
    measured_on: np.ndarray
    slopes: np.ndarray

    @property
    def columns(self) -> int:
        """Number of columns that it was measured on."""
        return int(self.measured_on.sum())

    @property
    def lattice(self) -> Lattice:
        """The lattice, for its lengths and angles."""
        return Lattice(self.vectors, np.zeros((1, 2)))


Change = Callable[[np.ndarray], np.ndarray]
"""Makes the vectors of a reference from those of a mean lattice, (2, 2) as columns [Å]."""


def reference_of(mean: np.ndarray, measured_on: np.ndarray, change: Change) -> Reference:
    """The reference that is made from a mean lattice.

    Args:
        mean: (2, 2) vectors of the mean lattice as columns [Å].
        measured_on: (N,) bool, the columns whose mean it is.
        change: Makes the reference.
    """
    slopes = np.empty((2, 2, 2, 2))
    for row in range(2):
        for col in range(2):
            step = np.zeros((2, 2))
            step[row, col] = STEP
            slopes[:, :, row, col] = (change(mean + step) - change(mean - step)) / (2 * STEP)
    return Reference(change(mean), measured_on, slopes)


def core(fitted: np.ndarray, complete: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """(N,) bool, the core of a grain: the deeper half of its columns with all neighbours.

    Where fewer than `SMALLEST_CORE` columns have all neighbours, the deeper half of all.

    Args:
        fitted: (N,) bool, columns of the grain with a lattice around them.
        complete: (N,) bool, those of them with all neighbours.
        depth: (N,) distance from the surface [Å], NaN without a surface.
    """
    chosen = complete if complete.sum() >= SMALLEST_CORE else fitted
    if np.isnan(depth[chosen]).all():
        return chosen
    return chosen & (depth >= np.nanmedian(depth[chosen]))


def mean_lattice(vectors: np.ndarray) -> np.ndarray | None:
    """(2, 2) mean of the lattices (n, 2, 2) around some columns; None for fewer than `FEWEST`."""
    return vectors.mean(axis=0) if len(vectors) >= FEWEST else None


@dataclass(frozen=True)
class Fit:
    """How a known lattice, or known planes, fit the lattice of a grain.

    Attributes:
        change: Makes the reference.
        rank: How many cells of the known lattice make the grain's, or how many planes of the grain
            are wider than the known ones.  Of several crystals that fit, the one with the lowest
            rank is meant, and its grains have equal ranks.
    """

    change: Change
    rank: int


def scaled_to_spacing(measured: np.ndarray, spacing: float) -> Fit:
    """Scales a lattice so that planes have a known distance.

    The shape of the reference remains that of the core, so that only the size is absolute.

    Args:
        measured: (2, 2) vectors of the core's lattice as columns [Å].
        spacing: Distance of the planes [Å].  Planes within `SPACING_WITHIN` of it are meant; of
            several their mean has this distance.

    Raises:
        InputError: If the lattice has no such planes.
    """
    indices, distances = Lattice(measured, np.zeros((1, 2))).planes()
    near = np.abs(distances / spacing - 1) <= SPACING_WITHIN
    meant = indices[near]
    if not len(meant):
        known = ", ".join(f"{each:.3g}" for each in distances[:4])
        raise InputError(
            f"strain.spacing is {spacing:g} Å, but no planes of the lattice are that far apart; "
            f"the widest are {known} Å. Give one of these planes' known distance, or check the "
            "pixel size."
        )

    def scaled(mean: np.ndarray) -> np.ndarray:
        return mean * (spacing / plane_distances(meant, mean).mean())

    return Fit(scaled, int(np.argmax(near)))


def oriented(measured: np.ndarray, vectors: np.ndarray) -> Fit:
    """Turns a known lattice into the orientation of a measured one, with its choice of vectors.

    The columns that were found may be a part of those of the known lattice: its vectors are then
    sums of the known ones.  The known lattice is taken as its mirror image, as seen from the other
    side, where that fits better by more than `MIRRORED`.

    Args:
        measured: (2, 2) vectors of the core's lattice as columns [Å].
        vectors: (2, 2) vectors of the known lattice as columns [Å], in any orientation.

    Raises:
        InputError: If the lattices differ by more than `LARGEST_STRAIN`.
    """
    least, best = _nearest_cell(measured, vectors)
    other_hand = _nearest_cell(measured, np.diag([-1, 1]) @ vectors)
    if other_hand[0] < least - MIRRORED:
        least, best = other_hand
    if least > LARGEST_STRAIN:
        lengths, other = (np.linalg.norm(each, axis=0) for each in (vectors, measured))
        raise InputError(
            f"The given lattice, with vectors of {lengths[0]:.3g} and {lengths[1]:.3g} Å, is not "
            f"that of the columns, with {other[0]:.3g} and {other[1]:.3g} Å; check the structure, "
            "its zone axis and the pixel size."
        )

    def turned(mean: np.ndarray) -> np.ndarray:
        _, angle = stretch(mean @ np.linalg.inv(best))
        return rotation(angle) @ best

    return Fit(turned, round(np.linalg.det(best) / abs(np.linalg.det(vectors))))


def _nearest_cell(measured: np.ndarray, vectors: np.ndarray) -> tuple[float, np.ndarray]:
    """The largest strain against the cell of a lattice that fits best, and its vectors."""
    least, best = np.inf, vectors
    for entries in itertools.product(range(-2, 3), repeat=4):
        cell = vectors @ np.reshape(entries, (2, 2))
        if np.linalg.det(cell) <= 0.5 * abs(np.linalg.det(vectors)):
            continue
        strain = float(largest_strain(measured @ np.linalg.inv(cell)))
        if strain < least - 1e-9:
            least, best = strain, cell
    return least, best
