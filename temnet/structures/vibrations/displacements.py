"""Thermal displacements of the atoms."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from functools import cache

import numpy as np
from ase.data import atomic_masses, atomic_numbers, chemical_symbols
from scipy.integrate import quad

from temnet.config.distributions import Number, draw
from temnet.config.external_files import find_table_file, read_if_changed
from temnet.config.loading import load_vibration_table
from temnet.config.structures.mos2 import CHALCOGENS, METALS
from temnet.config.structures.vibration_table import TableRow, VibrationTable
from temnet.config.structures.vibrations import (
    CoordinationVibrations,
    EinsteinVibrations,
    NoVibrations,
    SnapshotVibrations,
    VibrationSettings,
)
from temnet.errors import InputError
from temnet.records import Structure
from temnet.structures.columns import moved
from temnet.structures.coordination import coordination
from temnet.structures.vibrations.snapshots import frames_for, read_snapshots

LOGGER = logging.getLogger(__name__)

DEBYE_PREFACTOR = 145.527
"""3 hbar^2 / (u k_B) [Å^2 K] for a mass of one atomic mass unit u (CODATA 2018)."""


def displaced(
    structure: Structure, settings: VibrationSettings, rng: np.random.Generator
) -> list[Structure]:
    """Displaced structures, as many as `configurations`, each with its own columns.

    Displacements are three independent normals per atom, whose standard deviations are drawn
    once, or frames of molecular dynamics.

    Args:
        structure: The resting, complete structure.
        settings: The model of vibration.
        rng: Draws the displacements.

    Raises:
        InputError: If an element has no standard deviation, or a table is missing.
    """
    if isinstance(settings, NoVibrations) or not len(structure.atoms):
        return [structure]
    scale = draw(settings.scale, rng)
    shape = (settings.configurations, *structure.atoms.positions.shape)
    if isinstance(settings, SnapshotVibrations):
        moves = _snapshots(structure, settings, rng)
    else:
        moves = MODELS[settings.kind](structure, settings, rng) * rng.standard_normal(shape)
    return [moved(structure, structure.atoms.positions + scale * move) for move in moves]


def _snapshots(
    structure: Structure, settings: SnapshotVibrations, rng: np.random.Generator
) -> np.ndarray:
    """(configurations, N, 3) displacements [Å] of as many different frames."""
    snapshots = read_snapshots(settings.file)
    if settings.configurations > len(snapshots.moves):
        raise InputError(
            f"vibrations.configurations {settings.configurations} is more than the "
            f"{len(snapshots.moves)} snapshots in {settings.file}; lower it."
        )
    chosen = rng.choice(len(snapshots.moves), settings.configurations, replace=False)
    atoms = structure.atoms
    return frames_for(snapshots, atoms.numbers, atoms.positions, chosen)


def _einstein(
    structure: Structure, settings: EinsteinVibrations, rng: np.random.Generator
) -> np.ndarray:
    """(N, 3) standard deviations [Å] by element."""
    sigma = _drawn(settings.sigma, rng)
    for element, value in _drawn(settings.debye_temperature, rng).items():
        mass = atomic_masses[atomic_numbers[element]]
        sigma[element] = debye_sigma(value, settings.temperature, mass)
    for element, value in _drawn(settings.b_factor, rng).items():
        sigma[element] = float(np.sqrt(value / (8 * np.pi**2)))
    return _by_element(structure, sigma)


def _drawn(values: Mapping[str, Number], rng: np.random.Generator) -> dict[str, float]:
    return {name: draw(value, rng) for name, value in sorted(values.items())}


def _by_element(structure: Structure, sigma: Mapping[str, float]) -> np.ndarray:
    numbers, element = np.unique(structure.atoms.numbers, return_inverse=True)
    names = [chemical_symbols[number] for number in numbers]
    _check_named(names, sigma)
    values = np.array([sigma.get(name, sigma.get("default", 0.0)) for name in names])
    return np.repeat(values[element, None], 3, axis=1)


def debye_sigma(debye_temperature: float, temperature: float, mass: float) -> float:
    """Standard deviation per axis of an atom of a Debye solid, zero-point motion included [Å].

    sigma^2 = 3 hbar^2 T / (m k theta^2) (Phi(theta / T) + theta / (4 T)), Phi the Debye integral:
    Warren, X-ray Diffraction (1969), eq. 11.77.

    Args:
        debye_temperature: theta [K].
        temperature: T [K].
        mass: m [u].

    >>> round(debye_sigma(165, 300, 196.97), 3)  # gold
    0.091
    """
    scale = DEBYE_PREFACTOR / (mass * debye_temperature)
    if temperature == 0:
        return float(np.sqrt(scale / 4))
    x = debye_temperature / temperature
    integral = quad(lambda t: t / np.expm1(t), 0, x)[0] / x if x > 0 else 1.0
    return float(np.sqrt(scale * (integral / x + 0.25)))


def _coordination(
    structure: Structure, settings: CoordinationVibrations, rng: np.random.Generator
) -> np.ndarray:
    """(N, 3) standard deviations [Å] by element, coordination number and direction."""
    tables = [find_table(name) for name in settings.table]
    known = _table_elements(settings)
    numbers = structure.atoms.numbers
    others = ~np.isin(numbers, [atomic_numbers[name] for name in known])
    sigma = np.zeros((len(numbers), 3))
    if others.any():
        kept = structure.atoms[others]
        alone = Structure(kept, structure.columns, structure.atom_column[others])
        drawn = _drawn(settings.sigma, rng)
        sigma[others] = _by_element(alone, drawn)
    bonded = structure.atoms.copy()
    bonded.numbers[others] = _stand_ins(numbers[others])
    for name, table in zip(settings.table, tables, strict=True):
        count = coordination(bonded, table.cutoffs)
        for element in sorted({row.element for row in table.rows}):
            own = np.flatnonzero(numbers == atomic_numbers[element])
            for value in np.unique(count[own]):
                row = nearest_row(table, element, int(value))
                if row.coordination != value:
                    _warn_once(name, element, int(value), row.coordination)
                sigma[own[count[own] == value]] = _axes(row, settings.quantum)
    return sigma


def _stand_ins(numbers: np.ndarray) -> np.ndarray:
    """Atomic numbers with substitutes in MoS2 replaced by those of Mo and S."""
    numbers = numbers.copy()
    for family, element in ((METALS, "Mo"), (CHALCOGENS, "S")):
        numbers[np.isin(numbers, [atomic_numbers[name] for name in family])] = atomic_numbers[
            element
        ]
    return numbers


def check_elements(elements: Collection[str], settings: VibrationSettings) -> None:
    """Check that every element has a standard deviation.

    Args:
        elements: Chemical symbols of the elements that specimens can hold.
        settings: The model of vibration.

    Raises:
        InputError: If some have none; the message lists all of them.
    """
    if isinstance(settings, EinsteinVibrations):
        named = {*settings.sigma, *settings.debye_temperature, *settings.b_factor}
        _check_named(elements, named)
    if isinstance(settings, CoordinationVibrations):
        _check_named(elements, _table_elements(settings) | set(settings.sigma))


def _check_named(elements: Collection[str], named: Collection[str]) -> None:
    missing = sorted(set(elements).difference(named)) if "default" not in named else []
    if missing:
        raise InputError(
            f"vibrations.sigma has no value for {', '.join(missing)}, which specimens can hold; "
            "add the missing values, or `default` for all other elements."
        )


def _table_elements(settings: CoordinationVibrations) -> set[str]:
    return {row.element for name in settings.table for row in find_table(name).rows}


def nearest_row(table: VibrationTable, element: str, count: int) -> TableRow:
    """The table's row for an element with the nearest coordination number, the lower of two."""
    rows = [row for row in table.rows if row.element == element]
    return min(rows, key=lambda row: (abs(row.coordination - count), row.coordination))


@cache
def _warn_once(table: str, element: str, count: int, taken: int) -> None:
    LOGGER.warning(
        "the table %s has no %s with %d neighbours; the row for %d is used",
        table, element, count, taken,
    )  # fmt: skip


def _axes(row: TableRow, quantum: bool) -> np.ndarray:
    in_plane = row.in_plane * (row.in_plane_quantum if quantum else 1.0)
    along = row.along_beam * (row.along_beam_quantum if quantum else 1.0)
    return np.array([in_plane, in_plane, along])


def find_table(name: str) -> VibrationTable:
    """A table by its path, or a shipped one by its name.

    Raises:
        InputError: If it does not exist or is damaged.
    """
    return _table(find_table_file(name))


_table = read_if_changed(load_vibration_table)


MODELS: dict[str, Callable[..., np.ndarray]] = {
    "einstein": _einstein,
    "coordination": _coordination,
}
"""For each model of vibration, the function that returns (N, 3) standard deviations [Å]."""
