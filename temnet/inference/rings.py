"""Rings of atoms in a sheet, such as the hexagons, pentagons and heptagons of graphene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

RING_SIZES = (4, 9)
"""Smallest and largest number of atoms of a ring; a larger one is a hole."""

ON_CIRCLE = 1e-9
"""An atom that is nearer to a circle than this fraction of its radius lies on it."""


@dataclass(frozen=True)
class Rings:
    """Rings of bonded atoms, by rising number of atoms and then by the first atom's index.

    Attributes:
        centres: (R, 2) float64, mean of each ring's atoms, (row, col) [Å].
        atoms: (R,) int64, number of atoms of each.
        vertices: For each ring the indices of its atoms, in order around it.
    """

    centres: np.ndarray
    atoms: np.ndarray
    vertices: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.atoms)


def find_bonds(positions: np.ndarray, bond: tuple[float, float]) -> np.ndarray:
    """Pairs of bonded atoms; no two bonds cross.

    Atoms are bonded if their distance is within ``bond`` and no third atom lies in the circle
    that has the bond as its diameter (a part of the Gabriel graph, which is planar: Gabriel and
    Sokal, Syst. Zool. 18, 259 (1969)).

    Args:
        positions: (N, 2) [Å].
        bond: Least and largest length of a bond [Å].

    Returns:
        (B, 2) int64 indices of atoms, the lower one first, in order.
    """
    positions = np.reshape(positions, (-1, 2))
    if len(positions) < 2:
        return np.zeros((0, 2), np.int64)
    tree = cKDTree(positions)
    pairs = np.sort(tree.query_pairs(bond[1], output_type="ndarray"), axis=1).astype(np.int64)
    first, second = positions[pairs[:, 0]], positions[pairs[:, 1]]
    length = np.linalg.norm(first - second, axis=1)
    # Nearest to the middle are the bond's own ends; a third atom counts.
    third = tree.query((first + second) / 2, k=3)[0][:, 2]
    pairs = pairs[(length >= bond[0]) & (third > length / 2 * (1 + ON_CIRCLE))]
    return pairs[np.lexsort(pairs.T[::-1])]


def find_rings(positions: np.ndarray, bond: tuple[float, float]) -> Rings:
    """The faces of the plane graph of bonds.

    Starting from each bond, the walk turns as sharply as possible to the same side at every atom
    until it is back.  Chains with a free end are removed first.  A face that is cut by the image's
    border, or that contains an island of atoms, is not a ring.

    Args:
        positions: (N, 2) atoms, (row, col) [Å].
        bond: Least and largest length of a bond [Å].

    Returns:
        The faces with as many atoms as `RING_SIZES` allows.

    >>> angle = np.arange(6) * np.pi / 3
    >>> find_rings(1.42 * np.stack([np.sin(angle), np.cos(angle)], axis=1), (1.1, 1.8)).atoms
    array([6])
    """
    positions = np.reshape(positions, (-1, 2)).astype(np.float64)
    bonds = _without_chains(find_bonds(positions, bond), len(positions))
    ways = np.concatenate([bonds, bonds[:, ::-1]])
    following = _following(positions, ways).tolist()
    start = ways[:, 0].tolist()
    done = [False] * len(ways)
    found = []
    for first in range(len(ways)):
        face = []
        way = first
        while not done[way]:
            done[way] = True
            face.append(start[way])
            way = following[way]
        if RING_SIZES[0] <= len(face) <= RING_SIZES[1] and len(set(face)) == len(face):
            vertices = np.roll(face, -int(np.argmin(face))).astype(np.int64)
            if _area(positions[vertices]) > 0:  # else the outside of an island
                found.append(vertices)
    found.sort(key=lambda vertices: (len(vertices), *vertices.tolist()))
    return Rings(
        centres=np.array([positions[ring].mean(axis=0) for ring in found]).reshape(-1, 2),
        atoms=np.array([len(ring) for ring in found], np.int64),
        vertices=tuple(found),
    )


def _without_chains(bonds: np.ndarray, count: int) -> np.ndarray:
    """The bonds that are left after bonds to atoms without another bond are removed in turn."""
    while len(bonds):
        ends = np.any(np.bincount(bonds.ravel(), minlength=count)[bonds] == 1, axis=1)
        if not ends.any():
            break
        bonds = bonds[~ends]
    return bonds


def _following(positions: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """For each way along a bond (2B,) the way that comes next around the face at its side.

    Args:
        positions: (N, 2).
        ways: (2B, 2) atoms from and to; the second half are the ways back of the first.
    """
    along = positions[ways[:, 1]] - positions[ways[:, 0]]
    order = np.lexsort((np.arctan2(along[:, 1], along[:, 0]), ways[:, 0]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    count = np.bincount(ways[:, 0], minlength=len(positions))
    first = np.cumsum(count) - count
    # Among the ways from the atom that is reached, by angle: the one before the way back.
    end, back = ways[:, 1], place[np.roll(np.arange(len(ways)), len(ways) // 2)]
    return order[first[end] + (back - first[end] - 1) % count[end]]


def _area(corners: np.ndarray) -> float:
    """Area of a polygon [Å²], positive if its corners turn from the first axis to the second."""
    following = np.roll(corners, -1, axis=0)
    return float(np.sum(corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0]) / 2)
