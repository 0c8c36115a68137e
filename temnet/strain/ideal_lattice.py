"""The lattice that a structure shows along a zone axis, as a reference for strain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from temnet.config.structures.from_file import FromFile
from temnet.errors import InputError
from temnet.strain.lattice import find_lattice
from temnet.structures.atom_files.from_file import beam_axes, read_structure
from temnet.structures.columns import column_positions, project

SIDE = 70.0
"""Least side of the crystal whose columns are found [Å]."""

RADIUS = 20.0
"""Distance from its middle within which its columns are complete [Å]."""


def lattice_of_structure(path: str, zone_axis: tuple[int, int, int]) -> np.ndarray:
    """The lattice of the columns of a crystal along a zone axis.

    Args:
        path: Path of the structure file.
        zone_axis: Direction along the beam in the cell's vectors.

    Returns:
        (2, 2) float64, its vectors as columns [Å], in any orientation.

    Raises:
        InputError: If the file cannot be read, or shows no lattice in this direction.
    """
    cell = read_structure(path)
    lengths = np.maximum(cell.cell.lengths(), 1.0)
    repeats = np.where(cell.pbc, np.ceil(SIDE / lengths), 1).astype(int)
    atoms = cell.repeat(tuple(repeats.tolist()))
    atoms.positions -= atoms.positions.mean(axis=0)
    atoms.positions = atoms.positions @ beam_axes(cell, FromFile(path=path, zone_axis=zone_axis)).T
    inside = np.linalg.norm(atoms.positions, axis=1) < RADIUS
    atom_column = project(atoms, inside)
    points = column_positions(atoms.positions, atom_column) if inside.any() else np.zeros((0, 2))
    points = points[np.linalg.norm(points, axis=1) < RADIUS / 2]
    seed = int(np.argmin(np.linalg.norm(points, axis=1))) if len(points) else 0
    found = find_lattice(points, cKDTree(points), seed) if len(points) else None
    if found is None:
        raise InputError(
            f"{Path(path).name} shows no lattice of columns along {list(zone_axis)}; check "
            "strain.zone_axis."
        )
    return found.vectors
