"""The lattice around each column, or why there is no such value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.spatial import cKDTree

from temnet.strain.grains import BROAD, Grain, find_grains, is_lattice
from temnet.strain.neighbourhood import (
    CAPTURE,
    CAPTURE_AHEAD,
    FEWEST_INNER,
    Fits,
    Matches,
    Template,
    fit,
    match,
    template,
)

NEIGHBOURS = 18
"""Default of the fewest neighbours of a fit."""

LEAST_MATCHED = 0.33
"""Fraction of the neighbours that a column needs for a value: a flat surface leaves 0.6, a right
angle 0.35."""

LEAST_EXPLAINED = 0.5
"""Fraction of the columns within reach that must lie at places of the lattice."""

MISFIT_RATIO = 2.2
"""Standard deviations of the residuals beyond this many of the grain's median are a misfit: one
column of thousands for noise alone, most of those in a twin plane."""

LEAST_MISFIT = 0.06
"""Standard deviation of residuals that is no misfit, in distances of nearest neighbours."""

PRIOR_FREEDOM = 4
"""Weight of what is known of a position error beforehand, in degrees of freedom of residuals."""


class State(IntEnum):
    """Whether a column has a strain, and why not.

    Attributes:
        FITTED: Its neighbours lie on a lattice, and it has values.
        FEW_NEIGHBOURS: It is on a lattice, but too few of its neighbours are there.
        ONE_ROW: Its neighbours lie in one row.
        MISFIT: It is in a grain, but columns around it lie beside the places of the lattice: a
            boundary, a dislocation or another defect, a column that is not of the crystal.
        NO_LATTICE: No lattice was found around it.
    """

    FITTED = 0
    FEW_NEIGHBOURS = 1
    ONE_ROW = 2
    MISFIT = 3
    NO_LATTICE = 4

    @property
    def word(self) -> str:
        """The name in tables, such as ``few-neighbours``."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True)
class LocalLattices:
    """Lattices around the columns of one image.

    Attributes:
        grains: The grains, the largest first.
        grain: (N,) int64, number of each column's grain; -1 without a grain.
        state: (N,) int64 of `State`.
        complete: (N,) bool, whether all neighbours of a fitted column are there.
        fits: Fits of all columns; NaN and 0 where there is none.  Their weights are in `weights`.
        weights: For each lattice vector (N, N) float64, by which the fitted vectors (rows) are
            sums of the positions (columns).
        errors: (N, 2, 2) float64, covariance of each column's position [Å²].
    """

    grains: list[Grain]
    grain: np.ndarray
    state: np.ndarray
    complete: np.ndarray
    fits: Fits
    weights: tuple[csr_array, csr_array]
    errors: np.ndarray

    @property
    def fitted(self) -> np.ndarray:
        """(N,) bool, whether each column has values."""
        return self.state == State.FITTED


def local_lattices(
    points: np.ndarray,
    neighbours: int = NEIGHBOURS,
    position_error: np.ndarray | None = None,
) -> LocalLattices:
    """The lattices around the columns of one image.

    Args:
        points: (N, 2) float64 columns [Å], x to the right and y up.
        neighbours: Fewest neighbours of a fit; shells are completed.
        position_error: (N,) standard error of each position along an axis [Å], known beforehand;
            0 or NaN where it is not.  Columns whose error is above the median weigh less.
    """
    grains = _apart(find_grains(points))
    ones = np.ones(len(points))
    found = _in_grains(points, grains, neighbours, ones)
    known = np.zeros(len(points)) if position_error is None else np.nan_to_num(position_error) ** 2
    known = np.where(known > 0, known + _rest(found, known), 0)
    weight = _weight(known)
    if np.any(weight < 1):
        found = _in_grains(points, grains, neighbours, weight)
    return replace(found, errors=_position_errors(found, known, weight))


def _in_grains(
    points: np.ndarray, grains: list[Grain], neighbours: int, weight: np.ndarray
) -> LocalLattices:
    """Fits of all columns, each in the grain that it belongs to best."""
    chosen = _nothing(grains, len(points))
    best = np.full(len(points), -1.0)
    for number, grain in enumerate(grains):
        part = _in_grain(points, grain, number, neighbours, weight)
        rank = _rank(part, grain)
        better = (part.grain >= 0) & (rank > best)
        best[better] = rank[better]
        chosen = _merged(chosen, part, better)
    return chosen


def _apart(grains: list[Grain]) -> list[Grain]:
    """Grains without columns through which only the lattice of another one was followed."""
    followed = np.array([grain.followed for grain in grains])
    return [
        replace(grain, site=np.where(~grain.followed & followed.any(axis=0), -1, grain.site))
        for grain in grains
    ]


def _nothing(grains: list[Grain], count: int) -> LocalLattices:
    def missing(*shape: int) -> np.ndarray:
        return np.full((count, *shape), np.nan)

    numbers = np.zeros(count, np.int64)
    return LocalLattices(
        grains,
        grain=np.full(count, -1, np.int64),
        state=np.full(count, State.NO_LATTICE, np.int64),
        complete=np.zeros(count, bool),
        fits=Fits(
            vectors=missing(2, 2),
            used=numbers,
            scatter=missing(2, 2),
            freedom=numbers.copy(),
            weights=np.zeros((count, 0, 2)),
            place=missing(2),
            breadth=missing(),
        ),
        weights=(csr_array((count, count)), csr_array((count, count))),
        errors=missing(2, 2),
    )


def _merged(old: LocalLattices, new: LocalLattices, better: np.ndarray) -> LocalLattices:
    """The new values where they are better."""

    def pick(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.where(better.reshape(-1, *[1] * (first.ndim - 1)), second, first)

    fits = {name: pick(value, getattr(new.fits, name)) for name, value in vars(old.fits).items()}
    rows, kept = (diags_array(each.astype(float)) for each in (better, ~better))
    first, second = (
        csr_array(kept @ ours + rows @ theirs)
        for ours, theirs in zip(old.weights, new.weights, strict=True)
    )
    return LocalLattices(
        old.grains,
        pick(old.grain, new.grain),
        pick(old.state, new.state),
        pick(old.complete, new.complete),
        Fits(**fits),
        (first, second),
        old.errors,
    )


def _rank(part: LocalLattices, grain: Grain) -> np.ndarray:
    """(N,) how well each column belongs to a grain: fitted ones first, then by neighbours."""
    closeness = 1 - np.minimum(np.nan_to_num(part.fits.residual) / grain.lattice.nearest, 0.99)
    return part.fitted * 1000.0 + grain.followed * 500.0 + part.fits.used + closeness


def _rest(found: LocalLattices, known: np.ndarray) -> float:
    """Variance of residuals along an axis beyond that known beforehand, in the median [Å²].

    It is what all columns share, such as errors that are the same in all frames.
    """
    rows = np.flatnonzero(found.fitted)
    used = sum(abs(csr_array(each[rows])) for each in found.weights)
    if not len(rows) or not known.any():
        return 0.0
    used.eliminate_zeros()
    used.data = np.ones_like(used.data)
    expected = (used @ known) / np.maximum(used @ (known > 0), 1)
    scatter = np.trace(found.fits.scatter[rows], axis1=1, axis2=2) / 2
    return max(float(np.median(scatter / found.fits.freedom[rows] - expected)), 0.0)


def _weight(known: np.ndarray) -> np.ndarray:
    """(N,) weight of each column: 1, and less where the known variance is above the median.

    >>> _weight(np.array([1.0, 2.0, 8.0, 0.0]))
    array([1.  , 1.  , 0.25, 1.  ])
    """
    usable = known > 0
    middle = np.median(known[usable]) if usable.any() else 1.0
    return np.where(usable, np.minimum(middle / np.where(usable, known, 1), 1), 1.0)


def _in_grain(
    points: np.ndarray, grain: Grain, number: int, neighbours: int, weight: np.ndarray
) -> LocalLattices:
    """Fits of the columns of one grain, by other columns of it alone."""
    members = np.flatnonzero(grain.site >= 0)
    own, site, weight = points[members], grain.site[members], weight[members]
    tree, everything = cKDTree(own), cKDTree(points)
    lattice, every = grain.lattice, np.arange(len(members))
    inner, outer = template(lattice, FEWEST_INNER), template(lattice, neighbours)

    def fitted(
        places: np.ndarray, vectors: np.ndarray, shape: Template, capture: float
    ) -> tuple[Matches, Fits]:
        matches = match(tree, places, vectors, site, shape, capture * lattice.nearest)
        matches = _of_sites(matches, site, shape)
        return matches, fit(own, every, site, shape, matches, lattice.vectors, weight)

    places, vectors = own, grain.vectors[members]
    for capture in (CAPTURE_AHEAD, CAPTURE):
        near, first = fitted(places, vectors, inner, capture)
        good = is_lattice(first, lattice)
        places = np.where(good[:, None], first.place, own)
        vectors = np.where(good[:, None, None], first.vectors, vectors)
    matches, fits = fitted(places, vectors, outer, CAPTURE)
    around = _count(everything, own, outer.reach[site])
    close = _count(everything, own, inner.reach[site])
    close_matched = near.there.sum(axis=1)
    expected = outer.counts[site].sum(axis=1)
    state = np.full(len(members), State.FITTED, np.int64)
    strange = (close > close_matched) | (fits.used < LEAST_EXPLAINED * around)
    one_row = fits.breadth < BROAD * lattice.nearest
    strange |= ~is_lattice(fits, lattice) & ~one_row
    strange |= _scattered(fits, lattice.nearest, ~strange)
    state[strange] = State.MISFIT
    state[~strange & (fits.used < LEAST_MATCHED * expected)] = State.FEW_NEIGHBOURS
    state[~strange & (fits.freedom < 1)] = State.FEW_NEIGHBOURS
    state[~strange & one_row] = State.ONE_ROW
    result = _nothing([], len(points))
    result.grain[members] = number
    result.state[members] = state
    result.complete[members] = (state == State.FITTED) & (fits.used == expected)
    for name, value in vars(result.fits).items():
        if name != "weights":
            value[members] = getattr(fits, name)
    return replace(result, weights=_weights(matches, fits, members, len(points)))


def _weights(
    matches: Matches, fits: Fits, members: np.ndarray, count: int
) -> tuple[csr_array, csr_array]:
    """Weights of the positions of all columns in the fits of a grain; 0 where there is no fit."""
    columns = np.concatenate([members[:, None], members[matches.column]], axis=1)
    rows = np.repeat(members, columns.shape[1])
    used = np.nan_to_num(fits.weights).reshape(-1, 2)
    shape = (count, count)
    first, second = (csr_array((each, (rows, columns.ravel())), shape=shape) for each in used.T)
    return first, second


def _scattered(fits: Fits, nearest: float, usual: np.ndarray) -> np.ndarray:
    """(n,) bool, whether residuals are far larger than in most fits of the grain.

    Args:
        fits: The fits of a grain.
        nearest: Distance of nearest neighbours [Å].
        usual: (n,) bool, the fits to compare with.
    """
    deviation = np.sqrt(np.trace(fits.scatter, axis1=1, axis2=2) / np.maximum(2 * fits.freedom, 1))
    middle = np.median(deviation[usual]) if usual.any() else 0.0
    return deviation > max(MISFIT_RATIO * middle, LEAST_MISFIT * nearest)


def _of_sites(matches: Matches, site: np.ndarray, shape: Template) -> Matches:
    """Matches without columns that are of another site of the cell than their place."""
    right = site[matches.column] == shape.sites[site]
    return Matches(matches.column, np.where(right, matches.distance, np.inf))


def _count(tree: cKDTree, points: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """(n,) number of other columns within reach of each of some columns."""
    return np.asarray(tree.query_ball_point(points, reach, return_length=True)) - 1


def _position_errors(found: LocalLattices, known: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(N, 2, 2) covariance of the position of each column [Å²].

    The mean of what is expected of the column and of the residuals of its own fit, where the
    former counts as `PRIOR_FREEDOM` residuals; of columns without values what is expected.

    Args:
        found: The fits.
        known: (N,) variance of each position along an axis that is known beforehand [Å²], or 0.
        weight: (N,) weights of the fits; covariances are inverse to them.
    """
    fits, fitted = found.fits, found.fitted
    expected = np.full((len(fitted), 2, 2), np.nan)
    everywhere = np.ones(len(fitted), bool)
    for members in (everywhere, *(found.grain == each for each in range(len(found.grains)))):
        if (fitted & members).any():
            expected[members] = _expected(fits, fitted & members, known * weight)[members]
    total = PRIOR_FREEDOM * expected + fits.scatter
    single = total / (PRIOR_FREEDOM + fits.freedom)[:, None, None]
    return np.where(fitted[:, None, None], single, expected) / weight[:, None, None]


def _expected(fits: Fits, own: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(N, 2, 2) covariances of positions of the weight 1 by all residuals of a grain [Å²].

    Variances known beforehand are scaled so that they agree with the residuals (Birge, Phys. Rev.
    40, 207 (1932)), to which they count as `PRIOR_FREEDOM` more.  Fits overlap: each counts by
    one over its columns.

    Args:
        fits: The fits.
        own: (N,) bool, those of the grain.
        known: (N,) variance of each position along an axis [Å²]; 0 where it is not known, and then
            the mean of the residuals takes its place.
    """
    scatter, freedom = fits.scatter[own], fits.freedom[own]
    mean = scatter.sum(axis=0) / freedom.sum()
    usable = known[own] > 0
    share = usable / (1 + fits.used[own])
    ratio = np.einsum("n,nij->ij", share / np.where(usable, known[own], 1), scatter)
    scale = (PRIOR_FREEDOM * np.eye(2) + ratio) / (PRIOR_FREEDOM + share @ freedom)
    return np.where((known > 0)[:, None, None], known[:, None, None] * scale, mean)
