"""Slow variations of the intensity over an image: hills of light, and absorption.

A network that is trained without them reads a slope of the intensity as columns, and finds no
columns in a thick, dark particle.  Absorption is not simulated from first principles: what an
aperture stops follows from the multislice calculation, but thick specimens lose more, by inelastic
and by thermal diffuse scattering.  Here this loss is exp(-k t) of the specimen's local mass
thickness t, smoothed so that single columns do not show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from temnet.config.distributions import draw
from temnet.config.instrument.background import Background
from temnet.records import Structure

GRID = 0.5
"""Pixel size of the map of thickness [Å]."""

REACH = 4.0
"""Width of the border around the image in which atoms count, in standard deviations of the
smoothing."""


@dataclass(frozen=True)
class Hill:
    """A Gaussian hill of light.

    Attributes:
        row: Place along the rows' axis [Å] from the centre of pixel [0, 0].
        col: Place along the columns' axis [Å].
        width: Standard deviation [Å].
        height: Height as a fraction of the light elsewhere; negative for a shadow.
    """

    row: float
    col: float
    width: float
    height: float


@dataclass(frozen=True)
class Thickness:
    """Local thickness of a specimen, smoothed.

    Attributes:
        values: (row, col) float64, 1 where the specimen is thickest, on a grid of `GRID`.
        origin: (row, col) [Å] of values[0, 0].
    """

    values: np.ndarray
    origin: tuple[float, float]

    def at(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """(R, C) thickness at some places [Å]; beyond the grid that of its edge."""
        places = [
            (axis - origin) / GRID for axis, origin in zip((rows, cols), self.origin, strict=True)
        ]
        grid = np.meshgrid(*places, indexing="ij")
        return map_coordinates(self.values, grid, order=1, mode="nearest")


@dataclass(frozen=True)
class DrawnBackground:
    """The background of one image.

    Attributes:
        hills: Hills of light.
        absorption: Fraction of the electrons lost where the specimen is thickest.
        absorption_width: Standard deviation by which its thickness is smoothed [Å].
        thickness: The specimen's thickness; None before the specimen is known.
    """

    hills: tuple[Hill, ...] = ()
    absorption: float = 0.0
    absorption_width: float = 4.0
    thickness: Thickness | None = None

    def behind(self, structure: Structure, extent: tuple[float, float]) -> DrawnBackground:
        """The background with the thickness of a specimen.

        Args:
            structure: The specimen.
            extent: Height and width of the image [Å].
        """
        if self.absorption == 0:
            return self
        return replace(self, thickness=thickness(structure, extent, self.absorption_width))

    def at(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """(R, C) factor on the intensity at some places.

        Args:
            rows: (R,) places along the rows' axis [Å] from the centre of pixel [0, 0].
            cols: (C,) places along the columns' axis [Å].
        """
        light = np.ones((len(rows), len(cols)))
        for hill in self.hills:
            down, along = (
                np.exp(-0.5 * ((axis - middle) / hill.width) ** 2)
                for axis, middle in ((rows, hill.row), (cols, hill.col))
            )
            light *= 1 + hill.height * np.outer(down, along)
        if self.thickness is not None:
            light *= (1 - self.absorption) ** self.thickness.at(rows, cols)
        return light

    def parameters(self) -> dict[str, object]:
        """The drawn parameters by name."""
        return {
            "hills": [[one.row, one.col, one.width, one.height] for one in self.hills],
            "absorption": self.absorption,
            "absorption_width": self.absorption_width,
        }


def draw_background(
    settings: Background, extent: tuple[float, float], rng: np.random.Generator
) -> DrawnBackground:
    """Draws the hills and the absorption of an image.

    Args:
        settings: The settings.
        extent: Height and width of the image [Å].
        rng: Draws them.
    """
    hills = []
    for _ in range(round(draw(settings.hills, rng))):
        row, col = (float(rng.uniform(0, side)) for side in extent)
        width, height = draw(settings.hill_width, rng), draw(settings.hill_height, rng)
        hills.append(Hill(row, col, width, height))
    return DrawnBackground(
        tuple(hills), draw(settings.absorption, rng), draw(settings.absorption_width, rng)
    )


def thickness(structure: Structure, extent: tuple[float, float], width: float) -> Thickness:
    """The smoothed mass thickness of a specimen, relative to its largest in the image.

    Args:
        structure: The specimen; an atom counts with its atomic number.
        extent: Height and width of the image [Å].
        width: Standard deviation of the smoothing [Å].

    Returns:
        All zero where there is no specimen.
    """
    border = REACH * width
    edges = [np.arange(-border, side + border + GRID, GRID) for side in extent]
    x, y = structure.atoms.positions[:, 0], structure.atoms.positions[:, 1]
    mass, *_ = np.histogram2d(y, x, bins=edges, weights=structure.atoms.numbers)
    smooth = gaussian_filter(mass, width / GRID, mode="constant")
    inside = tuple(slice(round(border / GRID), -round(border / GRID)) for _ in extent)
    most = smooth[inside].max()
    middle = -border + GRID / 2
    return Thickness(smooth / most if most > 0 else smooth, (middle, middle))
