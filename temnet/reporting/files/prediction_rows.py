"""Rows of the tables that the stage `predict` writes besides ``columns.csv``."""

from __future__ import annotations

from dataclasses import dataclass

FOCI_FILE, RINGS_FILE = "foci.csv", "rings.csv"
IMAGE_DRIFT_FILE = "image_drift.csv"
"""Names of the tables in the folder of the stage `predict`."""


@dataclass(frozen=True)
class FocusRow:
    """Row of ``foci.csv``: where one image of a focal series lay before the alignment.

    Attributes:
        file: Name of the series.
        frame: Number of the frame, from 0.
        focus: Number of the image in its focal series, from 0.
        row_angstrom: Shift from the first image along the rows [Å].
        col_angstrom: Shift from the first image along the columns [Å].
        margin: Logarithm of how much likelier the frame's shifts are than any others; NaN where
            the frame could not be aligned and was left as it is.
    """

    file: str
    frame: int
    focus: int
    row_angstrom: float
    col_angstrom: float
    margin: float


@dataclass(frozen=True)
class ImageDriftRow:
    """Row of ``image_drift.csv``: where the specimen lay in a frame, measured from the images.

    Attributes:
        file: Name of the movie.
        frame: Number of the frame, from 0.
        row_angstrom: Shift along the rows from the specimen's mean place [Å]; 0 where no drift was
            removed.
        col_angstrom: Shift along the columns [Å].
        spread_angstrom: Standard deviation of the shift [Å]; empty if the images do not show the
            drift, which then is unknown.
    """

    file: str
    frame: int
    row_angstrom: float
    col_angstrom: float
    spread_angstrom: float


@dataclass(frozen=True)
class RingRow:
    """Row of ``rings.csv``: one ring of bonded columns.

    Attributes:
        file: Name of the image or movie.
        frame: Number of the frame, from 0.
        atoms: Number of columns in the ring.
        row_angstrom: Row of the ring's centre, the mean of its columns [Å].
        col_angstrom: Column of the ring's centre [Å].
        row_pixel: Row of the centre [pixels of the file].
        col_pixel: Column of the centre [pixels of the file].
        columns: Lines of its columns in ``columns.csv``, counted from 0, in order around the ring,
            with spaces between them.
    """

    file: str
    frame: int
    atoms: int
    row_angstrom: float
    col_angstrom: float
    row_pixel: float
    col_pixel: float
    columns: str
