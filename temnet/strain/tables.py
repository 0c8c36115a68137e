"""Tables of strain: each column, each grain's lattice, and the profile from the surface inwards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.interoperability.found_columns import Further
from temnet.strain.deformation import QUANTITIES
from temnet.strain.lattice import Lattice
from temnet.strain.local_lattice import State
from temnet.strain.results import StrainMap
from temnet.strain.surface import BURIED
from temnet.tables.csv_rows import column_help

UNKNOWN = np.full((2, 2), math.nan)
"""Vectors of a lattice that is not known."""

STRAIN_FILE, LATTICES_FILE, PROFILE_FILE = "strain.csv", "lattices.csv", "profile.csv"
"""Names of the tables in the folder of the stage `strain`."""


@dataclass(frozen=True)
class StrainRow:
    """Row of ``strain.csv``: the strain around one column in one frame, or around one site.

    x runs to the right and y up in the image.  Strain is the Biot strain, the stretch of the left
    polar decomposition minus one: 0.01 is one per cent longer.  Values are empty where the state is
    not ``fitted``, or where the grain has no reference.

    Attributes:
        file: Name of the image or movie.
        frame: Number of the frame, from 0; empty where positions were averaged over frames.
        site: Number of the site in ``sites.csv`` where positions were averaged over frames.
        frames: Number of frames that were averaged.
        row_angstrom: Row of the column [Å] from the centre of pixel [0, 0].
        col_angstrom: Column of the atomic column [Å] from the centre of pixel [0, 0].
        row_pixel: Row [pixels of the file].
        col_pixel: Column [pixels of the file].
        class_: The class of the column.
        grain: Number of the grain in ``lattices.csv``; empty without a grain.
        state: ``fitted``, or why there is no value: ``few-neighbours``, ``one-row``, ``misfit``
            (a boundary, a defect, a column beside the lattice) or ``no-lattice``.
        neighbours: Number of neighbours in the fit.
        residual_angstrom: Root mean square distance of the columns from the fit [Å].
        layer: Layer from the surface of the crystal, which is 1; empty where there is no surface.
        depth_angstrom: Distance from the nearest column at the surface [Å].
        e_xx: Strain along x.
        e_yy: Strain along y.
        e_xy: Shear strain: half the change of a right angle; positive where the diagonal from
            lower left to upper right is longer.
        rotation_deg: Rotation of the lattice [degrees], anticlockwise.
        dilatation: Relative change of area.
        e_a: Strain along the lattice vector a of ``lattices.csv``.
        e_b: Strain along the lattice vector b.
        e_xx_error: Standard error of ``e_xx``.
        e_yy_error: Standard error of ``e_yy``.
        e_xy_error: Standard error of ``e_xy``.
        rotation_error_deg: Standard error of ``rotation_deg`` [degrees].
        dilatation_error: Standard error of ``dilatation``.
        e_a_error: Standard error of ``e_a``.
        e_b_error: Standard error of ``e_b``.
    """

    file: str
    frame: int | None
    site: int | None
    frames: int
    row_angstrom: float
    col_angstrom: float
    row_pixel: float
    col_pixel: float
    class_: str
    grain: int | None
    state: str
    neighbours: int
    residual_angstrom: float
    layer: int | None
    depth_angstrom: float
    e_xx: float
    e_yy: float
    e_xy: float
    rotation_deg: float
    dilatation: float
    e_a: float
    e_b: float
    e_xx_error: float
    e_yy_error: float
    e_xy_error: float
    rotation_error_deg: float
    dilatation_error: float
    e_a_error: float
    e_b_error: float


@dataclass(frozen=True)
class LatticeRow:
    """Row of ``lattices.csv``: the lattice of one grain in one frame.

    Attributes:
        file: Name of the image or movie.
        frame: Number of the frame, from 0; empty where positions were averaged over frames.
        grain: Number of the grain, from 0, the largest first.
        columns: Number of its columns with a strain.
        sites: Number of columns in its cell.
        a_angstrom: Length of the lattice vector a in the core [Å].
        b_angstrom: Length of the lattice vector b [Å].
        angle_deg: Angle from a to b [degrees], anticlockwise.
        direction_deg: Direction of a [degrees], anticlockwise from x.
        reference_a_angstrom: Length of a in the reference [Å]; empty without a reference.
        reference_b_angstrom: Length of b in the reference [Å].
        reference_angle_deg: Angle from a to b in the reference [degrees].
        reference_columns: Number of columns whose mean lattice is the reference.
        e_xx_common_error: Standard error of ``e_xx`` that all columns share because of the
            reference; it is part of the error of each.
        e_yy_common_error: The same of ``e_yy``.
    """

    file: str
    frame: int | None
    grain: int
    columns: int
    sites: int
    a_angstrom: float
    b_angstrom: float
    angle_deg: float
    direction_deg: float
    reference_a_angstrom: float
    reference_b_angstrom: float
    reference_angle_deg: float
    reference_columns: int | None
    e_xx_common_error: float
    e_yy_common_error: float


@dataclass(frozen=True)
class ProfileRow:
    """Row of ``profile.csv``: the mean of one quantity in one layer of one frame.

    Attributes:
        file: Name of the image or movie.
        frame: Number of the frame, from 0; empty where positions were averaged over frames.
        layer: Layer from the surface of the crystal, which is 1.
        depth_angstrom: Mean distance of its columns from the surface [Å].
        quantity: Name of the quantity, as in ``strain.csv``.
        columns: Number of columns with a value.
        mean: Their mean.
        error: Standard error of the mean, with what neighbouring fits and the reference have in
            common.
        spread: Standard deviation of the values.
    """

    file: str
    frame: int | None
    layer: int
    depth_angstrom: float
    quantity: str
    columns: int
    mean: float
    error: float
    spread: float


def strain_rows(
    strain: StrainMap,
    file: str,
    classes: Sequence[str],
    pixel_size: tuple[float, float],
    site: np.ndarray | None = None,
    frames: np.ndarray | None = None,
) -> Iterator[StrainRow]:
    """Rows of strain.csv.

    Args:
        strain: The map.
        file: Name of the image or movie.
        classes: Name of each class index.
        pixel_size: Height and width of the file's pixels [Å].
        site: (N,) sites, where positions were averaged; else None.
        frames: (N,) number of frames that were averaged; one each by default.
    """
    peaks, words = strain.columns, strain.words
    pixels = peaks.positions / np.asarray(pixel_size)
    names = (*COLUMNS, *ERRORS)
    numbers = np.concatenate([strain.values, strain.errors], axis=1).tolist()
    for number in range(len(strain)):
        (row, col), (row_pixel, col_pixel) = peaks.positions[number], pixels[number]
        yield StrainRow(
            file=file,
            frame=int(peaks.frame[number]) if site is None else None,
            site=None if site is None else int(site[number]),
            frames=1 if frames is None else int(frames[number]),
            row_angstrom=float(row),
            col_angstrom=float(col),
            row_pixel=float(row_pixel),
            col_pixel=float(col_pixel),
            class_=classes[peaks.class_index[number]],
            grain=_known(strain.grain[number]),
            state=str(words[number]),
            neighbours=int(strain.neighbours[number]),
            residual_angstrom=float(strain.residual[number]),
            layer=_known(strain.layer[number]),
            depth_angstrom=float(strain.depth[number]),
            **dict(zip(names, numbers[number], strict=True)),
        )


def _known(number: int) -> int | None:
    """A number, or None for -1."""
    return None if number == BURIED else int(number)


def further_numbers(strain: StrainMap) -> dict[str, Further]:
    """Strain as further numbers of the columns, for files that other programs read."""
    meaning = column_help(StrainRow)
    states = ", ".join(f"{each.value} ({each.word})" for each in State)
    values: dict[str, np.ndarray] = {
        "grain": strain.grain,
        "strain_state": strain.state,
        "layer": strain.layer,
        **dict(zip(COLUMNS, strain.values.T, strict=True)),
        **dict(zip(ERRORS, strain.errors.T, strict=True)),
    }
    return {
        name: Further(
            each,
            "degrees" if name.endswith("_deg") else "",
            f"whether there is a strain: {states}" if name == "strain_state" else meaning[name],
        )
        for name, each in values.items()
    }


def lattice_rows(strain: StrainMap, file: str, averaged: bool = False) -> Iterator[LatticeRow]:
    """Rows of lattices.csv.

    Args:
        strain: The map.
        file: Name of the image or movie.
        averaged: Whether positions were averaged over frames.
    """
    for each in strain.lattices:
        lattice, reference = each.measured, each.reference
        other = Lattice(UNKNOWN, UNKNOWN[:1]) if reference is None else reference.lattice
        yield LatticeRow(
            file=file,
            frame=None if averaged else each.frame,
            grain=each.grain,
            columns=each.columns,
            sites=len(lattice.sites),
            a_angstrom=float(lattice.lengths[0]),
            b_angstrom=float(lattice.lengths[1]),
            angle_deg=lattice.angle,
            direction_deg=lattice.direction,
            reference_a_angstrom=float(other.lengths[0]),
            reference_b_angstrom=float(other.lengths[1]),
            reference_angle_deg=other.angle,
            reference_columns=None if reference is None else reference.columns,
            e_xx_common_error=float(each.common_error[0]),
            e_yy_common_error=float(each.common_error[1]),
        )


def profile_rows(strain: StrainMap, file: str, averaged: bool = False) -> Iterator[ProfileRow]:
    """Rows of profile.csv; arguments are those of `lattice_rows`."""
    for each in strain.layer_means:
        numbers = np.stack([each.mean, each.error, each.spread], axis=1).tolist()
        for name, (mean, error, spread) in zip(COLUMNS, numbers, strict=True):
            yield ProfileRow(
                file=file,
                frame=None if averaged else each.frame,
                layer=each.layer,
                depth_angstrom=each.depth,
                quantity=name,
                columns=each.columns,
                mean=mean,
                error=error,
                spread=spread,
            )


COLUMNS = tuple("rotation_deg" if name == "rotation" else name for name in QUANTITIES)
"""Names of the values in the tables, in the order of `QUANTITIES`."""

ERRORS = tuple(
    "rotation_error_deg" if name == "rotation" else f"{name}_error" for name in QUANTITIES
)
"""Names of their standard errors."""
