"""Atoms of a sheet from the centres of its rings."""

import numpy as np
from scipy.spatial import Delaunay, QhullError


def atoms_between(centres, longest):
    """(N, 2) positions [Å] of the atoms of a sheet, from the (R, 2) centres of its rings [Å].

    Each atom with three bonds lies between three rings: in the middle of a Delaunay triangle of
    their centres, exactly so in a perfect sheet.  Triangles with a side longer than ``longest`` [Å]
    lie in a hole or outside of the sheet.
    """
    centres = np.reshape(centres, (-1, 2))
    try:
        triangles = (
            centres[Delaunay(centres).simplices] if len(centres) > 2 else np.zeros((0, 3, 2))
        )
    except QhullError:  # all on one line
        triangles = np.zeros((0, 3, 2))
    sides = np.linalg.norm(triangles - np.roll(triangles, 1, axis=1), axis=2)
    return triangles[sides.max(axis=1, initial=0) <= longest].mean(axis=1)
