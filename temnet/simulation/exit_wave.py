"""The electron wave behind the specimen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from temnet.simulation.fourier import good_size
from temnet.simulation.multislice import multislice
from temnet.simulation.slices import nearest_planes, slice_planes


@dataclass(frozen=True)
class Grid:
    """The periodic grid that an exit wave is computed on.

    Attributes:
        shape: (rows, cols), even and of small prime factors.
        sampling: Pixel size [Å].
        origin: (row, col) of the image's pixel [0, 0] in the grid's periodic box [Å].
    """

    shape: tuple[int, int]
    sampling: float
    origin: tuple[float, float]

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width of the box [Å]."""
        return self.shape[0] * self.sampling, self.shape[1] * self.sampling

    @property
    def margin(self) -> float:
        """How far a specimen has to reach over the image, so that it fills the box [Å]."""
        return max(self.origin)


def plan_grid(height: float, width: float, margin: float, sampling: float) -> Grid:
    """A grid for an image with at least ``margin`` on each side.

    Args:
        height: Rows of the image [Å].
        width: Columns of the image [Å].
        margin: Space against the periodic wrap-around [Å].
        sampling: Pixel size [Å].
    """
    rows, cols = (good_size((side + 2 * margin) / sampling) for side in (height, width))
    origin = ((rows * sampling - height) / 2, (cols * sampling - width) / 2)
    return Grid((rows, cols), sampling, origin)


@dataclass(frozen=True)
class ExitWave:
    """An exit wave.

    Attributes:
        array: (row, col) complex64, one where nothing scattered.
        grid: Where it lies.
        energy: Energy of the electrons [eV].
        depth: Distance from the specimen's mid-plane to the wave's plane [Å].
    """

    array: np.ndarray
    grid: Grid
    energy: float
    depth: float


def to_image_axes(positions: np.ndarray) -> np.ndarray:
    """Positions (x, y, z) of atoms as (row, col): the project's one transposition.

    >>> to_image_axes(np.array([[1.0, 2.0, 3.0]]))
    array([[2., 1.]])
    """
    return positions[:, 1::-1]


def exit_wave(
    atoms: Atoms,
    grid: Grid,
    energy: float,
    slice_thickness: float,
    midplane: float | None = None,
    blur: Mapping[str, float] | None = None,
    planes: np.ndarray | None = None,
) -> ExitWave:
    """The wave behind a specimen that a plane wave falls on.

    Slices follow the atomic planes; vacuum has none.

    Args:
        atoms: Positions in the image's frame [Å]; what lies outside of the grid's box is left
            out, so that nothing wraps around.
        grid: The grid.
        energy: Energy of the electrons [eV].
        slice_thickness: Distance of atoms along the beam up to which they share a slice [Å].
        midplane: The specimen's mid-plane along z [Å]; half-way between the first and the last
            atom where it is not given.
        blur: Standard deviation per axis [Å] by which the potential of each element named is
            blurred: the Debye-Waller factor, in place of displaced atoms.
        planes: Increasing depths of the slices [Å], each atom being in the nearest; those of
            `atomic_planes` where they are not given.
    """
    places, inside = _places(atoms, grid)
    if not inside.any():
        return ExitWave(np.ones(grid.shape, np.complex64), grid, energy, 0.0)
    depths, numbers = atoms.positions[inside, 2], atoms.numbers[inside]
    middle = (depths.min() + depths.max()) / 2 if midplane is None else midplane
    if planes is None:
        index, planes = slice_planes(depths, numbers, slice_thickness)
    else:
        index = nearest_planes(depths, planes)
    # The wave is wanted in the plane of the last slice.
    distances = np.append(np.diff(planes), 0.0)
    array = multislice(
        places[inside], numbers, index, distances, grid.shape, grid.sampling, energy, blur
    )
    return ExitWave(array, grid, energy, float(planes[-1] - middle))


def atomic_planes(atoms: Atoms, grid: Grid, slice_thickness: float) -> np.ndarray:
    """Increasing depths of the slices that `exit_wave` makes of a specimen [Å].

    Args:
        atoms: The atoms [Å].
        grid: The grid; what lies outside of its box is left out.
        slice_thickness: Distance of atoms along the beam up to which they share a slice [Å].

    Returns:
        (S,); empty where no atom lies in the box.
    """
    inside = _places(atoms, grid)[1]
    if not inside.any():
        return np.zeros(0)
    return slice_planes(atoms.positions[inside, 2], atoms.numbers[inside], slice_thickness)[1]


def _places(atoms: Atoms, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) places of atoms in the grid's box [Å], and (N,) bool which lie in it."""
    places = to_image_axes(atoms.positions) + grid.origin
    return places, np.all((places >= 0) & (places < grid.extent), axis=1)
