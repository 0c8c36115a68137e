"""Twins and stacking faults of face-centred cubic particles."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from temnet.structures.geometry import rotation_about

CLOSE_PACKED = np.array([[1.0, y, z] for y, z in product((-1, 1), repeat=2)])
"""Normals of the four {111} planes."""

LEAST_DISTANCE = 0.9
"""Atoms across a fault are at least this many nearest-neighbour distances apart."""


def fault_normals(zone: np.ndarray) -> np.ndarray:
    """(N, 3) normals of the {111} planes that are edge-on along ``zone`` (3,)."""
    return CLOSE_PACKED[np.abs(CLOSE_PACKED @ zone) < 1e-9]


def twin(positions: np.ndarray, normal: np.ndarray, height: float) -> np.ndarray:
    """A particle whose part above a {111} plane is rotated by 180 degrees about its normal.

    The crystals on the two sides then mirror each other.

    Args:
        positions: (N, 3) fcc sites in the crystal's axes [Å].
        normal: (3,) normal of the plane.
        height: Position of an atomic layer, the mirror plane, along the normal [Å].
    """
    unit = normal / np.linalg.norm(normal)
    level = positions @ unit
    on_plane = np.abs(level - height) < 0.1
    above = level > height + 0.1
    if not on_plane.any() or not above.any():
        return positions
    layer = positions[on_plane]
    # Half a turn about any atom of the layer mirrors the crystal; this one keeps it in place.
    pivot = layer[np.argmin(np.linalg.norm(layer - layer.mean(axis=0), axis=1))]
    turned = positions.copy()
    half_turn = rotation_about(unit, np.pi)
    turned[above] = (positions[above] - pivot) @ half_turn.T + pivot
    return turned


def stacking_fault(positions: np.ndarray, normal: np.ndarray, height: float) -> np.ndarray:
    """A particle whose part above a {111} plane is displaced by a Shockley partial, a/6 <112>.

    Args:
        positions: (N, 3) fcc sites in the crystal's axes [Å].
        normal: (3,) normal of the plane.
        height: Position between two atomic layers, along the normal [Å].
    """
    unit = normal / np.linalg.norm(normal)
    above = positions @ unit > height
    if above.all() or not above.any():
        return positions
    nearest = cKDTree(positions).query(positions, k=2)[0][:, 1].min()
    lattice_constant = nearest * np.sqrt(2)
    lower = cKDTree(positions[~above])
    for slip in _partials(normal) * lattice_constant / 6:
        moved = positions.copy()
        moved[above] += slip
        if lower.query(moved[above])[0].min() > LEAST_DISTANCE * nearest:
            return moved
    return positions


def _partials(normal: np.ndarray) -> np.ndarray:
    """(6, 3) <112> directions in a {111} plane."""
    every = np.array(
        [v for v in product((-2, -1, 1, 2), repeat=3) if sorted(map(abs, v)) == [1, 1, 2]]
    )
    return every[np.abs(every @ normal) < 1e-9].astype(float)
