"""Strain and rotation of a deformation gradient, and their errors.

See `temnet.strain` for the axes, the signs and the measure of strain.
"""

from __future__ import annotations

import numpy as np

QUANTITIES = ("e_xx", "e_yy", "e_xy", "rotation", "dilatation", "e_a", "e_b")
"""Values of a deformation, in the order of `deformation`."""

STEP = 1e-6
"""Change of a deformation gradient by which derivatives are found."""


def stretch(gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The left polar decomposition ``F = V R`` in two dimensions.

    Args:
        gradient: (..., 2, 2) deformation gradients of positive determinant.

    Returns:
        (..., 2, 2) the stretches V, symmetric; (...) the angles of R [rad], anticlockwise.

    >>> v, angle = stretch(np.array([[0.0, -2.0], [1.0, 0.0]]))  # a quarter turn, x twice as long
    >>> bool(np.allclose(v, np.diag([2, 1]))), float(np.degrees(angle))
    (True, 90.0)
    """
    angle = np.arctan2(
        gradient[..., 1, 0] - gradient[..., 0, 1], gradient[..., 0, 0] + gradient[..., 1, 1]
    )
    return gradient @ rotation(-angle), angle


def largest_strain(gradient: np.ndarray) -> np.ndarray:
    """(...) the larger principal strain of deformation gradients (..., 2, 2), without its sign.

    >>> float(largest_strain(np.array([[1.0, 0.1], [0.1, 1.0]])).round(6))
    0.1
    """
    v, _ = stretch(gradient)
    middle = (v[..., 0, 0] + v[..., 1, 1]) / 2 - 1
    return np.abs(middle) + np.hypot((v[..., 0, 0] - v[..., 1, 1]) / 2, v[..., 0, 1])


def rotation(angle: np.ndarray | float) -> np.ndarray:
    """(..., 2, 2) matrices that rotate by angles (...) [rad], anticlockwise."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def deformation(gradient: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The values `QUANTITIES` of deformation gradients.

    Args:
        gradient: (..., 2, 2) deformation gradients of positive determinant.
        vectors: (2, 2) vectors ``a`` and ``b`` of the reference lattice as columns [Å]; along them
            are the strains ``e_a`` and ``e_b``.

    Returns:
        (..., 7) float64: strains and dilatation as fractions, the rotation in degrees.
    """
    v, angle = stretch(gradient)
    along = np.linalg.norm(gradient @ vectors, axis=-2) / np.linalg.norm(vectors, axis=0)
    values = [
        v[..., 0, 0] - 1,
        v[..., 1, 1] - 1,
        (v[..., 0, 1] + v[..., 1, 0]) / 2,
        np.degrees(angle),
        np.linalg.det(gradient) - 1,
        along[..., 0] - 1,
        along[..., 1] - 1,
    ]
    return np.stack(values, axis=-1)


def deformation_slopes(gradient: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Derivatives of the values `QUANTITIES` by the components of a deformation gradient.

    Args:
        gradient: (n, 2, 2) deformation gradients.
        vectors: (2, 2) vectors of the reference lattice as columns [Å].

    Returns:
        (n, 7, 2, 2) float64, the derivative by ``F_ij`` in the last two axes, in the units of
        `deformation`.
    """
    slopes = np.empty((len(gradient), len(QUANTITIES), 2, 2))
    for row in range(2):
        for col in range(2):
            change = np.zeros((2, 2))
            change[row, col] = STEP
            above, below = (deformation(gradient + each, vectors) for each in (change, -change))
            slopes[..., row, col] = (above - below) / (2 * STEP)
    return slopes
