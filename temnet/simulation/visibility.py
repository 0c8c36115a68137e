"""Columns that an image shows, by their contrast in the image without noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates, maximum_filter
from scipy.spatial import cKDTree

from temnet.config.learning.labels import Visibility
from temnet.images.normalize import gaussian_blur
from temnet.records import IGNORED, Columns

SURROUNDINGS = 3.0
"""The surroundings of a column are a Gaussian this many times as wide as the column."""

NEAR = 4.0
"""Bright spots within this distance of an invisible column may come from its contrast [Å]."""

NEIGHBOURS = 8.0
"""A column and its neighbours within this distance show together whether there is a lattice [Å]."""

MOST_BRIGHT = 0.75
"""Fraction of them that must be bright.  Below and above a film of amorphous material half of the
places are bright by chance."""


@dataclass(frozen=True)
class Shown:
    """What an image shows without noise.

    Attributes:
        images: (row, col, focus) expected number of electrons, in any unit.
        sampling: Pixel size [Å].
        dose: Electrons of each image [e/Å²].
        width: Standard deviation of a column [Å].
    """

    images: np.ndarray
    sampling: float
    dose: float
    width: float

    def contrast(self) -> np.ndarray:
        """(row, col) contrast of each place with its surroundings, in the image with most."""
        at, around = (
            gaussian_blur(np.asarray(self.images, np.float32), width / self.sampling)
            for width in (self.width, SURROUNDINGS * self.width)
        )
        least = np.finfo(np.float32).tiny
        return np.max(np.maximum(at, 0) / np.maximum(around, least) - 1, axis=-1)

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width of the image [Å]."""
        rows, cols = self.images.shape[:2]
        return rows * self.sampling, cols * self.sampling

    @property
    def noise(self) -> float:
        """Standard deviation of the contrast by shot noise.

        The electrons of a place are Poisson distributed, so the variance is the integral of the
        squared difference of both Gaussians, divided by the dose.
        """
        at, around = self.width**2, (SURROUNDINGS * self.width) ** 2
        integral = 1 / at + 1 / around - 4 / (at + around)
        return float(np.sqrt(integral / (4 * np.pi * self.dose)))


def ignore_invisible(
    columns: Columns, shown: Shown, least: Visibility, kinds: np.ndarray
) -> Columns:
    """Columns that the image does not show get the class -1.

    A column is shown if it has a bright spot of its own, not farther from it than its width, and
    if most of the columns of its kind around it have one: alone it might be a speckle of an
    amorphous film.  Columns that blur into each other have one spot for both, and aberrations,
    tilt or interference of few beams move spots away from columns.

    Where columns have no spots of their own, as where a crystal is so thick or so far from focus
    that they are dark, other spots look like columns.  They are added to the columns with the
    class -1 and no atoms: a network is trained neither to find nor to avoid them.

    Args:
        columns: The columns in the image, and those beyond its border.
        shown: The image without noise.
        least: Contrast of a column that is visible.
        kinds: (N,) int, columns of the same number are alike; see `column_elements`.

    Returns:
        The columns in the same order, and the bright spots behind them.
    """
    if not len(columns):
        return columns
    contrast = shown.contrast()
    threshold = max(least.contrast, least.signal_to_noise * shown.noise)
    spots = _bright_spots(contrast, threshold, shown)
    own = _own_spot(columns.positions, spots, shown.width)
    at = map_coordinates(contrast, columns.positions.T / shown.sampling, order=1, mode="nearest")
    whole = columns.inside(*shown.extent, shown.width)
    bright = np.where(whole, own >= 0, at >= threshold)
    visible = _with_neighbours(bright, columns.positions, kinds)
    class_index = np.where(visible, columns.class_index, IGNORED)
    others = np.delete(spots, own[visible & (own >= 0)], axis=0)
    others = others[_near(others, columns.positions[class_index == IGNORED])]
    none = np.zeros(len(others), np.int64)
    return Columns(
        np.concatenate([columns.positions, others]),
        np.concatenate([class_index, none + IGNORED]),
        np.concatenate([columns.atom_count, none]),
    )


def _own_spot(positions: np.ndarray, spots: np.ndarray, width: float) -> np.ndarray:
    """(N,) the spot that is nearest to a column, and to which this column is nearest; -1: none."""
    if not len(spots):
        return np.full(len(positions), -1)
    distance, spot = cKDTree(spots).query(positions)
    column = cKDTree(positions).query(spots)[1]
    mutual = column[spot] == np.arange(len(positions))
    return np.where(mutual & (distance <= width), spot, -1)


def _with_neighbours(bright: np.ndarray, positions: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """(N,) bool: columns that are bright as most columns of their kind around them."""
    visible = bright.copy()
    for number in np.unique(kinds):
        own = np.flatnonzero(kinds == number)
        tree = cKDTree(positions[own])
        near = tree.sparse_distance_matrix(tree, NEIGHBOURS, output_type="coo_matrix")
        count = np.bincount(near.row)  # the column itself included
        shown = np.bincount(near.row, bright[own][near.col])
        visible[own] &= shown >= MOST_BRIGHT * count
    return visible


def _bright_spots(contrast: np.ndarray, threshold: float, shown: Shown) -> np.ndarray:
    """(N, 2) places of the local maxima of at least this contrast [Å]."""
    maxima = (contrast == maximum_filter(contrast, 3)) & (contrast >= threshold)
    return np.argwhere(maxima) * shown.sampling


def _near(spots: np.ndarray, invisible: np.ndarray) -> np.ndarray:
    """(N,) bool: spots near a column that the image does not show."""
    if not len(invisible):
        return np.zeros(len(spots), bool)
    return cKDTree(invisible).query(spots)[0] < NEAR
