"""Orientations in which a crystal shows fringes at most, and no columns.

Thinner parts, such as the edge of a particle, may still show dots.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from temnet.structures.geometry import random_rotation

FINEST_PERIOD = 1.2
"""Lattice planes closer than this are ignored [Å]."""

EXCITED = 0.8
"""A reflection is visible if its component along the beam, times the thickness, is below this:
there its weight in the projected potential, sin(pi x) / (pi x), has fallen to 0.23."""

MOST_DRAWS = 10000
"""Number of orientations tried; for thin crystals about one in a hundred is accepted."""


def fcc_reflections(lattice_constant: float) -> np.ndarray:
    """Half of the reciprocal lattice of a face-centred crystal, one of each ±g.

    Args:
        lattice_constant: a [Å].

    Returns:
        (N, 3) vectors of length below 1 / 1.2 Å [1/Å], in the crystal's axes.
    """
    reach = int(np.ceil(lattice_constant / FINEST_PERIOD))
    every = np.array(list(product(range(-reach, reach + 1), repeat=3)))
    unmixed = np.all(every % 2 == every[:, :1] % 2, axis=1)
    first = np.array([tuple(index) > (0, 0, 0) for index in every.tolist()])
    reflections = every[unmixed & first] / lattice_constant
    return reflections[np.linalg.norm(reflections, axis=1) <= 1 / FINEST_PERIOD]


def shows_columns(reflections: np.ndarray, orientation: np.ndarray, thickness: float) -> bool:
    """Whether two sets of lattice planes cross in the projection.

    Args:
        reflections: (N, 3) reciprocal lattice vectors in the crystal's axes [1/Å].
        orientation: (3, 3) matrix from the crystal's axes to the image's, the beam along z.
        thickness: Thickness of the crystal along the beam [Å].
    """
    turned = reflections @ orientation.T
    excited = turned[np.abs(turned[:, 2]) * thickness < EXCITED, :2]
    if len(excited) < 2:
        return False
    area = excited[0, 0] * excited[:, 1] - excited[0, 1] * excited[:, 0]
    lengths = np.linalg.norm(excited, axis=1)
    return bool(np.any(np.abs(area) > 0.1 * lengths[0] * lengths))


def off_axis_rotation(
    reflections: np.ndarray, thickness: float, rng: np.random.Generator
) -> np.ndarray:
    """(3, 3) random orientation with at most one visible set of lattice planes.

    Args:
        reflections: (N, 3) of the crystal, from `fcc_reflections` for instance [1/Å].
        thickness: Thickness of the crystal along the beam [Å].
        rng: Draws the orientation.

    Raises:
        RuntimeError: If no orientation is found, because the crystal is too thin.
    """
    for _ in range(MOST_DRAWS):
        orientation = random_rotation(rng)
        if not shows_columns(reflections, orientation, thickness):
            return orientation
    raise RuntimeError(f"a crystal of {thickness:g} Å shows columns in any orientation")
