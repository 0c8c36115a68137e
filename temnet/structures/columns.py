"""Projected columns: atoms on a common line along the beam."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from temnet.config.learning.labels import COLUMN, split_class
from temnet.records import IGNORED, Columns, Structure

TOLERANCE = 0.5
"""Atoms of a resting, untilted crystal within this projected distance are one column [Å]."""

MAX_SMEAR = 0.5
"""A column that tilt smears over more than this fraction of the distance to its neighbour cannot be
resolved from it, and is neither labelled nor scored."""


def project(atoms: Atoms, chosen: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """The column of each atom of a resting, untilted structure.

    Args:
        atoms: Positions [Å] with the beam along z.
        chosen: (n_atoms,) bool, the atoms that belong to columns.
        tolerance: Largest projected distance between neighbours on a column [Å].

    Returns:
        (n_atoms,) int64, columns numbered from 0; -1 for atoms that were not chosen.
    """
    atom_column = np.full(len(atoms), -1, np.int64)
    points = atoms.positions[chosen, :2]
    if len(points):
        near = cKDTree(points).query_pairs(tolerance, output_type="ndarray")
        links = coo_array((np.ones(len(near), bool), near.T), shape=(len(points), len(points)))
        atom_column[chosen] = connected_components(links, directed=False)[1]
    return atom_column


def formula(composition: Mapping[str, int]) -> str:
    """Name of a column by its composition, elements in alphabetical order.

    >>> formula({"S": 2}), formula({"Se": 1, "S": 1}), formula({"Mo": 1, "S": 2})
    ('S2', 'SSe', 'MoS2')
    """
    return "".join(
        f"{element}{count if count > 1 else ''}" for element, count in sorted(composition.items())
    )


def column_positions(positions: np.ndarray, atom_column: np.ndarray) -> np.ndarray:
    """Mean projected position of each column's atoms.

    Args:
        positions: (n_atoms, 3), x, y, z [Å].
        atom_column: (n_atoms,) column of each atom, -1 for none.

    Returns:
        (N, 2) float64, (row, col) [Å].
    """
    on_column = atom_column >= 0
    index = atom_column[on_column]
    count = np.bincount(index)
    sums = [np.bincount(index, positions[on_column, axis]) for axis in (1, 0)]
    return np.stack(sums, axis=1) / count[:, None] if len(count) else np.zeros((0, 2))


def make_structure(
    atoms: Atoms,
    atom_column: np.ndarray,
    class_of: Callable[[Mapping[str, int]], str | None],
    classes: Sequence[str],
    parameters: Mapping[str, object],
) -> Structure:
    """A structure whose columns are classified by their composition.

    Args:
        atoms: The atoms, with the beam along z [Å].
        atom_column: (n_atoms,) column of each atom, -1 for none.
        class_of: Name of the class for a column's composition (atoms per element), or None.
        classes: Names of the classes; columns of any other class are ignored.
        parameters: The drawn parameters of the structure.
    """
    count = int(atom_column.max(initial=-1)) + 1
    numbers = np.where(atom_column >= 0, atoms.numbers, 0)
    elements = sorted(chemical_symbols[number] for number in np.unique(numbers[numbers > 0]))
    composition = (
        np.stack(
            [
                np.bincount(atom_column[numbers == atomic_numbers[element]], minlength=count)
                for element in elements
            ],
            axis=1,
        )
        if elements
        else np.zeros((0, 0), int)
    )
    kinds, which = np.unique(composition, axis=0, return_inverse=True)
    named = [
        class_of({e: int(n) for e, n in zip(elements, row, strict=True) if n}) for row in kinds
    ]
    name = np.array([kind or "" for kind in named], dtype=object)[which.ravel()]
    return named_structure(atoms, atom_column, name, classes, parameters)


def named_structure(
    atoms: Atoms,
    atom_column: np.ndarray,
    names: np.ndarray,
    classes: Sequence[str],
    parameters: Mapping[str, object],
) -> Structure:
    """A structure whose columns have the classes of their names.

    Args:
        atoms: The atoms, with the beam along z [Å].
        atom_column: (n_atoms,) column of each atom, -1 for none.
        names: (N,) name of each column, without a range of atom counts; empty: never counts.
        classes: Names of the classes, `column` for all others; the rest is ignored.
        parameters: The drawn parameters of the structure.
    """
    atom_count = np.bincount(atom_column[atom_column >= 0], minlength=len(names))
    columns = Columns(
        positions=column_positions(atoms.positions, atom_column),
        class_index=_class_index(names, atom_count, classes),
        atom_count=atom_count.astype(np.int64),
    )
    return Structure(atoms, columns, atom_column, parameters)


def _class_index(name: np.ndarray, atom_count: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """(N,) index of the class with the name and atom count of each column, -1 for none."""
    index = np.full(len(atom_count), IGNORED, np.int64)
    parts = [(number, *split_class(label)) for number, label in enumerate(classes)]
    # Classes of a name come last: they replace the class for all others.
    for number, base, low, high in sorted(parts, key=lambda part: part[1] != COLUMN):
        own = name != "" if base == COLUMN else name == base
        index[own & (atom_count >= low) & (atom_count <= high)] = number
    return index


def column_elements(structure: Structure) -> np.ndarray:
    """(N,) int, a number for each set of elements that columns consist of.

    Columns that differ only in the number of atoms have the same.
    """
    on_column = structure.atom_column >= 0
    numbers = structure.atoms.numbers[on_column]
    elements, which = np.unique(numbers, return_inverse=True)
    there = np.zeros((len(structure.columns), len(elements)), bool)
    there[structure.atom_column[on_column], which] = True
    return np.unique(there, axis=0, return_inverse=True)[1].ravel()


def moved(structure: Structure, positions: np.ndarray) -> Structure:
    """The structure with its atoms moved; its columns follow the mean of their atoms.

    Args:
        structure: The structure.
        positions: (n_atoms, 3) new positions, x, y, z [Å].
    """
    atoms = structure.atoms.copy()
    atoms.positions = positions
    columns = Columns(
        column_positions(positions, structure.atom_column),
        structure.columns.class_index,
        structure.columns.atom_count,
    )
    return Structure(atoms, columns, structure.atom_column, structure.parameters)


def ignore_smeared(structure: Structure) -> Structure:
    """The structure with class -1 for columns that tilt smears into their neighbours."""
    columns = structure.columns
    if len(columns) < 2:
        return structure
    on_column = structure.atom_column >= 0
    index = structure.atom_column[on_column]
    offset = structure.atoms.positions[on_column][:, [1, 0]] - columns.positions[index]
    reach = np.zeros(len(columns))
    np.maximum.at(reach, index, np.linalg.norm(offset, axis=1))
    nearest = cKDTree(columns.positions).query(columns.positions, k=2)[0][:, 1]
    smeared = 2 * reach > MAX_SMEAR * nearest
    class_index = np.where(smeared, IGNORED, columns.class_index)
    columns = Columns(columns.positions, class_index, columns.atom_count)
    return Structure(structure.atoms, columns, structure.atom_column, structure.parameters)
