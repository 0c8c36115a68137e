"""Files of a simulated movie: frames recorded at each dose, and the true columns, truth.csv."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # simulation brings abTEM, which the page has no use for
    from temnet.simulation.movie import SimulatedMovie

TRUTH_FILE = "truth.csv"


def dose_file(dose: float) -> str:
    """Name of the stack of frames recorded with a dose [e/Å²].

    >>> dose_file(1000.0)
    'dose_1000.npy'
    """
    return f"dose_{dose:g}.npy"


@dataclass(frozen=True)
class TruthRow:
    """A line of truth.csv: a column of a simulated movie in one frame.

    Attributes:
        column: Number of the column.
        frame: Number of the frame, from 0.
        row_angstrom: Position along the rows in this frame, with its drift [Å].
        col_angstrom: Position along the columns [Å].
        class_: Class of the column.
        atoms: Number of atoms along the beam.
        changing: Whether the column appears and vanishes during the movie.
        present: Whether the column is there in this frame.
    """

    column: int
    frame: int
    row_angstrom: float
    col_angstrom: float
    class_: str
    atoms: int
    changing: bool
    present: bool


def truth_rows(movie: SimulatedMovie, class_names: Sequence[str]) -> Iterator[TruthRow]:
    """Lines of truth.csv, each column of a class in each frame.

    Args:
        movie: The movie.
        class_names: Name of each class index.
    """
    columns = movie.columns
    for column in np.flatnonzero(columns.class_index >= 0).tolist():
        places = (columns.positions[column] + movie.drift).tolist()
        for frame, (row, col) in enumerate(places):
            yield TruthRow(
                column=column,
                frame=frame,
                row_angstrom=row,
                col_angstrom=col,
                class_=class_names[columns.class_index[column]],
                atoms=int(columns.atom_count[column]),
                changing=bool(movie.changing[column]),
                present=bool(movie.presence[column, frame]),
            )
