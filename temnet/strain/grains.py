"""Grains: columns that a lattice can be followed through from neighbour to neighbour.

The lattice vectors at each column are those by which its neighbours are expected, so that a lattice
is followed through strain gradients and rotations of any size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from temnet.strain.deformation import largest_strain
from temnet.strain.lattice import Lattice, find_lattice
from temnet.strain.neighbourhood import CAPTURE_AHEAD, FEWEST_INNER, Fits, fit, match, template

SMALLEST = 12
"""Fewest columns of a grain through which its lattice can be followed."""

FEWEST_FOLLOWED = 4
"""Fewest neighbours in the first shells of a column from which the lattice is followed on."""

BROAD = 0.4
"""Columns of a fit are no row if they are as broad as this, in distances of nearest neighbours;
three columns of a triangle are 0.41 broad."""

MISFIT = 0.16
"""Largest root mean square residual, in distances of nearest neighbours."""

LARGEST_STRAIN = 0.15
"""Largest strain of a place against the grain's seed.  A lattice that is followed across a twin
boundary of a face-centred cubic crystal would be sheared by 0.35."""


@dataclass(frozen=True)
class Grain:
    """A grain.

    Attributes:
        lattice: Its lattice, the mean over the columns through which it was followed.
        site: (N,) int64, site of each column in the cell; -1 outside the grain.
        vectors: (N, 2, 2) float64, lattice vectors expected around each column [Å], as columns.
        followed: (N,) bool, whether the lattice was followed through the column.
    """

    lattice: Lattice
    site: np.ndarray
    vectors: np.ndarray
    followed: np.ndarray


def find_grains(points: np.ndarray) -> list[Grain]:
    """The grains among columns, the largest first.

    Args:
        points: (N, 2) float64 columns [Å], x to the right and y up.

    Returns:
        The grains.  Columns at a boundary may belong to several.
    """
    grains: list[Grain] = []
    if len(points) <= SMALLEST:
        return grains
    tree = cKDTree(points)
    waiting = np.ones(len(points), bool)
    for seed in _seeds(points, tree):
        if not waiting[seed]:
            continue
        waiting[seed] = False
        lattice = find_lattice(points, tree, int(seed))
        if lattice is None:
            continue
        grain = _followed(points, tree, lattice, int(seed))
        others = np.any([each.followed for each in grains], axis=0) if grains else False
        waiting[grain.site >= 0] = False
        if np.sum(grain.followed & ~others) >= SMALLEST:
            grains.append(grain)
    return sorted(grains, key=lambda grain: -int(grain.followed.sum()))


def _seeds(points: np.ndarray, tree: cKDTree) -> np.ndarray:
    """(N,) all columns, those with the most even neighbourhood first."""
    distance, near = tree.query(points, min(SMALLEST + 1, len(points)))
    middle = points[near].mean(axis=1)
    uneven = np.linalg.norm(middle - points, axis=1) / distance[:, -1]
    return np.argsort(uneven, kind="stable")


def _followed(points: np.ndarray, tree: cKDTree, lattice: Lattice, seed: int) -> Grain:
    """The grain of a lattice around a seed."""
    shape, nearest = template(lattice, FEWEST_INNER), lattice.nearest
    site = np.full(len(points), -1, np.int64)
    vectors = np.full((len(points), 2, 2), np.nan)
    followed = np.zeros(len(points), bool)
    front = np.array([seed])
    site[seed], vectors[seed] = 0, lattice.vectors
    while len(front):
        centres = front
        matches = match(
            tree, points[centres], vectors[centres], site[centres], shape, CAPTURE_AHEAD * nearest
        )
        fits = fit(points, centres, site[centres], shape, matches, lattice.vectors)
        good = (fits.used >= FEWEST_FOLLOWED) & is_lattice(fits, lattice)
        vectors[centres[good]] = fits.vectors[good]
        followed[centres[good]] = True
        parent, place = np.nonzero(matches.there & good[:, None])
        column, distance = (each[parent, place] for each in (matches.column, matches.distance))
        order = np.lexsort((distance, column))
        order = order[site[column[order]] < 0]
        front, first = np.unique(column[order], return_index=True)  # by the nearest place
        parent, place = parent[order][first], place[order][first]
        site[front] = shape.sites[site[centres[parent]], place]
        vectors[front] = vectors[centres[parent]]
    if not followed.any():
        return Grain(lattice, site, vectors, followed)
    mean = vectors[followed].mean(axis=0)
    return Grain(replace(lattice, vectors=mean), site, vectors, followed)


def is_lattice(fits: Fits, lattice: Lattice) -> np.ndarray:
    """(n,) bool, whether columns lie at the places of a lattice, strained a little, in two rows."""
    broad = fits.breadth >= BROAD * lattice.nearest
    return broad & (fits.residual <= MISFIT * lattice.nearest) & _little_strained(fits, lattice)


def _little_strained(fits: Fits, lattice: Lattice) -> np.ndarray:
    """(n,) bool, whether fitted vectors are those of the lattice, rotated and strained a little."""
    return largest_strain(fits.vectors @ np.linalg.inv(lattice.vectors)) <= LARGEST_STRAIN
