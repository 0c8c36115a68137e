"""Records of the lattice of an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProposedSize:
    """A pixel size at which known crystals explain the lattice.

    Attributes:
        sampling: The pixel size [Å].
        materials: The crystals.
    """

    sampling: float
    materials: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MeasuredLattice:
    """The lattice of an image, a movie or a focal series.

    Attributes:
        spacings: Distances between the lattice planes that stand out in the power spectrum, the
            strongest first [Å]; empty where none does.
        angles: Directions of their normals in the image, counter-clockwise from that of the
            strongest [deg].
        materials: Known crystals that explain them at the given pixel size.
        proposed: Pixel sizes at which known crystals explain them better than at the given one,
            the best first; empty where the given one fits.
        compared: Whether the network's materials are known and a lattice was compared with them.
        foreign: Whether no known crystal explains the lattice, so that classes mean nothing.
    """

    spacings: tuple[float, ...] = ()
    angles: tuple[float, ...] = ()
    materials: tuple[str, ...] = ()
    proposed: tuple[ProposedSize, ...] = ()
    compared: bool = False
    foreign: bool = False
