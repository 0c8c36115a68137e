"""The electron wave behind the specimen, by abTEM's multislice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import abtem
import numpy as np
from abtem.integrals import ScatteringFactorProjectionIntegrals
from abtem.parametrizations import LobatoParametrization
from ase import Atoms

from temnet.simulation.fourier import configure, good_size
from temnet.simulation.slices import slice_planes

VACUUM = 1.0
"""Empty space between the last slice and the plane of the wave [Å]."""


@dataclass(frozen=True)
class Grid:
    """The periodic grid that an exit wave is computed on.

    Attributes:
        shape: (rows, cols), from the list of good sizes.
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
        waves: abTEM's wave, x-first as abTEM has it.
        grid: Where it lies.
        depth: Distance from the specimen's mid-plane to the wave's plane [Å].
    """

    waves: abtem.Waves
    grid: Grid
    depth: float


def to_image_axes(array: np.ndarray) -> np.ndarray:
    """An array of abTEM, (..., x, y), as (..., row, col): the project's one transposition.

    >>> to_image_axes(np.array([[1, 2, 3], [4, 5, 6]])).shape
    (3, 2)
    """
    return np.swapaxes(array, -1, -2)


@cache
def _integrator(
    sigmas: tuple[tuple[str, float], ...] = (),
) -> ScatteringFactorProjectionIntegrals:
    """Lobato & Van Dyck, Acta Cryst. A 70, 636 (2014); one per process, as it keeps the scattering
    factors of a grid between images.

    Args:
        sigmas: Standard deviation per axis [Å] by which each element's potential is blurred.
    """
    parametrization = LobatoParametrization(sigmas=dict(sigmas))
    return ScatteringFactorProjectionIntegrals(parametrization=parametrization)


def exit_wave(
    atoms: Atoms,
    grid: Grid,
    energy: float,
    slice_thickness: float,
    midplane: float | None = None,
    blur: Mapping[str, float] | None = None,
) -> ExitWave:
    """The wave behind a specimen that a plane wave falls on.

    Slices follow the atomic planes; there are none where there are no atoms.

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
    """
    configure()
    inside = _in_box(atoms, grid)
    if not len(inside):
        waves = abtem.PlaneWave(
            gpts=grid.shape[::-1], extent=grid.extent[::-1], energy=energy
        ).build(lazy=False)
        return ExitWave(waves, grid, 0.0)
    depths = inside.positions[:, 2].copy()
    middle = (depths.min() + depths.max()) / 2 if midplane is None else midplane
    index, planes = slice_planes(depths, inside.numbers, slice_thickness)
    # abTEM lets a slice act at its entrance and then propagates over its thickness.
    thickness = np.append(np.diff(planes), VACUUM)
    entrance = np.cumsum(thickness) - thickness
    inside.positions[:, 2] = (entrance + thickness / 2)[index]
    inside.cell = [grid.extent[1], grid.extent[0], thickness.sum()]
    potential = abtem.Potential(
        inside,
        gpts=grid.shape[::-1],
        slice_thickness=tuple(thickness),
        integrator=_integrator(tuple(sorted((blur or {}).items()))),
    )
    waves = abtem.PlaneWave(energy=energy).multislice(potential, lazy=False)
    return ExitWave(waves, grid, float(planes[-1] + VACUUM - middle))


def _in_box(atoms: Atoms, grid: Grid) -> Atoms:
    """Atoms in the grid's box, counted from its corner [Å]."""
    positions = atoms.positions.copy()
    positions[:, 0] += grid.origin[1]
    positions[:, 1] += grid.origin[0]
    size = np.array(grid.extent[::-1])
    keep = np.all((positions[:, :2] >= 0) & (positions[:, :2] < size), axis=1)
    return Atoms(numbers=atoms.numbers[keep], positions=positions[keep])
