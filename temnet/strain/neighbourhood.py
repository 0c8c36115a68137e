"""The neighbours of a column by a template of its lattice, and the affine fit through them.

The fit is ``r = t_s + A m`` over a column and its neighbours: ``r`` are positions, ``m`` the
integer translations to their cells, and ``t_s`` one offset for each site of the cell, so that sites
may shift against each other.  The columns of ``A`` are the lattice vectors at that place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from temnet.strain.lattice import Lattice

FEWEST_INNER = 6
"""Fewest neighbours in the first shells, by which the lattice is followed."""

SAME_LENGTH = 0.025
"""Vectors of which each is longer than the one before by less than this fraction are one shell:
more than the error and the strain of a lattice make of equal lengths."""

MORE = 12
"""So many neighbours beyond twice the wanted number are searched for the end of a shell."""

CAPTURE = 0.25
"""Largest distance of a column from the place that a fit expects it at, in distances of nearest
neighbours.  Across a twin boundary of a face-centred cubic crystal columns are 0.33 from it."""

CAPTURE_AHEAD = 0.3
"""The same where the fit is that of a neighbour, or there is only the column's own position."""


@dataclass(frozen=True)
class Template:
    """The neighbours of each site of a lattice: whole shells, the nearest first.

    Sites with fewer neighbours than others are filled up with neighbours that do not count.

    Attributes:
        vectors: (S, K, 2) float64, from the site to the neighbour, as fractions of the cell.
        cells: (S, K, 2) int64, translations to the neighbours' cells.
        sites: (S, K) int64, the neighbours' sites.
        counts: (S, K) bool, whether there is such a neighbour.
        reach: (S,) float64, distance between the last shell and the next one [Å].
    """

    vectors: np.ndarray
    cells: np.ndarray
    sites: np.ndarray
    counts: np.ndarray
    reach: np.ndarray


def template(lattice: Lattice, neighbours: int) -> Template:
    """The template of a lattice.

    Args:
        lattice: The lattice.
        neighbours: Fewest neighbours of a column; shells are completed.
    """
    known = 2 * neighbours + MORE
    parts = [lattice.neighbours(site, known) for site in range(len(lattice.sites))]
    lengths = [
        np.linalg.norm(vectors[:known] @ lattice.vectors.T, axis=1) for vectors, _, _ in parts
    ]
    numbers = [_whole_shells(length, neighbours) for length in lengths]
    most = max(numbers)
    vectors, cells, sites = (np.array([part[each][:most] for part in parts]) for each in range(3))
    return Template(
        vectors,
        cells,
        sites,
        counts=np.arange(most) < np.array(numbers)[:, None],
        reach=np.array(
            [length[n - 1 : n + 1].mean() for length, n in zip(lengths, numbers, strict=True)]
        ),
    )


def _whole_shells(lengths: np.ndarray, least: int) -> int:
    """Number of the shortest lengths, at least some, that ends between two shells.

    Far out, where each shell is close to the next one, it ends at the widest gap.

    >>> _whole_shells(np.array([1, 1, 1.01, 1.01, 1.4, 1.42, 1.43, 1.44, 2.0]), 5)
    8
    """
    ratios = lengths[least:] / lengths[least - 1 : -1]
    apart = ratios > min(1 + SAME_LENGTH, ratios.max() * (1 - 1e-9))
    return least + int(np.argmax(apart))


@dataclass(frozen=True)
class Matches:
    """Columns at the places that a template expects around some columns.

    Attributes:
        column: (n, K) int64, the column at each place.
        distance: (n, K) float64, its distance from the place [Å]; infinite where no column is.
    """

    column: np.ndarray
    distance: np.ndarray

    @property
    def there(self) -> np.ndarray:
        """(n, K) bool, whether there is a column."""
        return np.isfinite(self.distance)


def match(
    tree: cKDTree,
    centres: np.ndarray,
    vectors: np.ndarray,
    site: np.ndarray,
    shape: Template,
    capture: float,
) -> Matches:
    """The columns at the places that a template expects.

    Args:
        tree: Of the columns.
        centres: (n, 2) positions in the middle [Å].
        vectors: (n, 2, 2) expected lattice vectors around each [Å], as columns.
        site: (n,) site of each.
        shape: The template.
        capture: Largest distance from a place [Å].
    """
    places = centres[:, None] + np.einsum("nij,nkj->nki", vectors, shape.vectors[site])
    distance, column = tree.query(places, distance_upper_bound=capture)
    distance = np.where(shape.counts[site], distance, np.inf)
    return Matches(np.where(np.isfinite(distance), column, 0), distance)


@dataclass(frozen=True)
class Fits:
    """Affine fits around some columns.

    Attributes:
        vectors: (n, 2, 2) float64, fitted lattice vectors [Å], as columns; NaN where the columns
            do not determine them.
        used: (n,) int64, number of neighbours.
        scatter: (n, 2, 2) float64, weighted sum of the products of the residuals [Å²].
        freedom: (n,) int64, degrees of freedom of the residuals along each axis.
        weights: (n, 1 + K, 2) float64, weights of the column in the middle and of the neighbours,
            by which ``A_ij`` is the sum of ``r_i weight_j``; 0 where there is no neighbour.
        place: (n, 2) float64, where the column in the middle should be [Å].
        breadth: (n,) float64, standard deviation of the columns along the direction in which they
            are narrowest [Å]: 0 for columns in one row.
    """

    vectors: np.ndarray
    used: np.ndarray
    scatter: np.ndarray
    freedom: np.ndarray
    weights: np.ndarray
    place: np.ndarray
    breadth: np.ndarray

    @property
    def residual(self) -> np.ndarray:
        """(n,) root mean square distance of the columns from their places [Å]."""
        return np.sqrt(np.trace(self.scatter, axis1=1, axis2=2) / (self.used + 1))


def fit(
    points: np.ndarray,
    centres: np.ndarray,
    site: np.ndarray,
    shape: Template,
    matches: Matches,
    cell: np.ndarray,
    weight: np.ndarray | None = None,
) -> Fits:
    """Fits the lattice vectors around some columns, by least squares.

    Args:
        points: (N, 2) columns [Å].
        centres: (n,) the columns in the middle, which are part of the fit.
        site: (n,) site of each.
        shape: The template.
        matches: Of the template.
        cell: (2, 2) vectors of the lattice as columns [Å], for the breadth.
        weight: (N,) weight of each column's square; one each by default.
    """
    n, own = len(centres), np.zeros((len(centres), 1, 2))
    there = np.concatenate([np.ones((n, 1), bool), matches.there], axis=1)
    steps = np.concatenate([own, shape.cells[site]], axis=1)
    sites = np.concatenate([site[:, None], shape.sites[site]], axis=1)
    offsets = points[matches.column] - points[centres][:, None]
    offsets = np.concatenate([own, np.where(matches.there[..., None], offsets, 0)], axis=1)
    square = there.astype(float)
    if weight is not None:
        square *= weight[np.concatenate([centres[:, None], matches.column], axis=1)]
    offset_count = np.zeros(n, np.int64)
    for each in range(len(shape.sites)):
        group = there & (sites == each)
        offset_count += group.any(axis=1)
        steps, offsets = _centred(steps, group, square), _centred(offsets, group, square)
    weighted = steps * square[..., None]
    products = np.einsum("nki,nkj->nij", weighted, steps)
    extent = np.einsum("ij,njk,lk->nil", cell, products, cell) / square.sum(axis=1)[:, None, None]
    breadth = np.sqrt(np.maximum(np.linalg.eigvalsh(extent)[:, 0], 0))
    solvable = breadth > 1e-6 * np.linalg.norm(cell)
    inverse = np.full((n, 2, 2), np.nan)
    inverse[solvable] = np.linalg.inv(products[solvable])
    weights = weighted @ inverse
    vectors = np.einsum("nki,nkj->nij", offsets, weights)
    errors = (offsets - np.einsum("nij,nkj->nki", vectors, steps)) * there[..., None]
    return Fits(
        vectors=vectors,
        used=matches.there.sum(axis=1),
        scatter=np.einsum("nk,nki,nkj->nij", square, errors, errors),
        freedom=there.sum(axis=1) - offset_count - 2,
        weights=weights,
        place=points[centres] - errors[:, 0],
        breadth=breadth,
    )


def _centred(values: np.ndarray, group: np.ndarray, square: np.ndarray) -> np.ndarray:
    """(n, K, 2) values from whose groups (n, K) the mean, weighted by (n, K), is taken away."""
    weight = (group * square)[..., None]
    mean = (values * weight).sum(axis=1, keepdims=True)
    mean = mean / np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return np.where(group[..., None], values - mean, values)
