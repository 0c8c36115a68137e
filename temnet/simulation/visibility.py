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
"""Bright spots within this distance of an invisible column may be its reversed contrast [Å]."""

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

    A column is shown if it is bright, and so are most of the columns of its kind around it: alone
    it might be a speckle of an amorphous film.

    Where a crystal is so thick or so far from focus that its columns are dark, the spots between
    them are bright.  They look like columns, so that such spots are added to the columns with the
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
    at = map_coordinates(contrast, columns.positions.T / shown.sampling, order=1, mode="nearest")
    visible = _with_neighbours(at >= threshold, columns.positions, kinds)
    class_index = np.where(visible, columns.class_index, IGNORED)
    spots = _bright_spots(contrast, threshold, shown)
    spots = spots[_reversed(spots, columns.positions, visible, shown.width)]
    none = np.zeros(len(spots), np.int64)
    return Columns(
        np.concatenate([columns.positions, spots]),
        np.concatenate([class_index, none + IGNORED]),
        np.concatenate([columns.atom_count, none]),
    )


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
    size = 2 * int(np.ceil(shown.width / shown.sampling)) + 1
    maxima = (contrast == maximum_filter(contrast, size)) & (contrast >= threshold)
    return np.argwhere(maxima) * shown.sampling


def _reversed(
    spots: np.ndarray, positions: np.ndarray, visible: np.ndarray, width: float
) -> np.ndarray:
    """(N,) bool: spots at which no column is, and near which one is invisible."""
    if visible.all():
        return np.zeros(len(spots), bool)
    to_column = cKDTree(positions).query(spots)[0]
    to_invisible = cKDTree(positions[~visible]).query(spots)[0]
    return (to_column > 2 * width) & (to_invisible < NEAR)
