"""Slices of a specimen that follow its atomic planes."""

from __future__ import annotations

import numpy as np


def slice_planes(
    depths: np.ndarray, weights: np.ndarray, thickness: float
) -> tuple[np.ndarray, np.ndarray]:
    """Atoms gathered into slices, each of which acts at the mean depth of its atoms.

    A slice starts at the first remaining atom and takes all within ``thickness``: it holds a
    whole atomic plane with its vibrations, and vacuum has no slices.

    Args:
        depths: (N,) positions along the beam [Å], at least one.
        weights: (N,) how much each atom counts for the mean, its atomic number for instance.
        thickness: Largest distance between the first and the last atom of a slice [Å].

    Returns:
        (N,) int64 the slice of each atom, counted along the beam; (S,) increasing depths [Å].

    >>> slice_planes(np.array([3.2, 0.0, 3.0, 0.1]), np.ones(4), 1.0)
    (array([1, 0, 1, 0]), array([0.05, 3.1 ]))
    """
    order = np.argsort(depths, kind="stable")
    ordered = depths[order]
    starts = [0]
    while True:
        after = int(np.searchsorted(ordered, ordered[starts[-1]] + thickness, side="right"))
        if after == len(ordered):
            break
        starts.append(after)
    index = np.empty(len(depths), np.int64)
    index[order] = np.searchsorted(starts, np.arange(len(depths)), side="right") - 1
    total = np.bincount(index, weights)
    return index, np.bincount(index, weights * depths) / total


def nearest_planes(depths: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """The slice whose plane is nearest to each atom.

    Args:
        depths: (N,) positions along the beam [Å].
        planes: (S,) increasing depths of the slices [Å], at least one.

    Returns:
        (N,) int64.

    >>> nearest_planes(np.array([3.2, -9.0, 1.4]), np.array([0.0, 3.0]))
    array([1, 0, 0])
    """
    return np.searchsorted((planes[1:] + planes[:-1]) / 2, depths)
