"""Structures in CIF files; the contents of the unit cell are checked."""

from __future__ import annotations

import io
import logging
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.io.cif import CIFBlock, parse_cif
from scipy.spatial import cKDTree

from temnet.errors import InputError
from temnet.structures.atom_files.cif_symmetry import (
    GROUP_TAGS,
    NUMBER_TAG,
    OPERATION_TAG,
    OPERATIONS,
    Setting,
    Tags,
    possible_settings,
)
from temnet.structures.atom_files.occupancies import site_counts

LOGGER = logging.getLogger(__name__)

CLOSEST = 0.7
"""Atoms on fully occupied sites closer than this are one atom listed twice, or a structure with the
wrong symmetry [Å]; the shortest bond, H-H, has 0.74 Å."""

SENSIBLE = 0.88
"""Smallest ratio of bond length to the sum of covalent radii in a plausible structure."""

ROUNDING = 0.03
"""Relative difference between cell contents and formula that rounding explains."""

UNSEEN = frozenset({"H", "D"})
"""Elements that are often in the formula but not among the sites."""

FORMULAS = ("_chemical_formula_sum", "_chemical_formula.sum")
UNITS = ("_cell_formula_units_z", "_cell.formula_units_z", "_cell.formula_units_Z")


def read_cif(file: Path, text: str) -> list[Atoms]:
    """The structures in a CIF file.

    If the file lists no symmetry operations, those of the setting that it names are used.  If
    it leaves two origins open, the formula decides, else the one with plausible distances is
    used, with a warning.

    Args:
        file: The file, for messages.
        text: Its content.

    Raises:
        InputError: If the symmetry is unknown, the contents of the cell contradict the formula
            in the file, or atoms overlap.
    """
    blocks = [block for block in parse_cif(io.StringIO(text)) if block.has_structure()]
    return [_atoms(block, file) for block in blocks]


def _atoms(block: CIFBlock, file: Path) -> Atoms:
    cell = np.asarray(block.get_cell())
    listed = any(block.get(tag) for tag in OPERATIONS) or not np.any(cell)
    settings = [] if listed else possible_settings(block, cell, file)
    if not settings:
        atoms = block.get_atoms()
        _check_distances(atoms, file)
        fault = _against_formula(atoms, block)
        if fault:
            LOGGER.warning("%s: %s; is an atom missing in the file?", file, fault)
        return atoms
    made = [_with_symmetry(block, setting).get_atoms() for setting in settings]
    number = _choice(made, settings, block, file) if len(made) > 1 else 0
    _check_distances(made[number], file)
    fault = _against_formula(made[number], block)
    if fault:
        raise InputError(
            f"{file}: {fault}; the file lists no symmetry operations, and those of "
            f"{settings[number]} do not fit its atoms. Export it with its operations "
            "(_space_group_symop_operation_xyz), or correct the setting or the formula."
        )
    return made[number]


def _with_symmetry(block: CIFBlock, setting: Setting) -> CIFBlock:
    """The block with the operations of a setting instead of every tag of the symmetry."""
    tags = {tag: block[tag] for tag in block if tag not in GROUP_TAGS}
    tags[NUMBER_TAG] = setting.number
    tags[OPERATION_TAG] = [*setting.operations()]
    return CIFBlock(block.name, tags)


def _choice(made: list[Atoms], settings: list[Setting], tags: Tags, file: Path) -> int:
    """Index of the intended origin of two, by the formula or else by the distances."""
    fitting = [n for n, atoms in enumerate(made) if not _against_formula(atoms, tags)]
    if len(fitting) == 1 and _formula(tags):
        LOGGER.info("%s: the origin of %s by the formula", file, settings[fitting[0]])
        return fitting[0]
    tightness = [shortest_bond(atoms) for atoms in made]
    chosen = 0 if tightness[0] >= SENSIBLE or tightness[0] >= tightness[1] else 1
    contents = [made[n].get_chemical_formula() for n in (chosen, 1 - chosen)]
    if contents[0] != contents[1] or not np.isclose(tightness[0], tightness[1]):
        LOGGER.warning(
            "%s: the file does not give the origin of %s; %s is used, with %s in the cell (%s "
            "with the other origin). If this is not the intended one, set "
            "_space_group_IT_coordinate_system_code to 1 or 2 in the file",
            file,
            settings[0].symbol,
            settings[chosen],
            *contents,
        )
    return chosen


def shortest_bond(atoms: Atoms) -> float:
    """Shortest distance in a crystal, over the sum of the two atoms' covalent radii.

    >>> from ase.build import bulk
    >>> round(shortest_bond(bulk("Si", cubic=True)), 2)
    1.06
    """
    return min(
        float(d / (covalent_radii[atoms.numbers[i]] + covalent_radii[atoms.numbers[j]]))
        for i, j, d in _near_pairs(atoms)
    )


def _near_pairs(atoms: Atoms) -> list[tuple[int, int, float]]:
    """For each atom of a crystal its nearest neighbours, with their distances [Å]."""
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    vectors = np.asarray(atoms.cell)
    everywhere = (steps[:, None] @ vectors + atoms.get_positions(wrap=True)).reshape(-1, 3)
    count = min(9, len(everywhere))
    distance, index = cKDTree(everywhere).query(atoms.get_positions(wrap=True), k=count)
    return [
        (n, int(other % len(atoms)), float(d))
        for n, (near, others) in enumerate(zip(distance[:, 1:], index[:, 1:], strict=True))
        for d, other in zip(near, others, strict=True)
    ]


def _check_distances(atoms: Atoms, file: Path) -> None:
    """Check that no atoms overlap; partially occupied sites are left out.

    Raises:
        InputError: If two atoms overlap.
    """
    if not np.all(atoms.cell.lengths()) or len(atoms) == 0:
        return
    whole = site_counts(atoms)[1]
    pairs = [pair for pair in _near_pairs(atoms) if whole[pair[0]] and whole[pair[1]]]
    first, second, distance = min(pairs, key=lambda pair: pair[2], default=(0, 0, np.inf))
    if distance < CLOSEST:
        symbols = atoms.get_chemical_symbols()
        raise InputError(
            f"{file}: {symbols[first]} and {symbols[second]} are {distance:.2f} Å apart in the "
            f"unit cell of {atoms.get_chemical_formula()}; expected at least {CLOSEST:g} Å. The "
            "file's symmetry and its coordinates do not fit each other (another origin or other "
            "axes?), an atom is listed twice, or a coordinate such as 1/3 is rounded too much."
        )


def _against_formula(atoms: Atoms, tags: Tags) -> str:
    """Difference between cell contents and the formula of the file in words; "" if they agree.

    Hydrogen, which is often not located, is not compared.
    """
    formula = _formula(tags)
    counts = {name: n for name, n in site_counts(atoms)[0].items() if name not in UNSEEN and n > 0}
    if not formula or not counts:
        return ""
    ratios = {name: counts.get(name, 0.0) / count for name, count in formula.items()}
    largest = max(ratios.values())
    strange = set(counts) - set(formula)
    rounding = ROUNDING * largest
    if strange or any(
        abs(ratio - largest) > max(rounding, 0.02 * largest / formula[name])
        for name, ratio in ratios.items()
    ):
        return f"the unit cell holds {_shown(counts)}, but the formula is {_shown(formula)}"
    units = next((value for tag in UNITS if isinstance(value := tags.get(tag), int | float)), None)
    if units and abs(largest - float(units)) > ROUNDING * float(units):
        return (
            f"the unit cell holds {_shown(counts)}, but the file gives {units:g} formula units of "
            f"{_shown(formula)}"
        )
    return ""


def _formula(tags: Tags) -> dict[str, float]:
    """Atoms of each element in the formula, without hydrogen; empty if it is unclear."""
    text = next((t for tag in FORMULAS if isinstance(t := tags.get(tag), str)), "").strip("'\" ")
    parts = re.findall(r"([A-Z][a-z]?)\s*(\d*\.?\d*)", text)
    if not parts or re.sub(r"[A-Z][a-z]?\s*\d*\.?\d*", "", text).strip(" ,\n"):
        return {}
    found: dict[str, float] = defaultdict(float)
    for name, count in parts:
        if name not in UNSEEN:
            found[name] += float(count) if count else 1.0
    return {name: count for name, count in found.items() if count > 0}


def _shown(counts: Mapping[str, float]) -> str:
    """A formula as text.

    >>> _shown({"O": 4.0, "Ti": 2.0, "Al": 1.0})
    'AlO4Ti2'
    """
    return "".join(f"{name}{'' if n == 1 else f'{n:.4g}'}" for name, n in sorted(counts.items()))
