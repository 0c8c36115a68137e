"""The lattice of a set of columns, found from their positions alone.

A vector is a translation of the lattice if nearly every column has another one at its end.
Vectors between columns of different sites of a cell, such as the bonds of graphene, lead from some
of the columns only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

PATCH = 19
"""Columns around a seed that a translation is tested with, the seed included: two shells of a
hexagonal lattice, and some of each site in a cell of several columns."""

CANDIDATES = 30
"""Vectors that are tested: those from the seed to its nearest columns."""

SUPPORT = 0.75
"""Fraction of the patch that has a column at the end of a translation.  Bonds of two sites have
half; columns that were missed, or lie at the edge, lower it."""

TOLERANCE = 0.2
"""Largest error of a translation's end, in distances of nearest neighbours."""

LEAST_SINE = 0.2
"""Smallest sine of the angle between two translations that span a lattice."""

EQUALLY_SHORT = 0.05
"""Vectors are equally short if their lengths differ by no more than this fraction, which is more
than strain and errors make of it."""

SAME_SITE = 0.25
"""Columns belong to one site of the cell within this many distances of nearest neighbours."""

LEAST_SHARE = 0.3
"""A site of the cell holds at least this fraction of the columns of the fullest one."""


@dataclass(frozen=True)
class Lattice:
    """A two-dimensional lattice with one or more columns in its cell.

    Attributes:
        vectors: (2, 2) float64, the translations ``a`` and ``b`` [Å] as its columns, x to the
            right and y up; ``b`` lies anticlockwise of ``a``.
        sites: (S, 2) float64, the columns of the cell as fractions of ``a`` and ``b``; the first
            is ``(0, 0)``.
    """

    vectors: np.ndarray
    sites: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """(2,) lengths of ``a`` and ``b`` [Å]."""
        return np.linalg.norm(self.vectors, axis=0)

    @property
    def angle(self) -> float:
        """Angle from ``a`` to ``b`` [degrees], anticlockwise.

        >>> round(Lattice(np.array([[2.0, -1.0], [0.0, 1.7320508]]), np.zeros((1, 2))).angle, 3)
        120.0
        """
        (ax, bx), (ay, by) = self.vectors
        return float(np.degrees(np.arctan2(ax * by - ay * bx, ax * bx + ay * by)))

    @property
    def direction(self) -> float:
        """Direction of ``a`` [degrees], anticlockwise from x."""
        return float(np.degrees(np.arctan2(self.vectors[1, 0], self.vectors[0, 0])))

    @property
    def nearest(self) -> float:
        """Distance of nearest neighbours [Å]."""
        vectors, _, _ = self.neighbours(0)
        return float(np.linalg.norm(self.vectors @ vectors[0]))

    def neighbours(self, site: int, nearest: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The columns around one column of the cell, by rising distance.

        Args:
            site: Number of the column's site.
            nearest: How many of the nearest columns must not be missing; those further away are
                not complete.

        Returns:
            (K, 2) float64 vectors to the neighbours, as fractions of ``a`` and ``b``; (K, 2) int64
            translations to their cells; (K,) int64 their sites.
        """
        area = abs(np.linalg.det(self.vectors))
        radius = np.sqrt((nearest + 1) * area / len(self.sites) / np.pi)
        # The cells reach beyond the circle, whose border may hold some columns more or fewer.
        reach = int(np.ceil(1.2 * radius * self.lengths.max() / area)) + 1
        steps = np.arange(-reach, reach + 1)
        cells = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
        count = len(self.sites)
        sites = np.tile(np.arange(count), len(cells))
        cells = np.repeat(cells, count, axis=0)
        vectors = cells + self.sites[sites] - self.sites[site]
        length = np.linalg.norm(vectors @ self.vectors.T, axis=1)
        order = np.argsort(length, kind="stable")[1:]  # without the column itself
        return vectors[order], cells[order], sites[order]

    def planes(self) -> tuple[np.ndarray, np.ndarray]:
        """The closest lattice planes, by falling distance.

        Returns:
            (P, 2) int64 indices by the reciprocal vectors of ``a`` and ``b``; (P,) float64
            distances of the planes [Å].
        """
        steps = np.arange(-3, 4)
        indices = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
        one_of_two = (indices[:, 0] > 0) | ((indices[:, 0] == 0) & (indices[:, 1] > 0))
        indices = indices[one_of_two & (np.gcd(indices[:, 0], indices[:, 1]) == 1)]
        spacing = plane_distances(indices, self.vectors)
        order = np.argsort(-spacing, kind="stable")
        return indices[order], spacing[order]


def plane_distances(indices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(P,) distances of lattice planes [Å].

    Args:
        indices: (P, 2) indices by the reciprocal vectors of the lattice.
        vectors: (2, 2) vectors of the lattice as columns [Å].

    >>> plane_distances(np.array([[1, 0], [1, 1]]), np.diag([3.0, 4.0]))
    array([3. , 2.4])
    """
    return np.asarray(1 / np.linalg.norm(indices @ np.linalg.inv(vectors), axis=1))


def find_lattice(points: np.ndarray, tree: cKDTree, seed: int) -> Lattice | None:
    """The lattice of the columns around one column.

    Args:
        points: (N, 2) float64 columns [Å], x to the right and y up.
        tree: Of the points.
        seed: The column.

    Returns:
        The lattice, whose first site is that of the seed, or None if there is no lattice.
    """
    if len(points) <= PATCH:
        return None
    distance, order = tree.query(points[seed], min(CANDIDATES + 1, len(points)))
    patch = points[order[:PATCH]]
    nearest = _nearest_distance(patch)
    vectors = points[order[1:]] - points[seed]
    ends, error = _ends(tree, patch, vectors, TOLERANCE * nearest)
    there = np.isfinite(error)
    support = there.mean(axis=1)
    means = [
        (points[end[hit]] - patch[hit]).mean(axis=0)
        for end, hit, share in zip(ends, there, support, strict=True)
        if share >= SUPPORT
    ]
    spanned = _shortest_pair(np.array(means).reshape(-1, 2))
    if spanned is None:
        return None
    cell = _standard(spanned)
    return Lattice(cell, _sites(points[order], points[seed], cell, SAME_SITE * nearest))


def _nearest_distance(points: np.ndarray) -> float:
    """Median distance of nearest neighbours [Å]."""
    distance, _ = cKDTree(points).query(points, 2)
    return float(np.median(distance[:, 1]))


def _ends(
    tree: cKDTree, patch: np.ndarray, vectors: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """(V, P) the column at the end of each vector from each column, and its distance [Å].

    The distance is infinite where there is no column.
    """
    error, ends = tree.query(patch + vectors[:, None], distance_upper_bound=tolerance)
    return ends, error


def _shortest_pair(vectors: np.ndarray) -> np.ndarray | None:
    """(2, 2) the two shortest vectors that span a plane, as columns; None if there are no two."""
    vectors = vectors[np.argsort(np.linalg.norm(vectors, axis=1), kind="stable")]
    for vector in vectors[1:]:
        pair = np.stack([vectors[0], vector], axis=1)
        lengths = np.linalg.norm(pair, axis=0)
        if abs(np.linalg.det(pair)) > LEAST_SINE * lengths.prod():
            return pair
    return None


def reduced(vectors: np.ndarray) -> np.ndarray:
    """(2, 2) the shortest vectors of the lattice that two vectors span, as columns.

    The reduction is Lagrange's.

    >>> reduced(np.array([[1.0, 5.0], [0.0, 1.0]]))
    array([[1., 0.],
           [0., 1.]])
    """
    a, b = vectors.T
    while True:
        if a @ a > b @ b:
            a, b = b, a
        steps = np.rint((a @ b) / (a @ a))
        if steps == 0:
            return np.stack([a, b], axis=1)
        b = b - steps * a


def _standard(vectors: np.ndarray) -> np.ndarray:
    """(2, 2) shortest vectors of a lattice as columns, chosen so that errors do not change them.

    ``a`` is the shortest, of several equally short ones that nearest to x.  ``b`` lies
    anticlockwise of it, by more than 90° where two are equally short.

    >>> _standard(np.array([[1.0, 0.5], [0.0, -0.866]])).round(3).T
    array([[ 1.   ,  0.   ],
           [-0.5  ,  0.866]])
    """
    first, second = reduced(vectors).T
    longest = min(np.linalg.norm(first), np.linalg.norm(second)) * (1 + EQUALLY_SHORT)
    around = [first, second, first + second, first - second]
    short = [each for each in around if np.linalg.norm(each) <= longest]
    a = max(short, key=lambda each: abs(each[0]) / np.linalg.norm(each))
    a = -a if (a[0], a[1]) < (0, 0) else a
    others = [sign * each for each in around for sign in (1, -1)]
    others = [each for each in others if a[0] * each[1] - a[1] * each[0] > 1e-6 * (a @ a)]
    least = min(np.linalg.norm(each) for each in others) * (1 + EQUALLY_SHORT)
    b = min((each for each in others if np.linalg.norm(each) <= least), key=lambda each: a @ each)
    return np.stack([a, b], axis=1)


def _sites(points: np.ndarray, origin: np.ndarray, cell: np.ndarray, same: float) -> np.ndarray:
    """(S, 2) the columns of the cell as fractions of its vectors; that of the origin is first.

    Args:
        points: (P, 2) the nearest columns to the origin [Å], which is among them.
        origin: (2,) [Å].
        cell: (2, 2) vectors of the cell as columns [Å].
        same: Columns within this distance belong to one site [Å].
    """
    fractions = (points - origin) @ np.linalg.inv(cell).T
    members = [[np.zeros(2)]]
    for fraction in fractions[1:]:
        offsets = [fraction - np.mean(each, axis=0) for each in members]
        wrapped = [offset - np.rint(offset) for offset in offsets]
        errors = [float(np.linalg.norm(cell @ offset)) for offset in wrapped]
        best = int(np.argmin(errors))
        if errors[best] <= same:
            members[best].append(np.mean(members[best], axis=0) + wrapped[best])
        else:
            members.append([fraction - np.floor(fraction)])
    least = LEAST_SHARE * max(map(len, members))
    first, *others = (np.mean(each, axis=0) for each in members if len(each) >= least)
    return np.array([first, *others]) - first
