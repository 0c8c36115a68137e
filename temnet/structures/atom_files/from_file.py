"""Specimens from structure files, and from users' own functions."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.io.formats import filetype

from temnet.config.distributions import draw
from temnet.config.external_files import find_file, read_if_changed
from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.errors import InputError
from temnet.records import Structure
from temnet.structures.atom_files.check import check_structure
from temnet.structures.atom_files.cif import read_cif
from temnet.structures.atom_files.encodings import any_text, marked_text
from temnet.structures.atom_files.occupancies import (
    OCCUPANCY,
    VACANT,
    check_occupancies,
    draw_occupied,
)
from temnet.structures.columns import formula, ignore_smeared, make_structure, moved, project
from temnet.structures.geometry import (
    Field,
    beam_along,
    beyond_edges,
    fill_field,
    rotation_about,
    tilt_matrix,
)
from temnet.structures.user_function import plain_parameters, run_function

VACUUM = 8.0
"""Height of a layer without atoms that is vacuum around a sheet and not part of a crystal [Å]:
more than between the sheets of layered crystals, less than is usual around a sheet."""

EXTENTS = (
    "a molecule, at a random position",
    "a wire, kept whole",
    "a sheet, kept whole (structure.thickness has no effect)",
    "a crystal, cut to structure.thickness",
)
"""Kinds of structure by the number of periodic directions."""


def extent(path: str) -> str:
    """Kind of the structure in a file, in plain words.

    Raises:
        InputError: As in `read_structure`.
    """
    return EXTENTS[int(np.sum(read_structure(path).pbc))]


def build_from_file(
    settings: FromFile, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """A crystal that fills the field, or a molecule at a random position.

    Args:
        settings: Settings of the specimen.
        field: Area to fill.
        classes: The experiment's classes.
        rng: Draws the specimen.

    Raises:
        InputError: If the file cannot be read or its structure cannot be simulated.
    """
    cell = read_structure(settings.path)
    rotation = np.deg2rad(draw(settings.rotation_deg, rng))
    tilt = np.deg2rad(draw(settings.tilt_deg, rng))
    direction = rng.uniform(0, 2 * np.pi)
    orientation = rotation_about(np.array([0, 0, 1.0]), rotation) @ beam_axes(cell, settings)
    scale = draw(settings.scale, rng)
    crystal = bool(np.any(cell.pbc))
    if crystal:
        atoms = _crystal(cell, orientation * scale, field, draw(settings.thickness, rng), rng)
        atoms = atoms[_within_edges(atoms, settings, field, rng)]
    else:
        atoms = _molecule(cell, orientation * scale, field, rng)
    in_view = len(atoms) > 0
    atoms = atoms[_kept(atoms, settings, rng)]
    parameters = {
        "structure": Path(settings.path).name,
        "rotation_deg": float(np.rad2deg(rotation)),
        "tilt_deg": float(np.rad2deg(tilt)),
        "tilt_direction_deg": float(np.rad2deg(direction)),
        "scale": scale,
    }
    atom_column = project(atoms, np.ones(len(atoms), bool))

    def class_of(composition: Mapping[str, int]) -> str:
        name = formula(composition) if settings.naming == "formula" else elements_name(composition)
        return settings.classes.get(name, name)

    structure = make_structure(atoms, atom_column, class_of, classes, parameters)
    if not len(atoms) and (crystal or in_view):  # cut off by its edges, or vacancies alone
        return structure
    check_structure(structure, settings.path)
    pivot = np.array([*field.centre, 0.0])
    matrix = tilt_matrix(tilt, direction)
    return ignore_smeared(moved(structure, (atoms.positions - pivot) @ matrix.T + pivot))


def elements_name(composition: Mapping[str, int]) -> str:
    """Name of a column by its elements, in alphabetical order.

    >>> elements_name({"Ti": 8, "O": 8})
    'OTi'
    """
    return "".join(sorted(composition))


def read_structure(path: str) -> Atoms:
    """The structure in a file, not periodic across a layer of vacuum in its cell.

    Raises:
        InputError: If the file is missing, ASE cannot read it, it holds several structures, or
            the occupancies of its sites are unclear.
    """
    return _structure(find_file("structure.path", path))


@read_if_changed
def _structure(file: Path) -> Atoms:
    try:
        every, kind = _read(file)
    except InputError:
        raise
    except Exception as error:  # ASE's readers raise any kind of error
        raise InputError(
            f"{file}: ASE cannot read this as a structure ({error}); give a CIF, XYZ or another "
            "of its formats."
        ) from error
    if len(every) > 1:
        raise InputError(f"{file}: the file holds {len(every)} structures; give one with a single.")
    found = every[0] if every else None
    if not isinstance(found, Atoms) or not len(found):
        raise InputError(f"{file}: the file holds no atoms; give one with a structure.")
    if kind != "cif":  # its atoms are definite, even where occupancies are noted
        found.info.pop(OCCUPANCY, None)
    check_occupancies(found, file)
    return _without_vacuum(found)


def _read(file: Path) -> tuple[list[Atoms], str]:
    """All structures of a file, and the name of its format."""
    text = marked_text(file)
    # A byte order mark hides the content from ASE: the name of the file decides.
    kind = filetype(str(file), read=text is None)
    if kind == "cif":
        return read_cif(file, any_text(file)), kind
    given = file if text is None else io.StringIO(text)
    return list(ase.io.iread(given, index=":", format=None if text is None else kind)), kind


def _without_vacuum(cell: Atoms) -> Atoms:
    """The structure without periods across a layer of vacuum, kept in one piece.

    A CIF of a sheet is periodic along its normal, too, by a cell that is mostly empty.
    """
    cell = cell.copy()
    inverse = np.linalg.pinv(np.asarray(cell.cell))
    for axis in np.flatnonzero(cell.pbc & np.any(inverse, axis=0)).tolist():
        fraction = cell.positions @ inverse[:, axis]
        place = fraction - np.floor(fraction)
        levels = np.sort(place)
        gaps = np.diff(levels, append=levels[0] + 1)
        widest = int(np.argmax(gaps))
        if gaps[widest] > VACUUM * np.linalg.norm(inverse[:, axis]):
            cell.pbc[axis] = False
            cells = np.floor(fraction) + (place > levels[widest])
            cell.positions -= cells[:, None] * cell.cell[axis]
    return cell


def beam_axes(cell: Atoms, settings: FromFile) -> np.ndarray:
    """(3, 3) rotation that brings the zone axis along z and keeps an in-plane reference."""
    vectors = np.asarray(cell.cell) if np.any(cell.cell) else np.eye(3)
    vectors = np.where(np.any(vectors, axis=1, keepdims=True), vectors, np.eye(3))
    return beam_along(vectors, settings.zone_axis)


def _crystal(
    cell: Atoms, matrix: np.ndarray, field: Field, thickness: float, rng: np.random.Generator
) -> Atoms:
    """All atoms in the field, its margin and the thickness, from a random origin."""
    # A sheet is not periodic along the beam and is kept whole for any thickness.
    positions, site = fill_field(
        np.asarray(cell.cell) @ matrix.T, cell.positions @ matrix.T, cell.pbc, field, thickness, rng
    )
    return _on_sites(cell, site, positions, rng)


def _molecule(cell: Atoms, matrix: np.ndarray, field: Field, rng: np.random.Generator) -> Atoms:
    positions = (cell.positions - cell.positions.mean(axis=0)) @ matrix.T
    place = field.centre + rng.uniform(-0.3, 0.3, 2) * [field.width, field.height]
    return _on_sites(cell, np.arange(len(cell)), positions + [*place, 0.0], rng)


def _on_sites(
    cell: Atoms, site: np.ndarray, positions: np.ndarray, rng: np.random.Generator
) -> Atoms:
    """The atoms on copies of the cell's sites at (N, 3) positions [Å]."""
    numbers = draw_occupied(cell, site, rng)
    there = numbers != VACANT
    return Atoms(numbers=numbers[there], positions=positions[there])


def _within_edges(
    atoms: Atoms, settings: FromFile, field: Field, rng: np.random.Generator
) -> np.ndarray:
    """(N,) bool: atoms inside straight edges at random positions."""
    ends = rng.random() < settings.edge_probability
    count = round(draw(settings.edges, rng)) if ends else 0
    return ~beyond_edges(atoms.positions[:, :2], field, count, rng)


def _kept(atoms: Atoms, settings: FromFile, rng: np.random.Generator) -> np.ndarray:
    """(N,) bool: atoms that are not vacancies."""
    symbols = np.array(atoms.get_chemical_symbols())
    lost = np.zeros(len(atoms))
    for element, fraction in sorted(settings.vacancies.items()):
        lost[symbols == element] = draw(fraction, rng)
    return rng.random(len(atoms)) >= lost


def build_from_function(
    settings: FromFunction, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """The structure that a function of the user returns.

    Raises:
        InputError: If the function does not exist or fails, or its structure cannot be simulated.
    """
    options = settings.options
    structure = run_function(settings.function, field, tuple(classes), rng, **options)
    if not isinstance(structure, Structure):
        raise InputError(
            f"structure.function: {settings.function} returned {type(structure).__name__}; "
            "expected a temnet.records.Structure."
        )
    parameters = plain_parameters(settings.function, structure.parameters)
    return check_structure(replace(structure, parameters=parameters), settings.function)
