"""Zone axes of crystals: which columns they show, and how far apart these are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from math import gcd

import numpy as np
from scipy.sparse.csgraph import connected_components

from temnet.structures.columns import TOLERANCE
from temnet.structures.crystals.compounds import Compound
from temnet.structures.crystals.unit_cells import unit_cell

HIGHEST_INDEX = 2
"""Largest index of a zone axis."""

LONGEST_PERIOD = 14.5
"""Axes along which the conventional cell repeats after more than this are left out [Å]."""

SAME = 0.01
"""Lengths that differ by less count as equal [Å]."""

POWER = 1.7
"""An atom scatters by this power of its atomic number into the angles that carry the lattice, to a
few per cent (Rez, Ultramicroscopy 9, 283, 1982)."""


@dataclass(frozen=True)
class ZoneAxis:
    """A direction of the beam through a crystal.

    Attributes:
        indices: In the vectors of the conventional cell.
        spacing: Shortest distance between two columns [Å].
        strength: What the column through each atom of the cell scatters for a unit of its length
            [1/Å], see `POWER`.
    """

    indices: tuple[int, int, int]
    spacing: float
    strength: tuple[float, ...]


@cache
def zone_axes(compound: Compound) -> tuple[ZoneAxis, ...]:
    """Zone axes of low indices of a compound, one of each kind that looks different.

    Args:
        compound: The compound.
    """
    cell = unit_cell(compound)
    found: dict[tuple[float, ...], ZoneAxis] = {}
    for indices in _directions():
        length = float(np.linalg.norm(np.array(indices) @ cell.cell.array))
        if length > LONGEST_PERIOD:
            continue
        axis = zone_axis(compound, indices)
        strengths = sorted(round(value, 3) for value in axis.strength)
        found.setdefault((round(length / SAME), round(axis.spacing / SAME), *strengths), axis)
    return tuple(found.values())


def _directions() -> list[tuple[int, int, int]]:
    """Directions of low indices, one of each opposite pair, those with zeros first."""
    reach = range(-HIGHEST_INDEX, HIGHEST_INDEX + 1)
    every = [(u, v, w) for u, v, w in product(reach, repeat=3)]
    half = [axis for axis in every if axis > (0, 0, 0) and gcd(*axis) == 1]
    return sorted(half, key=lambda axis: (sum(map(abs, axis)), [-index for index in axis]))


@cache
def zone_axis(compound: Compound, indices: tuple[int, int, int]) -> ZoneAxis:
    """The columns of a compound along a direction, in the vectors of its conventional cell."""
    cell = unit_cell(compound)
    along = np.array(indices) @ cell.cell.array
    length = float(np.linalg.norm(along))
    plane = np.linalg.svd(along[None])[2][1:]
    lattice = _reduced(np.array(_complement(indices)) @ cell.cell.array @ plane.T)
    own = cell.positions @ plane.T
    distance = _distances(own, lattice)
    column = connected_components(distance < TOLERANCE, directed=False)[1]
    each = cell.numbers.astype(float) ** POWER
    strength = np.bincount(column, each)[column] / length
    others = distance[column[:, None] != column]
    spacing = min(others.min(initial=np.inf), np.linalg.norm(lattice, axis=1).min())
    return ZoneAxis(indices, float(spacing), tuple(strength.tolist()))


@cache
def _complement(indices: tuple[int, int, int]) -> tuple[tuple[int, int, int], ...]:
    """Two vectors that span the lattice together with a direction, all in its vectors."""
    reach = range(-HIGHEST_INDEX, HIGHEST_INDEX + 1)
    every = [(u, v, w) for u, v, w in product(reach, repeat=3)]
    return next(
        pair for pair in combinations(every, 2) if abs(round(np.linalg.det([indices, *pair]))) == 1
    )


def _reduced(lattice: np.ndarray) -> np.ndarray:
    """(2, 2) the shortest vectors of a plane lattice (Gauss)."""
    short, long = sorted(lattice, key=np.linalg.norm)
    while True:
        long = long - np.round(long @ short / (short @ short)) * short
        if long @ long >= short @ short - SAME**2:
            return np.stack([short, long])
        short, long = long, short


def _distances(points: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    """(N, N) shortest distances between points of a plane lattice [Å].

    Args:
        points: (N, 2) points of a cell [Å].
        lattice: (2, 2) the shortest vectors as rows [Å].
    """
    steps = (points[:, None] - points) @ np.linalg.inv(lattice)
    steps -= steps.round()
    near = np.array(list(product((-1, 0, 1), repeat=2)))
    return np.linalg.norm((steps[..., None, :] + near) @ lattice, axis=-1).min(axis=-1)
