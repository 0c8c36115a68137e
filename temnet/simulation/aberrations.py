"""The aberration function of the objective lens."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

TERMS = {
    "C10": (1, 0),
    "C12": (1, 2),
    "C21": (2, 1),
    "C23": (2, 3),
    "C30": (3, 0),
    "C32": (3, 2),
    "C34": (3, 4),
    "C50": (5, 0),
}
"""Order n and multiplicity m of Krivanek's coefficients."""


def aberration_function(
    aberrations: Mapping[str, float], rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Path difference that a lens adds to rays, and its gradient.

    W = sum |alpha|^(n+1) C_nm cos(m (phi - phi_nm)) / (n + 1): Krivanek, Dellby & Lupini,
    Ultramicroscopy 78, 1 (1999), in polar form.

    Args:
        aberrations: C_nm [Å] and phi_nm [rad] by abTEM's symbols; missing ones are zero.
        rays: Angles to the optic axis alpha exp(i phi) [rad], complex, phi from the columns'
            axis (x) to the rows' (y).

    Returns:
        W [Å], real, and its gradient by the angle [Å / rad], complex, x + i y.
    """
    rays = np.asarray(rays, np.complex128)
    way, slope = np.zeros(rays.shape), np.zeros(rays.shape, np.complex128)
    for symbol, (order, fold) in TERMS.items():
        size = aberrations.get(symbol, 0.0)
        if size == 0:
            continue
        # |alpha|^(n+1) cos(m (phi - phi_nm)) is the real part of c ray^p conj(ray)^q.
        c = size / (order + 1) * np.exp(-1j * fold * aberrations.get(f"phi{symbol[1:]}", 0.0))
        p, q = (order + 1 + fold) // 2, (order + 1 - fold) // 2
        mirrored = rays.conj()
        way += (c * rays**p * mirrored**q).real
        slope += np.conj(c * p * rays ** (p - 1) * mirrored**q)
        if q:
            slope += c * q * rays**p * mirrored ** (q - 1)
    return way, slope
