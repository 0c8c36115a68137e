"""Tables of thermal vibration by element, coordination number and direction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols

from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.config.structures.vibration_table import SizeRow, TableRow, VibrationTable
from temnet.errors import InputError
from temnet.structures.coordination import coordination
from temnet.structures.vibrations.md_specimens import Specimen, cutoffs
from temnet.structures.vibrations.trajectory import (
    Trajectory,
    displacements,
    quantum_factor,
    stayed,
)

FEWEST_ATOMS = 8
"""Smallest number of atoms of a kind, over all runs, for a row in the table."""


@dataclass(frozen=True)
class AtomKind:
    """Vibration of the atoms of one kind in one run.

    Attributes:
        element: Chemical symbol.
        coordination: Number of neighbours within the cutoff.
        atoms: Number of atoms.
        in_plane: Mean standard deviation along x or y [Å].
        along_beam: Mean standard deviation along z [Å].
    """

    element: str
    coordination: int
    atoms: int
    in_plane: float
    along_beam: float


@dataclass(frozen=True)
class VibrationRun:
    """Vibrations measured in one run of molecular dynamics; ``run-*.json`` of a run folder.

    Attributes:
        label: Size of the specimen.
        atoms: Number of atoms.
        moved_on: Number of atoms that changed their site; they are left out.
        temperature: Mean temperature of the frames [K].
        quantum: For each element the ratios of quantum to classical standard deviation, in the
            plane and along the beam.
        rows: Each kind of atom.
    """

    label: str
    atoms: int
    moved_on: int
    temperature: float
    quantum: dict[str, tuple[float, float]]
    rows: tuple[AtomKind, ...]


def measure_run(
    specimen: Specimen, trajectory: Trajectory, settings: MolecularDynamics
) -> VibrationRun:
    """Vibrations in one run.

    Standard deviations are those of single atoms, averaged over the atoms of an element and
    coordination number.  A particle has no orientation to the beam: its directions are averaged.

    Args:
        specimen: The specimen.
        trajectory: Its frames.
        settings: Settings; uses `bending_wavelength`, `temperature` and the material.
    """
    moves, _ = displacements(trajectory, settings.bending_wavelength)
    sigma = moves.std(axis=0)
    if trajectory.sheet:
        in_plane, along = np.sqrt(np.mean(sigma[:, :2] ** 2, axis=1)), sigma[:, 2]
    else:
        in_plane = along = np.sqrt(np.mean(sigma**2, axis=1))
    neighbours = coordination(specimen.atoms, cutoffs(settings))
    kept = stayed(moves, trajectory.sheet)
    directions = (slice(0, 2), slice(2, 3)) if trajectory.sheet else (slice(0, 3),) * 2
    rows, quantum = [], {}
    for number in np.unique(trajectory.numbers):
        own = kept & (trajectory.numbers == number)
        if not own.any():
            continue
        symbol = chemical_symbols[number]
        plane, beam = (
            quantum_factor(moves[:, own, axes], trajectory.interval, settings.temperature)
            for axes in directions
        )
        quantum[symbol] = (plane, beam)
        for count in np.unique(neighbours[own]):
            chosen = own & (neighbours == count)
            rows.append(
                AtomKind(
                    element=symbol,
                    coordination=int(count),
                    atoms=int(chosen.sum()),
                    in_plane=float(in_plane[chosen].mean()),
                    along_beam=float(along[chosen].mean()),
                )
            )
    return VibrationRun(
        label=specimen.label,
        atoms=len(specimen.atoms),
        moved_on=int((~kept).sum()),
        temperature=trajectory.temperature,
        quantum=quantum,
        rows=tuple(rows),
    )


def combine_runs(
    runs: Sequence[VibrationRun], settings: MolecularDynamics, provenance: Mapping[str, object]
) -> VibrationTable:
    """A table from all runs.

    Args:
        runs: The runs.
        settings: Settings of the runs.
        provenance: Program, potential, versions.

    Raises:
        InputError: If the specimens are too small for any row.
    """
    kinds = sorted({(row.element, row.coordination) for run in runs for row in run.rows})
    rows = [row for kind in kinds if (row := _table_row(runs, *kind)) is not None]
    if not rows:
        raise InputError(
            f"vibrations: no kind of atom occurs {FEWEST_ATOMS} times in all runs; give larger "
            "sizes, or more runs."
        )
    return VibrationTable(
        material=settings.material,
        temperature=settings.temperature,
        cutoffs=cutoffs(settings),
        rows=tuple(rows),
        sizes=tuple(_size_rows(runs)),
        provenance={
            **provenance,
            **settings.model_dump(mode="json"),
            "temperature_reached": round(float(np.mean([run.temperature for run in runs])), 1),
            "atoms": sum(run.atoms for run in runs),
            "atoms_that_changed_site": sum(run.moved_on for run in runs),
        },
    )


def _table_row(runs: Sequence[VibrationRun], element: str, count: int) -> TableRow | None:
    """Mean over all atoms of a kind, with the standard error from the scatter of the runs."""
    found = [
        (row, run.quantum[element])
        for run in runs
        for row in run.rows
        if (row.element, row.coordination) == (element, count)
    ]
    atoms = np.array([row.atoms for row, _ in found], float)
    if atoms.sum() < FEWEST_ATOMS:
        return None
    values: dict[str, object] = {}
    for place, name in enumerate(("in_plane", "along_beam")):
        sigma = np.array([getattr(row, name) for row, _ in found])
        mean = np.average(sigma, weights=atoms)
        spread = np.average((sigma - mean) ** 2, weights=atoms)
        error = np.sqrt(spread / (len(found) - 1)) if len(found) > 1 else None
        values[name] = round(float(mean), 5)
        values[f"{name}_error"] = None if error is None else round(float(error), 5)
        factor = np.average([quantum[place] for _, quantum in found], weights=atoms)
        values[f"{name}_quantum"] = round(float(factor), 4)
    return TableRow.model_validate(
        {"element": element, "coordination": count, "atoms": int(atoms.sum()), **values}
    )


def _size_rows(runs: Sequence[VibrationRun]) -> list[SizeRow]:
    """The most frequent kind of atom of each element, size by size."""
    labels = list(dict.fromkeys(run.label for run in runs))
    rows = []
    for element in sorted({row.element for run in runs for row in run.rows}):
        totals: Counter[int] = Counter()
        for run in runs:
            for row in run.rows:
                if row.element == element:
                    totals[row.coordination] += row.atoms
        common = max(totals, key=lambda count: totals[count])
        for label in labels:
            chosen = [
                row
                for run in runs
                if run.label == label
                for row in run.rows
                if (row.element, row.coordination) == (element, common)
            ]
            if not chosen:
                continue
            weights = [row.atoms for row in chosen]
            in_plane, along_beam = (
                round(float(np.average([getattr(row, name) for row in chosen], weights=weights)), 5)
                for name in ("in_plane", "along_beam")
            )
            rows.append(
                SizeRow(
                    size=label,
                    element=element,
                    coordination=common,
                    in_plane=in_plane,
                    along_beam=along_beam,
                )
            )
    return rows
