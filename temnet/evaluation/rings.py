"""Rings of atoms in a sheet, such as the hexagons, pentagons and heptagons of graphene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

CARBON_BOND = (1.1, 1.8)
"""Distances of bonded carbon atoms [Å]: 1.42 in graphene, with room for defects and errors."""

RING_SIZES = (4, 9)
"""Smallest and largest number of atoms of a ring; a larger one is a hole."""


@dataclass(frozen=True)
class Rings:
    """Rings of bonded atoms, by rising size and then by their first atom.

    Attributes:
        centres: (R, 2) float64, mean of each ring's atoms, (row, col) [Å].
        atoms: (R,) int64, number of atoms of each.
        vertices: For each ring its atoms' indices, in order around it.
    """

    centres: np.ndarray
    atoms: np.ndarray
    vertices: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.atoms)


def find_bonds(positions: np.ndarray, bond: tuple[float, float] = CARBON_BOND) -> np.ndarray:
    """Pairs of bonded atoms; no two bonds cross.

    Atoms are bonded if their distance is within ``bond`` and no third atom lies in the circle
    that has the bond as its diameter (the Gabriel graph, which is planar: Gabriel and Sokal,
    Syst. Zool. 18, 259 (1969)).

    Args:
        positions: (N, 2) [Å].
        bond: Least and largest length of a bond [Å].

    Returns:
        (B, 2) int64, the lower index first; in order.
    """
    positions = np.reshape(positions, (-1, 2))
    if len(positions) < 2:
        return np.zeros((0, 2), np.int64)
    tree = cKDTree(positions)
    pairs = tree.query_pairs(bond[1], output_type="ndarray").astype(np.int64)
    first, second = positions[pairs].transpose(1, 0, 2)
    length = np.linalg.norm(first - second, axis=1)
    # The bond's own ends lie on the circle: the third nearest atom is the one to look at.
    third = np.full(len(pairs), np.inf)
    if len(pairs) and len(positions) > 2:
        third = tree.query((first + second) / 2, k=3)[0][:, 2]
    pairs = pairs[(length >= bond[0]) & (third > length / 2 * (1 + 1e-9))]
    pairs.sort(axis=1)
    return pairs[np.lexsort(pairs.T[::-1])]


def find_rings(positions: np.ndarray, bond: tuple[float, float] = CARBON_BOND) -> Rings:
    """The faces of the plane graph of bonds.

    From each bond one turns left as sharply as possible at every atom until one is back; the
    bond's face lies on the left.  Chains that end within a face, and faces that enclose another
    part of the graph or lie outside of it, are no rings.

    Args:
        positions: (N, 2) atoms, (row, col) [Å].
        bond: Least and largest length of a bond [Å].

    Returns:
        Rings of `RING_SIZES`.

    >>> angle = np.arange(6) * np.pi / 3
    >>> find_rings(1.42 * np.stack([np.sin(angle), np.cos(angle)], axis=1)).atoms
    array([6])
    """
    positions = np.reshape(positions, (-1, 2)).astype(np.float64)
    bonds = find_bonds(positions, bond)
    ways = np.concatenate([bonds, bonds[:, ::-1]])
    after = _next_way(positions, ways)
    done = np.zeros(len(ways), bool)
    found = []
    for start in range(len(ways)):
        face = []
        way = start
        while not done[way]:
            done[way] = True
            face.append(ways[way, 0])
            way = after[way]
        if RING_SIZES[0] <= len(face) <= RING_SIZES[1] and len(set(face)) == len(face):
            vertices = np.array(face, np.int64)
            if _area(positions[vertices]) > 0:
                found.append(np.roll(vertices, -int(vertices.argmin())))
    found.sort(key=lambda vertices: (len(vertices), *vertices.tolist()))
    return Rings(
        centres=np.array([positions[ring].mean(axis=0) for ring in found]).reshape(-1, 2),
        atoms=np.array([len(ring) for ring in found], np.int64),
        vertices=tuple(found),
    )


def _next_way(positions: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """(2B,) for each way along a bond the way that follows it around its face on the left."""
    along = positions[ways[:, 1]] - positions[ways[:, 0]]
    order = np.lexsort((np.arctan2(along[:, 1], along[:, 0]), ways[:, 0]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    count = np.bincount(ways[:, 0], minlength=len(positions))
    first = np.cumsum(count) - count
    # Around the atom at the end of a way, the way back's neighbour by angle, cyclically.
    half = len(ways) // 2
    back = place[np.r_[half : 2 * half, 0:half]]
    end = ways[:, 1]
    return order[first[end] + (back - first[end] - 1) % np.maximum(count[end], 1)]


def _area(corners: np.ndarray) -> float:
    """Area of a polygon [Å²], positive where its corners run from the first axis to the second."""
    following = np.roll(corners, -1, axis=0)
    return float(np.sum(corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0]) / 2)
