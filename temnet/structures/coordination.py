"""Coordination numbers of atoms and of projected columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from scipy.spatial import cKDTree

NEIGHBOUR_REACH = 1.3
"""Projected columns within this many nearest-neighbour distances are neighbours: six of fcc
[110], whose distances are 1 and 1.15, four of a square lattice, three of a honeycomb."""

SQUARE_HALF = 0.854
"""A metal's cutoff in lattice constants: half-way between first and second neighbours of fcc."""


def coordination(atoms: Atoms, cutoffs: Mapping[str, float]) -> np.ndarray:
    """Number of neighbours of each atom within the cutoff of the pair's elements.

    Args:
        atoms: The complete, uncropped specimen; periodic along the axes with `pbc`.
        cutoffs: Distance for each pair that counts as bonded, such as ``{"Mo-S": 2.9}`` [Å].

    Returns:
        (N,) int64; 0 for elements without a pair.
    """
    count = np.zeros(len(atoms), np.int64)
    for pair, cutoff in cutoffs.items():
        first, second = (np.flatnonzero(atoms.numbers == atomic_numbers[name])
                         for name in pair.split("-"))  # fmt: skip
        count[first] += _near(atoms, first, second, cutoff)
        if pair.split("-")[0] != pair.split("-")[1]:
            count[second] += _near(atoms, second, first, cutoff)
    return count


def _near(atoms: Atoms, centres: np.ndarray, others: np.ndarray, cutoff: float) -> np.ndarray:
    """Number of ``others`` within the cutoff of each of ``centres``, itself left out."""
    if not len(centres) or not len(others):
        return np.zeros(len(centres), np.int64)
    points = atoms.positions
    images = cKDTree(_with_images(points[others], atoms))
    near = images.query_ball_point(points[centres], cutoff, return_length=True)
    return near - np.isin(centres, others)


def _with_images(points: np.ndarray, atoms: Atoms) -> np.ndarray:
    """Points and their periodic images in the adjacent cells, which are wider than any cutoff."""
    cell = np.asarray(atoms.cell)
    for axis in np.flatnonzero(atoms.pbc):
        shifts = np.array([-1, 0, 1])[:, None, None] * cell[axis]
        points = (points + shifts).reshape(-1, 3)
    return points


def neighbour_count(points: np.ndarray) -> np.ndarray:
    """Number of neighbouring columns of each column, in projection.

    Args:
        points: (N, 2) columns of one class [Å].

    Returns:
        (N,) int64, those within `NEIGHBOUR_REACH` times the median distance of neighbours.

    >>> neighbour_count(np.array([[0.0, 0.0], [0.0, 2.0], [0.0, 4.0]]))
    array([1, 2, 1])
    """
    if len(points) < 2:
        return np.zeros(len(points), np.int64)
    tree = cKDTree(points)
    reach = NEIGHBOUR_REACH * np.median(tree.query(points, k=2)[0][:, 1])
    return tree.query_ball_point(points, reach, return_length=True) - 1
