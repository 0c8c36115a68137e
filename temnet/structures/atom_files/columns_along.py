"""The columns of a structure file along a zone axis: their names and how far apart they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from temnet.config.structures.from_file import FromFile
from temnet.errors import InputError
from temnet.records import Structure
from temnet.structures.atom_files.from_file import build_from_file, elements_name, read_structure
from temnet.structures.columns import formula
from temnet.structures.geometry import Field

SIDE = 40.0
"""Side of the piece that is examined [Å]."""

THICKNESS = 60.0
"""Thickness of the piece [Å], several periods along low-index axes."""

BORDER = 8.0
"""Columns closer to the border are left out [Å]: their neighbours may be missing."""


@dataclass(frozen=True)
class ColumnsAlong:
    """The kinds of columns along a zone axis.

    Attributes:
        names: Their names, heaviest column first.
        nearest: For each name, the distance to the nearest column of any kind [Å].
    """

    names: tuple[str, ...]
    nearest: tuple[float, ...]

    @property
    def closest(self) -> float:
        """Smallest distance between two columns [Å]."""
        return min(self.nearest)


def columns_along(settings: FromFile) -> ColumnsAlong:
    """Finds the kinds of columns of an ideal piece of a structure along its zone axis.

    Args:
        settings: Settings of the specimen; uses `path`, `zone_axis`, `naming` and `classes`.

    Raises:
        InputError: If the file cannot be read, or there are no columns along the axis.
    """
    ideal = settings.model_copy(
        update={
            "thickness": THICKNESS, "rotation_deg": 0.0, "tilt_deg": 0.0, "edge_probability": 0.0,
            "scale": 1.0, "vacancies": {},
        }
    )  # fmt: skip
    structure = build_from_file(ideal, Field(SIDE, SIDE, 0.0), (), np.random.default_rng(0))
    names, weights = _names(structure, settings)
    positions = structure.columns.positions
    distance = (
        cKDTree(positions).query(positions, k=2)[0][:, 1]
        if len(positions) > 1
        else np.full(len(positions), np.inf)
    )
    inner = structure.columns.inside(SIDE, SIDE, BORDER)
    molecule = not np.any(read_structure(settings.path).pbc)  # whole, at a random position
    if molecule or not inner.any():
        inner[:] = True
    if not len(names):
        raise InputError(f"{settings.path}: there are no columns along {settings.zone_axis}.")
    found = {}
    for name in np.unique(names[inner]).tolist():
        here = inner & (names == name)
        found[name] = (float(np.median(weights[here])), float(distance[here].min()))
    ordered = sorted(found, key=lambda name: -found[name][0])
    return ColumnsAlong(tuple(ordered), tuple(found[name][1] for name in ordered))


def _names(structure: Structure, settings: FromFile) -> tuple[np.ndarray, np.ndarray]:
    """(N,) names of the columns, and the sums of their atomic numbers."""
    name_of = formula if settings.naming == "formula" else elements_name
    symbols = np.array(structure.atoms.get_chemical_symbols())
    names, weights = [], []
    for column in range(len(structure.columns)):
        own = structure.atom_column == column
        elements, counts = np.unique(symbols[own], return_counts=True)
        name = name_of(dict(zip(elements.tolist(), counts.tolist(), strict=True)))
        names.append(settings.classes.get(name, name))
        weights.append(structure.atoms.numbers[own].sum())
    return np.array(names), np.array(weights)
