"""The lattice that strain is measured against."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from temnet.errors import InputError
from temnet.strain.deformation import QUANTITIES, deformation, largest_strain, rotation, stretch
from temnet.strain.grains import LARGEST_STRAIN
from temnet.strain.lattice import Lattice

SPACING_WITHIN = 0.08
"""A given distance of planes belongs to planes of the lattice within this fraction: those of common
lattices differ by 15 % or more."""

SMALLEST_CORE = 12
"""Columns with all neighbours that make a core."""

FEWEST = 3
"""Fewest columns whose mean lattice is a reference."""


@dataclass(frozen=True)
class Reference:
    """A reference lattice for one grain.

    Attributes:
        vectors: (2, 2) float64, its vectors [Å] as columns, in the orientation of the core.
        columns: Number of columns that it was measured on.
        error: (7,) float64, standard errors of `QUANTITIES` that all columns share because of it.
    """

    vectors: np.ndarray
    columns: int
    error: np.ndarray

    @property
    def lattice(self) -> Lattice:
        """The lattice, for its lengths and angles."""
        return Lattice(self.vectors, np.zeros((1, 2)))


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


def mean_lattice(vectors: np.ndarray, used: np.ndarray) -> Reference | None:
    """The mean of the lattices around some columns.

    The fits of neighbouring columns overlap, so that the number of independent ones is that of the
    columns divided by that in a fit.

    Args:
        vectors: (n, 2, 2) lattice vectors [Å].
        used: (n,) neighbours in each fit.

    Returns:
        The mean and its standard error; None for fewer than `FEWEST` columns.
    """
    if len(vectors) < FEWEST:
        return None
    mean = vectors.mean(axis=0)
    values = deformation(vectors @ np.linalg.inv(mean), mean)
    independent = max(len(vectors) / (1 + used.mean()), 1)
    error = values.std(axis=0, ddof=1) / np.sqrt(independent)
    return Reference(mean, len(vectors), error)


def scaled_to_spacing(measured: Reference, spacing: float) -> Reference:
    """A measured lattice, scaled so that planes have a known distance.

    Args:
        measured: The lattice of the core.
        spacing: Distance of the planes [Å].  Planes within `SPACING_WITHIN` of it are meant; of
            several their mean has this distance.

    Returns:
        The reference.  Its shape remains that of the core, so that only the size is absolute.

    Raises:
        InputError: If the lattice has no such planes.
    """
    _, distances = measured.lattice.planes()
    near = np.abs(distances / spacing - 1) <= SPACING_WITHIN
    if not near.any():
        known = ", ".join(f"{each:.3g}" for each in distances[:4])
        raise InputError(
            f"strain.spacing is {spacing:g} Å, but no planes of the lattice are that far apart; "
            f"the widest are {known} Å. Give one of these planes' known distance, or check the "
            "pixel size."
        )
    return Reference(
        measured.vectors * (spacing / distances[near].mean()), measured.columns, measured.error
    )


def oriented(measured: Reference, vectors: np.ndarray) -> Reference:
    """A known lattice in the orientation of a measured one, and with the same choice of vectors.

    The columns that were found may be a part of those of the known lattice: its vectors are then
    sums of the known ones.

    Args:
        measured: The lattice of the core.
        vectors: (2, 2) vectors of the known lattice as columns [Å], in any orientation.

    Raises:
        InputError: If the lattices differ by more than `LARGEST_STRAIN`.
    """
    least, best = np.inf, vectors
    for entries in itertools.product(range(-2, 3), repeat=4):
        cell = vectors @ np.reshape(entries, (2, 2))
        if np.linalg.det(cell) <= 0.5 * abs(np.linalg.det(vectors)):
            continue
        strain = float(largest_strain(measured.vectors @ np.linalg.inv(cell)))
        if strain < least - 1e-9:
            least, best = strain, cell
    if least > LARGEST_STRAIN:
        lengths, other = (np.linalg.norm(each, axis=0) for each in (vectors, measured.vectors))
        raise InputError(
            f"The given lattice, with vectors of {lengths[0]:.3g} and {lengths[1]:.3g} Å, is not "
            f"that of the columns, with {other[0]:.3g} and {other[1]:.3g} Å; check the structure, "
            "its zone axis and the pixel size."
        )
    _, angle = stretch(measured.vectors @ np.linalg.inv(best))
    return Reference(rotation(angle) @ best, measured.columns, np.zeros(len(QUANTITIES)))
