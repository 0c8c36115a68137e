"""Tables of thermal vibration by element, coordination number and direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase.data import chemical_symbols

from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.config.structures.vibration_table import SizeRow, TableRow, VibrationTable
from temnet.structures.coordination import coordination
from temnet.structures.vibrations.md_specimens import Specimen, cutoffs
from temnet.structures.vibrations.trajectory import (
    Trajectory,
    displacements,
    quantum_factor,
    stayed,
)

FEWEST_ATOMS = 8
"""Atoms of a kind, over all runs, below which a table says nothing of them."""


def measure_run(
    specimen: Specimen, trajectory: Trajectory, settings: MolecularDynamics
) -> dict[str, Any]:
    """What one run says, as plain values.

    Standard deviations are those of single atoms, averaged over the atoms of an element and
    coordination number.  A particle has no side that faces the beam: its directions are averaged.

    Returns:
        ``label``, ``atoms``, ``moved_on`` (atoms that changed their site, left out),
        ``temperature`` [K], ``quantum`` (element to [in the plane, along the beam]) and ``rows``
        (element, coordination, atoms, in_plane and along_beam [Å]).
    """
    moves, _ = displacements(trajectory, settings.bending_wavelength)
    sigma = moves.std(axis=0)
    if trajectory.sheet:
        in_plane, along = np.sqrt(np.mean(sigma[:, :2] ** 2, axis=1)), sigma[:, 2]
    else:
        in_plane = along = np.sqrt(np.mean(sigma**2, axis=1))
    neighbours = coordination(specimen.atoms, cutoffs(settings))
    kept = stayed(moves, trajectory.sheet)
    rows, quantum = [], {}
    for number in np.unique(trajectory.numbers):
        own = kept & (trajectory.numbers == number)
        if not own.any():
            continue
        symbol = chemical_symbols[number]
        directions = (slice(0, 2), slice(2, 3)) if trajectory.sheet else (slice(0, 3),) * 2
        quantum[symbol] = [
            quantum_factor(moves[:, own, axes], trajectory.interval, settings.temperature)
            for axes in directions
        ]
        for count in np.unique(neighbours[own]):
            chosen = own & (neighbours == count)
            rows.append(
                {
                    "element": symbol,
                    "coordination": int(count),
                    "atoms": int(chosen.sum()),
                    "in_plane": float(in_plane[chosen].mean()),
                    "along_beam": float(along[chosen].mean()),
                }
            )
    return {
        "label": specimen.label,
        "atoms": len(specimen.atoms),
        "moved_on": int((~kept).sum()),
        "temperature": trajectory.temperature,
        "quantum": quantum,
        "rows": rows,
    }


def combine_runs(
    runs: Sequence[Mapping[str, Any]], settings: MolecularDynamics, provenance: Mapping[str, Any]
) -> VibrationTable:
    """A table from all runs.

    Args:
        runs: What `measure_run` returned for each.
        settings: How they were made.
        provenance: Program, potential, versions.
    """
    kinds = sorted({(row["element"], row["coordination"]) for run in runs for row in run["rows"]})
    rows = [row for kind in kinds if (row := _table_row(runs, *kind)) is not None]
    return VibrationTable(
        material=settings.material,
        temperature=settings.temperature,
        cutoffs=cutoffs(settings),
        rows=tuple(rows),
        sizes=tuple(_size_rows(runs)),
        provenance={
            **provenance,
            **settings.model_dump(mode="json"),
            "temperature_reached": round(float(np.mean([run["temperature"] for run in runs])), 1),
            "atoms": sum(run["atoms"] for run in runs),
            "atoms_that_changed_site": sum(run["moved_on"] for run in runs),
        },
    )


def _table_row(runs: Sequence[Mapping[str, Any]], element: str, count: int) -> TableRow | None:
    """Mean over all atoms of a kind, with the standard error from the scatter of the runs."""
    found = [
        (row, run["quantum"][element])
        for run in runs
        for row in run["rows"]
        if (row["element"], row["coordination"]) == (element, count)
    ]
    atoms = np.array([row["atoms"] for row, _ in found], float)
    if atoms.sum() < FEWEST_ATOMS:
        return None
    values: dict[str, float] = {}
    for place, name in enumerate(("in_plane", "along_beam")):
        sigma = np.array([row[name] for row, _ in found])
        mean = np.average(sigma, weights=atoms)
        spread = np.average((sigma - mean) ** 2, weights=atoms)
        error = np.sqrt(spread / (len(found) - 1)) if len(found) > 1 else None
        values[name] = round(float(mean), 5)
        values[f"{name}_error"] = None if error is None else round(float(error), 5)
        factor = np.average([quantum[place] for _, quantum in found], weights=atoms)
        values[f"{name}_quantum"] = round(float(factor), 4)
    return TableRow(element=element, coordination=count, atoms=int(atoms.sum()), **values)


def _size_rows(runs: Sequence[Mapping[str, Any]]) -> list[SizeRow]:
    """The most frequent kind of atom of each element, size by size."""
    labels = list(dict.fromkeys(run["label"] for run in runs))
    rows = []
    for element in sorted({row["element"] for run in runs for row in run["rows"]}):
        totals: dict[int, int] = {}
        for run in runs:
            for row in run["rows"]:
                if row["element"] == element:
                    totals[row["coordination"]] = totals.get(row["coordination"], 0) + row["atoms"]
        common = max(totals, key=lambda count: totals[count])
        for label in labels:
            chosen = [
                row
                for run in runs
                if run["label"] == label
                for row in run["rows"]
                if (row["element"], row["coordination"]) == (element, common)
            ]
            if not chosen:
                continue
            weights = [row["atoms"] for row in chosen]
            means = {
                name: round(float(np.average([row[name] for row in chosen], weights=weights)), 5)
                for name in ("in_plane", "along_beam")
            }
            rows.append(SizeRow(size=label, element=element, coordination=common, **means))
    return rows
