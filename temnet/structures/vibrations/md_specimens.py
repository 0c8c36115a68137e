"""Specimens for molecular dynamics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.build import bulk, graphene, mx2
from ase.data import atomic_numbers

from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.config.structures.nanoparticle import FCC_METALS, Nanoparticle
from temnet.structures.clusters import fcc_constant, grow_particle
from temnet.structures.coordination import SQUARE_HALF, coordination
from temnet.structures.graphene import drop_dangling

VACUUM = 15.0
"""Vacuum around a free specimen [Å]."""

BULK_CELLS = 4
"""Cubic cells along each side of a periodic piece of metal."""

MOS2_BOND_CUTOFF, CARBON_BOND_CUTOFF = 2.9, 1.75
"""Mo-S bonds are 2.41 Å and C-C bonds 1.42 Å long; second neighbours 3.16 and 2.46 Å [Å]."""

MOS2_GAP = 3.35
"""Distance from the carbon sheet to the nearest sulphur plane [Å]."""

GRAPHENE_CELL = (2.46, 2.46 * 3**0.5)
"""Rectangular cell of graphene, whose four atoms stand on two zigzag rows [Å]."""

GRAPHENE_BASIS = ((0.0, 0.0), (0.5, 1 / 6), (0.5, 0.5), (0.0, 2 / 3))
"""Atoms in fractions of this cell."""

SHEET_MARGIN = 8.0
"""Margin of the carbon sheet around the flake on each side [Å]."""


@dataclass(frozen=True)
class Specimen:
    """A specimen and its components.

    Attributes:
        atoms: Atoms with their cell; periodic along the axes with `pbc`.
        component: (N,) int64, index of the body of each atom; bodies move relative to each other.
        periodic: For each component whether it is periodic.
        sheet: Whether the components are sheets in the xy plane.
        label: Description for the table of sizes.
    """

    atoms: Atoms
    component: np.ndarray
    periodic: tuple[bool, ...]
    sheet: bool
    label: str


def cutoffs(settings: MolecularDynamics) -> dict[str, float]:
    """Distances of bonds for counting neighbours [Å]."""
    if settings.material in FCC_METALS:
        cutoff = SQUARE_HALF * fcc_constant(settings.material)
        return {f"{settings.material}-{settings.material}": cutoff}
    bonds = {"mos2": {"Mo-S": MOS2_BOND_CUTOFF}, "graphene": {"C-C": CARBON_BOND_CUTOFF}}
    return bonds.get(settings.material) or {**bonds["mos2"], **bonds["graphene"]}


def make_specimen(
    settings: MolecularDynamics, size: float | None, rng: np.random.Generator
) -> Specimen:
    """One specimen.

    Args:
        settings: Settings; uses `material` and `vacancies`.
        size: Radius of a particle or side of a sheet [Å]; None for a periodic piece of metal.
        rng: Draws its shape.
    """
    if settings.material in FCC_METALS:
        return _metal(settings.material, size, rng)
    side = float(size or 0)
    if settings.material == "mos2":
        return _whole(_flake(side, settings.vacancies, rng), f"{side:g} Å flake")
    if settings.material == "graphene":
        # A free sheet would flap; a real one is stretched over a hole, many times as wide.
        sheet = _endless_carbon(side, settings.vacancies, rng)
        component = np.zeros(len(sheet), np.int64)
        return Specimen(sheet, component, (True,), True, f"{side:g} Å periodic sheet")
    flake = _flake(side, settings.vacancies, rng)
    carbon = _carbon(side + 2 * SHEET_MARGIN, 0.0, rng)
    carbon.positions[:, 2] += flake.positions[:, 2].max() + MOS2_GAP
    component = np.repeat([0, 1], [len(flake), len(carbon)])
    both = _in_vacuum(flake + carbon)
    return Specimen(both, component, (False, False), True, f"{side:g} Å flake on graphene")


def _metal(element: str, size: float | None, rng: np.random.Generator) -> Specimen:
    if size is None:
        atoms = bulk(element, cubic=True) * ((BULK_CELLS,) * 3)
        return Specimen(atoms, np.zeros(len(atoms), np.int64), (True,), False, "bulk")
    shape = Nanoparticle(element=element, radius=size, lattice_constant_scale=1.0)
    particle = grow_particle(shape, element, rng)
    positions = particle.sites * particle.lattice_constant / 2
    atoms = _in_vacuum(Atoms([element] * len(positions), positions))
    return Specimen(atoms, np.zeros(len(atoms), np.int64), (False,), False, f"{size:g} Å radius")


def _whole(atoms: Atoms, label: str) -> Specimen:
    atoms = _in_vacuum(atoms)
    return Specimen(atoms, np.zeros(len(atoms), np.int64), (False,), True, label)


def _in_vacuum(atoms: Atoms) -> Atoms:
    free = Atoms(numbers=atoms.numbers, positions=atoms.positions)
    free.center(vacuum=VACUUM)
    return free


def _patch(atoms: Atoms, side: float) -> Atoms:
    """A square of about ``side``, from the middle of a larger patch."""
    free = Atoms(numbers=atoms.numbers, positions=atoms.positions)
    free.positions -= (free.positions.min(axis=0) + free.positions.max(axis=0)) / 2
    inside: np.ndarray = np.all(np.abs(free.positions[:, :2]) <= side / 2, axis=1)
    return free[inside]


def _flake(side: float, vacancies: float, rng: np.random.Generator) -> Atoms:
    """A square flake of MoS2: zigzag edges on two sides, armchair edges on the others."""
    count = int(np.ceil(side / 2.7)) + 2
    flake = _patch(mx2("MoS2", a=3.16, thickness=3.13, size=(2 * count, count, 1)), side)
    sulphur = np.flatnonzero(flake.numbers == atomic_numbers["S"])
    lost = rng.choice(sulphur, round(vacancies * len(sulphur)), replace=False)
    del flake[lost]
    for _ in range(3):  # atoms at the edge with one bond would not stay
        distance = flake.get_all_distances()
        other = flake.numbers[:, None] != flake.numbers[None, :]
        bonds = ((distance < MOS2_BOND_CUTOFF) & other).sum(axis=1)
        flake = flake[bonds >= 2]
    return flake


def _endless_carbon(side: float, vacancies: float, rng: np.random.Generator) -> Atoms:
    """A periodic sheet of graphene of about ``side``, with vacancies, none of them dangling."""
    counts = np.round(side / np.array(GRAPHENE_CELL)).astype(int)
    cells = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), -1).reshape(-1, 1, 2)
    points = ((cells + np.array(GRAPHENE_BASIS)) * GRAPHENE_CELL).reshape(-1, 2)
    lengths = [*(counts * GRAPHENE_CELL), 2 * VACUUM]
    places = np.column_stack([points, np.full(len(points), VACUUM)])
    sheet = Atoms(f"C{len(points)}", places, cell=lengths, pbc=(True, True, False))
    sheet = sheet[rng.random(len(sheet)) >= vacancies]
    while (bonds := coordination(sheet, {"C-C": CARBON_BOND_CUTOFF})).min(initial=3) < 2:
        sheet = sheet[bonds >= 2]
    return sheet


def _carbon(side: float, vacancies: float, rng: np.random.Generator) -> Atoms:
    """A square sheet of graphene without dangling atoms."""
    count = int(np.ceil(side / 2.1)) + 2
    sheet = _patch(graphene(size=(2 * count, count, 1)), side)
    keep = rng.random(len(sheet)) >= vacancies
    points = drop_dangling(sheet.positions[keep, :2], CARBON_BOND_CUTOFF)
    return Atoms(f"C{len(points)}", np.column_stack([points, np.zeros(len(points))]))
