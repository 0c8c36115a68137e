"""Pieces of crystal that fill a field, and how two of them meet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from temnet.structures.crystals.compounds import Compound
from temnet.structures.crystals.unit_cells import unit_cell
from temnet.structures.crystals.zone_axes import ZoneAxis
from temnet.structures.geometry import Field, beam_along, fill_field, rotation_about

OVERLAP = 0.8
"""Where grains meet, atoms closer than this fraction of the shortest bond are left out."""


@dataclass(frozen=True)
class Grain:
    """Atoms of one compound in one orientation.

    Attributes:
        positions: (N, 3) x, y, z [Å].
        numbers: (N,) atomic numbers.
        strength: (N,) what a unit of length of each atom's column scatters [1/Å]; 0 for atoms of
            a crystal off axis, which are on no column.
        vectors: (3, 3) cell vectors as rows, in the axes of the image [Å].
    """

    positions: np.ndarray
    numbers: np.ndarray
    strength: np.ndarray
    vectors: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    def select(self, chosen: np.ndarray) -> Grain:
        """The grain with only the atoms of a (N,) bool."""
        return replace(
            self,
            positions=self.positions[chosen],
            numbers=self.numbers[chosen],
            strength=self.strength[chosen],
        )

    def at(self, positions: np.ndarray) -> Grain:
        """The grain with its atoms at (N, 3) other positions [Å]."""
        return replace(self, positions=positions)


def grow(
    compound: Compound,
    axis: ZoneAxis,
    scale: float,
    field: Field,
    thickness: float,
    rng: np.random.Generator,
) -> Grain:
    """A crystal that fills a field, along a zone axis, at a random angle about the beam.

    Args:
        compound: The compound.
        axis: The zone axis.
        scale: Factor on all lengths.
        field: Area to fill.
        thickness: Extent along the beam about z = 0 [Å].
        rng: Draws the angle and the origin.
    """
    cell = unit_cell(compound)
    turn = rotation_about(np.array([0, 0, 1.0]), rng.uniform(0, 2 * np.pi))
    matrix = scale * turn @ beam_along(cell.cell.array, axis.indices)
    return _filled(compound, matrix, np.array(axis.strength), field, thickness, rng)


def grow_off_axis(
    compound: Compound,
    rotation: np.ndarray,
    field: Field,
    thickness: float,
    rng: np.random.Generator,
) -> Grain:
    """A crystal in a given (3, 3) orientation; its atoms are on no column."""
    strength = np.zeros(len(unit_cell(compound)))
    return _filled(compound, rotation, strength, field, thickness, rng)


def _filled(
    compound: Compound,
    matrix: np.ndarray,
    strength: np.ndarray,
    field: Field,
    thickness: float,
    rng: np.random.Generator,
) -> Grain:
    cell = unit_cell(compound)
    vectors = cell.cell.array @ matrix.T
    positions, site = fill_field(
        vectors, cell.positions @ matrix.T, np.ones(3, bool), field, thickness, rng
    )
    return Grain(positions, cell.numbers[site], strength[site], vectors)


def turned(grain: Grain, field: Field, angle: float) -> Grain:
    """The grain turned about the beam through the middle of the field by an angle [rad]."""
    matrix = rotation_about(np.array([0, 0, 1.0]), angle)
    pivot = np.array([*field.centre, 0.0])
    return grain.at((grain.positions - pivot) @ matrix.T + pivot)


def mirrored(grain: Grain, point: np.ndarray, along: float) -> Grain:
    """The grain mirrored across a plane that holds the beam.

    Args:
        grain: The grain.
        point: (2,) a point of the plane [Å].
        along: Direction of the plane in the image, from x towards y [rad].
    """
    normal = np.array([-np.sin(along), np.cos(along)])
    distance = (grain.positions[:, :2] - point) @ normal
    positions = grain.positions.copy()
    positions[:, :2] -= 2 * distance[:, None] * normal
    return grain.at(positions)


def joined(first: Grain, second: Grain, point: np.ndarray, along: float, bond: float) -> Grain:
    """Two grains of one compound that meet at a plane that holds the beam.

    Args:
        first: Fills the side that the plane's normal points away from.
        second: Fills the other side.
        point: (2,) a point of the plane [Å].
        along: Direction of the plane in the image, from x towards y [rad].
        bond: Shortest bond of the compound [Å].
    """
    normal = np.array([-np.sin(along), np.cos(along)])
    below = first.select((first.positions[:, :2] - point) @ normal <= 1e-6)
    above = second.select((second.positions[:, :2] - point) @ normal > 1e-6)
    if len(below) and len(above):
        above = above.select(cKDTree(below.positions).query(above.positions)[0] > OVERLAP * bond)
    return together(below, above)


def together(first: Grain, second: Grain) -> Grain:
    """The atoms of both, with the vectors of the first."""
    return Grain(
        np.concatenate([first.positions, second.positions]),
        np.concatenate([first.numbers, second.numbers]),
        np.concatenate([first.strength, second.strength]),
        first.vectors,
    )


def shortest_bond(positions: np.ndarray) -> float:
    """Shortest distance between two atoms at (N, 3) positions [Å]; infinite for fewer than two."""
    if len(positions) < 2:
        return float("inf")
    return float(cKDTree(positions).query(positions, k=2)[0][:, 1].min())
