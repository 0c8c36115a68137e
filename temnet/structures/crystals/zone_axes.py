"""Zone axes of crystals: which columns they show, and how far apart these are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from math import gcd

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from temnet.structures.columns import project
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
        axis = _zone_axis(cell, indices)
        strengths = sorted(round(value, 3) for value in axis.strength)
        found.setdefault((round(length / SAME), round(axis.spacing / SAME), *strengths), axis)
    return tuple(found.values())


def _directions() -> list[tuple[int, int, int]]:
    """Directions of low indices, one of each opposite pair, those with zeros first."""
    reach = range(-HIGHEST_INDEX, HIGHEST_INDEX + 1)
    every = [(u, v, w) for u, v, w in product(reach, repeat=3)]
    half = [axis for axis in every if axis > (0, 0, 0) and gcd(*axis) == 1]
    return sorted(half, key=lambda axis: (sum(map(abs, axis)), [-index for index in axis]))


def _zone_axis(cell: Atoms, indices: tuple[int, int, int]) -> ZoneAxis:
    vectors = cell.cell.array
    along = np.array(indices) @ vectors
    length = float(np.linalg.norm(along))
    plane = _across(along / length)
    # A patch that holds all neighbours of the columns through the cell.
    steps = np.array(list(product((-2, -1, 0, 1, 2), repeat=3)))
    points = ((steps @ vectors)[:, None] + cell.positions).reshape(-1, 3) @ plane.T
    own = cell.positions @ plane.T
    near = points[np.linalg.norm(points - own.mean(axis=0), axis=1) < 1.5 * _size(own) + 6]
    flat = Atoms(numbers=np.ones(len(near)), positions=np.pad(near, ((0, 0), (0, 1))))
    column = project(flat, np.ones(len(flat), bool))
    count = np.bincount(column)
    places = np.stack([np.bincount(column, axis) / count for axis in near.T], axis=1)
    mine = column[cKDTree(near).query(own)[1]]
    spacing = cKDTree(places).query(places[mine], k=2)[0][:, 1].min()
    strength = _linear_strength(cell, own, vectors @ plane.T, length)
    return ZoneAxis(indices, float(spacing), tuple(strength.tolist()))


def _linear_strength(
    cell: Atoms, own: np.ndarray, lattice: np.ndarray, length: float
) -> np.ndarray:
    """(N,) sum of the atoms' strengths on the column through each atom [1/Å].

    Args:
        cell: The cell.
        own: (N, 2) its atoms in the plane across the beam [Å].
        lattice: (3, 2) its vectors in that plane [Å].
        length: Period along the beam [Å].
    """
    steps = np.array(list(product(range(-3, 4), repeat=3)))
    shifts = np.unique((steps @ lattice).round(4), axis=0)
    each = cell.numbers.astype(float) ** POWER
    images = own[None] + shifts[:, None]
    total = np.zeros(len(own))
    for number, place in enumerate(own):
        on_column = np.linalg.norm(images - place, axis=2).min(axis=0) < 0.5
        total[number] = each[on_column].sum()
    return total / length


def _across(direction: np.ndarray) -> np.ndarray:
    """(2, 3) two unit vectors across a direction."""
    _, _, rows = np.linalg.svd(direction[None])
    return rows[1:]


def _size(points: np.ndarray) -> float:
    return float(np.ptp(points, axis=0).max(initial=0.0))
