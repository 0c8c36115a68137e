"""The expected images of an example with another kind of column in one column's place."""

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
    """What is expected of an example with each kind in one column's place, column by column.

    Everything else stays: the other atoms, the thermal displacements, the instrument.  What a
    class is made of is read off its nearest other column, whose atoms stand about the place as
    they stand about their own.  Where these are some of the column's own atoms (one of two S,
    three of five metal atoms), the others are taken off instead, those at the largest depth.

    Args:
        expected: The specimen and its instrument.
        positions: (K, 2) positions of columns whose class is known [Å].

    Yields:
        For each class in order, then for an empty place, (row, col, focus) mean numbers of
        electrons; None for a class of which the specimen has no other column.
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
    """The other column of a class that is nearest to a column; None where there is none."""
    others = np.flatnonzero(expected.resting.columns.class_index == kind)
    others = others[others != column]
    if not len(others):
        return None
    away = expected.positions[others] - expected.positions[column]
    return int(others[np.argmin(np.sum(away**2, axis=1))])


def with_substituted_column(structure: Structure, column: int, model: int) -> Structure:
    """A structure with a column made like another one; its list of columns is not brought along.

    Args:
        structure: The structure.
        column: Number of the column, which keeps the mean projected position of its atoms.
        model: Number of the column that it is made like.
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
    """A structure without the atoms of a column; its list of columns is not brought along."""
    others = structure.atom_column != column
    return replace(
        structure, atoms=structure.atoms[others], atom_column=structure.atom_column[others]
    )


def _middle(structure: Structure, column: int) -> np.ndarray:
    """(2,) mean x and y of a column's atoms [Å]."""
    return structure.atoms.positions[structure.atom_column == column, :2].mean(axis=0)


def _sublist(structure: Structure, column: int, wanted: Counter) -> np.ndarray | None:
    """The atoms of a column at the smallest depths that make up ``wanted``; None if it lacks any.

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
