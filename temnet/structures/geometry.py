"""Rotations, lattice patches and outlines shared by several specimens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree


@dataclass(frozen=True)
class Field:
    """Area of the image plane that a specimen has to fill.

    Attributes:
        height: Rows of the image [Å], from the centre of pixel [0, 0].
        width: Columns of the image [Å].
        margin: Width of the margin around the image on each side [Å].
    """

    height: float
    width: float
    margin: float

    @property
    def centre(self) -> np.ndarray:
        """(x, y) of the middle [Å]."""
        return np.array([self.width / 2, self.height / 2])

    @property
    def radius(self) -> float:
        """Distance from the middle to the corner of the margin [Å]."""
        return float(np.hypot(self.height / 2 + self.margin, self.width / 2 + self.margin))

    def covers(self, points: np.ndarray) -> np.ndarray:
        """(N,) bool: whether each of the (N, 2) points (x, y) lies in the field or its margin."""
        low = np.array([-self.margin, -self.margin])
        high = np.array([self.width + self.margin, self.height + self.margin])
        return np.all((points >= low) & (points < high), axis=1)


def rotation_about(axis: np.ndarray, angle: float) -> np.ndarray:
    """(3, 3) matrix that turns by ``angle`` [rad] about ``axis`` (3,), right-handed.

    >>> rotation_about(np.array([0, 0, 1]), np.pi / 2).round(6) @ [1, 0, 0]
    array([0., 1., 0.])
    """
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def tilt_matrix(angle: float, direction: float) -> np.ndarray:
    """(3, 3) matrix that tilts by ``angle`` [rad] about an axis in the plane of the image.

    Args:
        angle: Tilt [rad].
        direction: Direction of the axis, from x towards y [rad].
    """
    return rotation_about(np.array([np.cos(direction), np.sin(direction), 0.0]), angle)


def zone_axis_matrix(zone: np.ndarray, upwards: np.ndarray) -> np.ndarray:
    """(3, 3) matrix from crystal to image axes: ``zone`` along z and ``upwards`` along y.

    Args:
        zone: (3,) direction in a cubic crystal that the beam follows.
        upwards: (3,) direction normal to it.
    """
    z = np.asarray(zone, float) / np.linalg.norm(zone)
    y = np.asarray(upwards, float) / np.linalg.norm(upwards)
    return np.stack([np.cross(y, z), y, z])


def beam_along(vectors: np.ndarray, indices: Sequence[int]) -> np.ndarray:
    """(3, 3) rotation that brings a direction of a crystal along z, with a fixed x direction.

    The cell vector most nearly normal to the beam gives the x direction.

    Args:
        vectors: (3, 3) cell vectors as rows [Å].
        indices: The direction, in these vectors.
    """
    along = np.array(indices) @ vectors
    z = along / np.linalg.norm(along)
    other = vectors[np.argmin(np.abs(vectors @ z) / np.linalg.norm(vectors, axis=1))]
    x = other - (other @ z) * z
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z])


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """(3, 3) rotation, uniform over all orientations."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else q[:, ::-1]


def lattice_patch(cell: np.ndarray, basis: np.ndarray, radius: float) -> np.ndarray:
    """Points of a plane lattice within ``radius`` of the origin.

    Args:
        cell: (2, 2), the lattice vectors as rows [Å].
        basis: (B, 2), the points of a cell [Å].
        radius: Radius of the patch [Å].

    Returns:
        (N, B, 2) points [Å], cell by cell; cells on the edge are kept whole.
    """
    heights = np.abs(np.linalg.det(cell)) / np.linalg.norm(cell, axis=1)[::-1]
    reach = np.ceil(radius / heights).astype(int) + 1
    steps = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1].reshape(2, -1).T
    origins = steps @ cell
    near = np.linalg.norm(origins, axis=1) <= radius + np.linalg.norm(cell, axis=1).max()
    return origins[near][:, None] + basis[None]


def fill_field(
    vectors: np.ndarray,
    basis: np.ndarray,
    periodic: np.ndarray,
    field: Field,
    thickness: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """A crystal from a random origin that fills the field, its margin and a thickness.

    Args:
        vectors: (3, 3) cell vectors as rows, in the axes of the image [Å].
        basis: (B, 3) atoms of a cell [Å].
        periodic: (3,) bool, the vectors along which the cell repeats.
        field: Area to fill.
        thickness: Extent along the beam about z = 0 [Å]; a crystal that is not periodic along all
            vectors is kept whole.
        rng: Draws the origin.

    Returns:
        (N, 3) positions [Å] and (N,) index of each atom in the basis.
    """
    reach = np.hypot(field.radius, thickness / 2) + np.linalg.norm(np.ptp(basis, axis=0))
    counts = np.ceil(reach * np.linalg.norm(np.linalg.pinv(vectors), axis=0)).astype(int) + 1
    counts = np.where(periodic, counts, 0)
    steps = np.stack(
        np.meshgrid(*(np.arange(-n, n + 1) for n in counts), indexing="ij"), axis=-1
    ).reshape(-1, 3)
    origins = steps @ vectors + np.where(periodic, rng.uniform(0, 1, 3), 0) @ vectors
    middle = basis.mean(axis=0)
    positions = (origins[:, None] + basis - middle).reshape(-1, 3)
    positions += np.array([*field.centre, 0.0])
    inside = field.covers(positions[:, :2])
    if np.all(periodic):
        inside &= np.abs(positions[:, 2]) <= thickness / 2
    return positions[inside], np.tile(np.arange(len(basis)), len(steps))[inside]


def beyond_edges(
    points: np.ndarray, field: Field, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Whether points lie beyond straight edges at random positions in the field.

    Args:
        points: (N, 2) x, y [Å].
        field: The field.
        count: Number of edges.
        rng: Draws the edges.

    Returns:
        (N,) bool.
    """
    beyond = np.zeros(len(points), bool)
    reach = 0.5 * min(field.height, field.width)
    for _ in range(count):
        angle = rng.uniform(0, 2 * np.pi)
        offset = rng.uniform(-0.5 * reach, 0.9 * reach)
        beyond |= (points - field.centre) @ [np.cos(angle), np.sin(angle)] > offset
    return beyond


def apart(points: np.ndarray, distance: float) -> np.ndarray:
    """Points without those closer than ``distance`` to an earlier one that is kept.

    Args:
        points: (N, 2) or (N, 3) [Å].
        distance: Smallest distance that is kept [Å].

    >>> apart(np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 2.0]]), 1.5)
    array([[0., 0.],
           [0., 2.]])
    """
    pairs = cKDTree(points).query_pairs(distance, output_type="ndarray")
    keep = np.ones(len(points), bool)
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if keep[first]:
            keep[second] = False
    return points[keep]


def smooth_outline(
    points: np.ndarray, centre: np.ndarray, radius: float, rng: np.random.Generator
) -> np.ndarray:
    """Whether points lie inside a closed, smooth, irregular outline.

    The distance of the outline from its centre is ``radius`` times one plus the first harmonics
    of the angle with random phases.

    Args:
        points: (N, 2) [Å].
        centre: (2,) [Å].
        radius: Mean radius [Å].
        rng: Draws the shape.

    Returns:
        (N,) bool.
    """
    offset = points - centre
    angle = np.arctan2(offset[:, 1], offset[:, 0])
    outline = np.ones(len(points))
    for order in (2, 3, 4):
        amplitude = rng.uniform(0, 0.5 / order)
        outline += amplitude * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    return np.linalg.norm(offset, axis=1) < radius * outline
