"""Whether a structure that came from outside can be simulated."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from temnet.errors import InputError
from temnet.records import Structure

CLOSEST = 0.6
"""Atoms nearer to each other than this overlap; the shortest bond, H-H, has 0.74 Å."""

HEAVIEST = 103
"""Scattering factors are known up to this atomic number."""


def check_structure(structure: Structure, origin: str) -> Structure:
    """The structure itself, if it has atoms that do not overlap and that scatter.

    Args:
        structure: From a file or a user's function.
        origin: Its file or function, for the message.

    Raises:
        InputError: It has no atoms, atoms that overlap, or an element that is not known.
    """
    atoms = structure.atoms
    if not len(atoms):
        raise InputError(f"{origin}: the structure has no atoms in the image; check it.")
    unknown = sorted(set(atoms.numbers[(atoms.numbers < 1) | (atoms.numbers > HEAVIEST)].tolist()))
    if unknown:
        raise InputError(
            f"{origin}: there are no scattering factors for the atomic number "
            f"{', '.join(map(str, unknown))}; expected 1 to {HEAVIEST}."
        )
    if not np.all(np.isfinite(atoms.positions)):
        raise InputError(f"{origin}: some positions are no finite numbers; check the structure.")
    if len(atoms) > 1:
        nearest = cKDTree(atoms.positions).query(atoms.positions, k=2)[0][:, 1].min()
        if nearest < CLOSEST:
            raise InputError(
                f"{origin}: two atoms are {nearest:.2f} Å apart and overlap; expected at least "
                f"{CLOSEST:g} Å. Take one of them out."
            )
    return structure
