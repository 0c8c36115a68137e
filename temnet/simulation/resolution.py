"""Information limit: the finest detail that an image carries."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from temnet.electrons import wavelength
from temnet.records import IGNORED, Columns
from temnet.simulation.optics import Optics

LIMIT = np.exp(-2.0)
"""Transfer at the information limit: 13.5 % of the contrast."""

STEPS = 400
"""Number of spatial frequencies that the limit is searched among."""


def transfer(optics: Optics, frequency: np.ndarray) -> np.ndarray:
    """Contrast of a weak object that the microscope keeps, in absolute value.

    The product of the aperture, the envelopes of focal and angular spread and the blur of the
    image's vibration, for the image of the series that keeps most of it.

    Args:
        optics: The microscope.
        frequency: (N,) spatial frequencies [1/Å].

    Returns:
        (N,) in [0, 1].
    """
    length = wavelength(optics.energy)
    q2 = frequency**2
    aperture = frequency * length <= optics.aperture
    focal = np.exp(-0.5 * (np.pi * length * q2 * optics.focal_spread) ** 2)
    vibration = np.exp(-0.5 * (2 * np.pi * frequency * optics.image_spread) ** 2)
    defocus = np.array(optics.defocus)[:, None]
    spherical = optics.aberrations.get("C30", 0.0)
    # Gradient of the phase in the diffraction plane; a spread of directions turns it into blur.
    gradient = 2 * np.pi * frequency * (spherical * length**2 * q2 - defocus)
    angular = np.exp(-0.5 * (gradient * optics.angular_spread) ** 2).max(axis=0)
    return aperture * focal * vibration * angular


def information_limit(optics: Optics, camera_sampling: float) -> float:
    """Highest spatial frequency that an image carries [1/Å].

    Args:
        optics: The microscope.
        camera_sampling: Pixel size of the camera [Å], whose Nyquist frequency is a limit as well.
    """
    highest = min(optics.aperture / wavelength(optics.energy), 0.5 / camera_sampling)
    frequency = np.linspace(0, highest, STEPS)
    carried = transfer(optics, frequency) >= LIMIT
    # At least one step: no distance is resolved, and reciprocals stay finite.
    return float(frequency[max(np.flatnonzero(carried)[-1], 1)])


def ignore_unresolved(columns: Columns, distance: float) -> Columns:
    """Columns with a neighbour closer than ``distance`` [Å] get the class -1."""
    if len(columns) < 2:
        return columns
    nearest = cKDTree(columns.positions).query(columns.positions, k=2)[0][:, 1]
    class_index = np.where(nearest < distance, IGNORED, columns.class_index)
    return Columns(columns.positions, class_index, columns.atom_count)
