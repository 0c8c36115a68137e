"""Strain of a particle from the positions of its columns.

Axes and signs of all values:

* ``x`` runs to the right and ``y`` up in the image, so that ``(x, y) = (col, -row)`` in Å.
* A local affine fit gives the deformation gradient ``F``, which maps the reference lattice on the
  lattice around a column.  Its left polar decomposition ``F = V R`` separates the stretch ``V``,
  in the axes of the image, from the rotation ``R``.
* The strain is the Biot strain of that stretch, ``e = V - 1``: 0.01 is one per cent longer, however
  large it is and however the lattice is rotated.  ``V`` does not depend on the orientation in which
  a reference lattice is given.
* ``e_xy`` is the tensor's component: half of the change of a right angle for small strains, and
  positive where the lattice is longer along the diagonal from lower left to upper right.
* Rotations are in degrees and positive anticlockwise.
* The dilatation is the relative change of area, ``det(V) - 1``.
"""
