"""Specimens and a converged simulation by abTEM alone, as a reference."""

from __future__ import annotations

from collections.abc import Callable

import abtem
import numpy as np
from ase import Atoms
from ase.build import mx2
from ase.lattice.cubic import FaceCenteredCubic

from temnet.simulation.exit_wave import ExitWave, Grid
from temnet.structures.geometry import Field
from temnet.structures.graphene import sheet

ABTEM = {"device": "cpu", "precision": "float32", "diagnostics.progress_bar": False}
"""Settings of abTEM."""

PADDING = 3.0
"""Empty space before the first and behind the last atom, for the tails of their potential [Å]."""

DISC = 0.4
"""Radius of a specimen as a fraction of the box's side."""


def reference_wave(
    atoms: Atoms, grid: Grid, energy: float, slice_thickness: float, projection: str = "finite"
) -> ExitWave:
    """The wave behind a specimen, computed by abTEM alone.

    Args:
        atoms: Positions in the frame of the image [Å], all inside the box of the grid.
        grid: The grid.
        energy: Energy of the electrons [eV].
        slice_thickness: Thickness of the uniform slices [Å].
        projection: ``finite`` integrates each atom's potential over each slice; ``infinite``
            gives it to one slice as a whole.
    """
    inside = atoms.copy()
    low, high = inside.positions[:, 2].min(), inside.positions[:, 2].max()
    depth = high - low + 2 * PADDING
    inside.positions += [grid.origin[1], grid.origin[0], PADDING - low]
    inside.cell = [grid.extent[1], grid.extent[0], depth]
    potential = abtem.Potential(
        inside, gpts=grid.shape[::-1], slice_thickness=slice_thickness, projection=projection
    )
    with abtem.config.set(ABTEM):
        waves = abtem.PlaneWave(energy=energy).multislice(potential, lazy=False)
    # abTEM is x-first.
    array = np.ascontiguousarray(np.asarray(waves.array).T)  # type: ignore[union-attr]
    return ExitWave(array, grid, energy, depth / 2)


def mos2_disc(box: float, layers: int, rng: np.random.Generator) -> Atoms:
    """MoS2 with a few missing sulphur atoms, round the box's middle."""
    count = int(np.ceil(box / 2.7))  # the cell is 2.7 Å high
    cells = mx2("MoS2", a=3.16, thickness=3.13, size=(2 * count, count, 1))
    sulphur = np.flatnonzero(cells.numbers == 16)
    lost = rng.choice(sulphur, len(sulphur) // 20, replace=False)
    del cells[lost]
    return _disc(cells, box)


def mos2_on_graphene(box: float, layers: int, rng: np.random.Generator) -> Atoms:
    """The same on graphene, 3.35 Å below its last sulphur atoms and turned by 11 degrees."""
    flake = mos2_disc(box, layers, rng)
    points = sheet(Field(box, box, 0.0), np.deg2rad(11.0), np.zeros(2))
    height = 3.13 / 2 + 3.35
    carbon = Atoms(f"C{len(points)}", np.column_stack([points, np.full(len(points), height)]))
    carbon = carbon[_near_middle(carbon, box)]
    return flake + carbon


def gold_disc(box: float, layers: int, rng: np.random.Generator) -> Atoms:
    """Gold seen along [110], ``layers`` atoms on a column."""
    count = int(np.ceil(box / 2.8))
    gold = FaceCenteredCubic(
        directions=[[1, -1, 0], [0, 0, -1], [1, 1, 0]],
        size=(count, count, layers),
        symbol="Au",
        latticeconstant=4.08,
    )
    return _disc(gold, box)


def _disc(atoms: Atoms, box: float) -> Atoms:
    """Atoms about the middle of their own patch, moved to that of the box, z about 0."""
    atoms = Atoms(numbers=atoms.numbers, positions=atoms.positions)
    middle = (atoms.positions.min(axis=0) + atoms.positions.max(axis=0)) / 2
    atoms.positions += np.array([box / 2, box / 2, 0.0]) - middle
    return atoms[_near_middle(atoms, box)]


def _near_middle(atoms: Atoms, box: float) -> np.ndarray:
    return np.linalg.norm(atoms.positions[:, :2] - box / 2, axis=1) < DISC * box


def vibrating(atoms: Atoms, rng: np.random.Generator) -> Atoms:
    """The specimen with its atoms displaced by normals of :data:`SIGMAS`."""
    sigma = np.array([SIGMAS[name] for name in atoms.get_chemical_symbols()])
    moved = atoms.copy()
    moved.positions += sigma[:, None] * rng.standard_normal(moved.positions.shape)
    return moved


SIGMAS = {"Mo": 0.07, "S": 0.07, "C": 0.06, "Au": 0.085}
"""Standard deviation of the vibration of the specimens' atoms, per axis [Å]."""

SPECIMENS: dict[str, Callable[[float, int, np.random.Generator], Atoms]] = {
    "mos2": mos2_disc,
    "mos2_graphene": mos2_on_graphene,
    "gold_110": gold_disc,
}
"""Functions that return the atoms of a specimen in vacuum, in a box of a given side [Å]."""
