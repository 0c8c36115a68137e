"""Check that a structure from a file or a function can be simulated."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from temnet.errors import InputError
from temnet.records import Structure

CLOSEST = 0.6
"""Atoms closer than this overlap [Å]; the shortest bond, H-H, has 0.74 Å."""

HEAVIEST = 103
"""Largest atomic number with scattering factors."""


def check_structure(structure: Structure, origin: str) -> Structure:
    """Return the structure if it has atoms, none overlap and all have scattering factors.

    Args:
        structure: The structure.
        origin: Its file or function, for messages.

    Raises:
        InputError: If it has no atoms, overlapping atoms or an unknown element.
    """
    atoms = structure.atoms
    if not len(atoms):
        raise InputError(
            f"{origin}: the structure has no atoms in the image; check its size and position."
        )
    unknown = sorted(set(atoms.numbers[(atoms.numbers < 1) | (atoms.numbers > HEAVIEST)].tolist()))
    if unknown:
        raise InputError(
            f"{origin}: no scattering factors exist for the atomic number "
            f"{', '.join(map(str, unknown))}; expected 1 to {HEAVIEST}."
        )
    if not np.all(np.isfinite(atoms.positions)):
        raise InputError(f"{origin}: some positions are not finite numbers; check the structure.")
    if len(atoms) > 1:
        nearest = cKDTree(atoms.positions).query(atoms.positions, k=2)[0][:, 1].min()
        if nearest < CLOSEST:
            raise InputError(
                f"{origin}: two atoms are {nearest:.2f} Å apart and overlap; expected at least "
                f"{CLOSEST:g} Å. Remove one of them."
            )
    return structure
