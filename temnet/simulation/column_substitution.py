"""Expected images of an example with one column replaced by a column of another class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from temnet.records import Structure
from temnet.simulation.expected_image import ExpectedImage


def substituted_images(
    expected: ExpectedImage, positions: np.ndarray
) -> Iterator[list[np.ndarray | None]]:
    """Expected images with one column replaced by each class in turn, column by column.

    The other atoms, the thermal displacements and the instrument stay the same.  A class takes
    its atoms from the nearest other column of that class, shifted to the position of the replaced
    column.  Where they are a subset of its own atoms (one of two S, three of five metal atoms),
    the surplus atoms at the largest depth are removed instead.

    Args:
        expected: The specimen and its instrument.
        positions: (K, 2) positions of columns whose class is known [Å].

    Yields:
        For each class in order, then for a removed column, (row, col, focus) mean numbers of
        electrons; None for a class without another column in the specimen.
    """
    own = expected.electrons(expected.vibrating)
    for position in positions:
        column = expected.column_at(position)
        kinds: list[np.ndarray | None] = []
        for kind in range(len(expected.settings.labels.classes)):
            if kind == expected.resting.columns.class_index[column]:
                kinds.append(own)
                continue
            model = _nearest_of(expected, column, kind)
            kinds.append(None if model is None else _substituted(expected, column, model))
        kinds.append(
            expected.electrons([without_column(one, column) for one in expected.vibrating])
        )
        yield kinds


def _substituted(expected: ExpectedImage, column: int, model: int) -> np.ndarray:
    return expected.electrons(
        [with_substituted_column(one, column, model) for one in expected.vibrating]
    )


def _nearest_of(expected: ExpectedImage, column: int, kind: int) -> int | None:
    """The nearest other column of a class; None if the specimen has no other."""
    others = np.flatnonzero(expected.resting.columns.class_index == kind)
    others = others[others != column]
    if not len(others):
        return None
    away = expected.positions[others] - expected.positions[column]
    return int(others[np.argmin(np.sum(away**2, axis=1))])


def with_substituted_column(structure: Structure, column: int, model: int) -> Structure:
    """A structure with one column replaced by a copy of another; `columns` is not updated.

    Args:
        structure: The structure.
        column: Number of the column, which keeps the mean projected position of its atoms.
        model: Number of the column that is copied.
    """
    atoms = structure.atoms
    place = _middle(structure, column)
    kept = _sublist(structure, column, Counter(atoms.numbers[structure.atom_column == model]))
    if kept is None:
        added = np.flatnonzero(structure.atom_column == model)
    else:
        added = kept
    new = atoms[added]
    new.positions[:, :2] += place - new.positions[:, :2].mean(axis=0)
    others = structure.atom_column != column
    labels = np.concatenate([structure.atom_column[others], np.full(len(new), column)])
    return replace(structure, atoms=atoms[others] + new, atom_column=labels)


def without_column(structure: Structure, column: int) -> Structure:
    """A structure without the atoms of a column; `columns` is not updated."""
    others = structure.atom_column != column
    return replace(
        structure, atoms=structure.atoms[others], atom_column=structure.atom_column[others]
    )


def _middle(structure: Structure, column: int) -> np.ndarray:
    """(2,) mean x and y of a column's atoms [Å]."""
    return structure.atoms.positions[structure.atom_column == column, :2].mean(axis=0)


def _sublist(structure: Structure, column: int, wanted: Counter) -> np.ndarray | None:
    """Atoms of a column, smallest depths first, that make up ``wanted``; None if any is lacking.

    Args:
        structure: The structure.
        column: Number of the column.
        wanted: How many atoms of each atomic number.
    """
    own = np.flatnonzero(structure.atom_column == column)
    own = own[np.argsort(structure.atoms.positions[own, 2], kind="stable")]
    numbers = structure.atoms.numbers[own]
    chosen = [own[numbers == number][:count] for number, count in wanted.items()]
    if any(len(part) < count for part, count in zip(chosen, wanted.values(), strict=True)):
        return None
    return np.concatenate(chosen)
