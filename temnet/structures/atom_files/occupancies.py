"""Sites of CIF files that are partially occupied, or by several elements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from temnet.errors import InputError

ROUNDING = 0.03
"""Rounded occupancies of a site may exceed a sum of one by this."""

KINDS, OCCUPANCY = "spacegroup_kinds", "occupancy"
"""ASE's names for the line of the CIF that each atom comes from, and for the occupancies."""

VACANT = -1
"""Atomic number of a vacant site."""


def check_occupancies(cell: Atoms, file: Path) -> None:
    """Check that the occupancies of all sites of a CIF file are clear.

    Raises:
        InputError: If occupancies are not fractions, or one site is listed in several lines that
            ASE does not merge.
    """
    partial = partial_sites(cell)
    for occupancy in partial.values():
        together = sum(occupancy.values())
        if min(occupancy.values(), default=0) < 0 or together > 1 + ROUNDING:
            shown = ", ".join(f"{element} {value:g}" for element, value in occupancy.items())
            raise InputError(
                f"{file}: the occupancies of a site are {shown}; expected fractions that add up to "
                "at most 1."
            )
    used = set(_kinds(cell).tolist())
    lines = cell.info.get(OCCUPANCY, {})
    brought_in = sum(len(elements) - 1 for kind, elements in lines.items() if int(kind) in used)
    if partial and len(lines) != len(used) + brought_in:
        raise InputError(
            f"{file}: an element is listed twice on one site, or a site at two equivalent "
            "positions, so that its occupancies are unclear; give each element of a site one line, "
            "with the same coordinates for all."
        )


def partial_sites(cell: Atoms) -> dict[int, dict[str, float]]:
    """Fraction of each element, for each kind of site that one element does not fill."""
    used = set(_kinds(cell).tolist())
    found = {
        int(kind): {name: _fraction(value) for name, value in elements.items() if value != 0}
        for kind, elements in cell.info.get(OCCUPANCY, {}).items()
    }
    return {
        kind: occupancy
        for kind, occupancy in found.items()
        if kind in used and list(occupancy.values()) != [1.0]
    }


def site_elements(cell: Atoms) -> set[str]:
    """Every element that a site can hold."""
    partial = partial_sites(cell)
    full = np.array(cell.get_chemical_symbols())[~np.isin(_kinds(cell), list(partial))]
    return set(full.tolist()).union(*partial.values())


def site_counts(cell: Atoms) -> tuple[dict[str, float], np.ndarray]:
    """Mean contents of a structure.

    Returns:
        The number of atoms of each element, by occupancies; (n_atoms,) bool, whether one element
        fills the site.
    """
    partial, kinds = partial_sites(cell), _kinds(cell)
    whole = ~np.isin(kinds, list(partial))
    counts: dict[str, float] = defaultdict(float)
    for name in np.array(cell.get_chemical_symbols())[whole].tolist():
        counts[name] += 1
    for kind, occupancy in partial.items():
        for name, fraction in occupancy.items():
            counts[name] += fraction * int(np.sum(kinds == kind))
    return dict(counts), whole


def draw_occupied(cell: Atoms, site: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the element on each copy of the sites of a structure.

    Args:
        cell: The structure of a file.
        site: (N,) index of the copied atom.
        rng: Random generator; not used if one element fills every site.

    Returns:
        (N,) atomic numbers, -1 for vacant sites.
    """
    numbers, kinds = cell.numbers[site], _kinds(cell)[site]
    for kind, occupancy in sorted(partial_sites(cell).items()):
        own = np.flatnonzero(kinds == kind)
        numbers[own] = _drawn(occupancy, len(own), rng)
    return numbers


def _drawn(occupancy: Mapping[str, float], count: int, rng: np.random.Generator) -> np.ndarray:
    values = np.array(list(occupancy.values()))
    chances = values / max(values.sum(), 1)
    choices = [*(atomic_numbers[element] for element in occupancy), VACANT]
    return rng.choice(choices, count, p=[*chances, max(1 - chances.sum(), 0)])


def _kinds(cell: Atoms) -> np.ndarray:
    """(n_atoms,) the kind of each site; without a cell every site is of its own kind."""
    return cell.arrays.get(KINDS, np.arange(len(cell)))


def _fraction(value: object) -> float:
    """An occupancy; an unknown one (`?` or `.` in the CIF) is 1."""
    return float(value) if isinstance(value, int | float) else 1.0
