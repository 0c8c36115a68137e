"""What a measurement of strain gives: values with errors, lattices of grains, means of layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from temnet.records import Peaks
from temnet.strain.deformation import QUANTITIES
from temnet.strain.lattice import Lattice
from temnet.strain.local_lattice import State
from temnet.strain.reference import Reference


@dataclass(frozen=True)
class GrainLattice:
    """The lattice of a grain.

    Attributes:
        frame: The frame.
        grain: Number of the grain in its frame, from 0, the largest first.
        columns: Number of its columns with values.
        measured: Its mean lattice in the core [Å].
        reference: The lattice that strain was measured against; None if there is no such lattice,
            and then the grain has no strain.
        common_error: (7,) float64, standard errors of `QUANTITIES` that all columns of the grain
            share because of the reference; NaN without a reference.
    """

    frame: int
    grain: int
    columns: int
    measured: Lattice
    reference: Reference | None
    common_error: np.ndarray


@dataclass(frozen=True)
class LayerMean:
    """The mean strain in one layer of one frame.

    Attributes:
        frame: The frame.
        layer: Layer from the surface of the crystal, which is 1.
        columns: Number of columns with values.
        depth: Their mean distance from the surface [Å].
        mean: (7,) float64, means of `QUANTITIES`.
        error: (7,) float64, standard errors of the means, with what neighbouring fits and the
            reference have in common.
        spread: (7,) float64, standard deviations of the values; NaN for one column.
    """

    frame: int
    layer: int
    columns: int
    depth: float
    mean: np.ndarray
    error: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class StrainMap:
    """Strain at each column; see `temnet.strain` for axes, signs and the measure.

    All arrays have one entry for each of ``columns``.  Values are NaN where the state is not
    ``fitted``, or where the grain has no reference.

    Attributes:
        columns: The columns.
        state: (N,) int64 of `temnet.strain.local_lattice.State`.
        grain: (N,) int64, number of the grain in the column's frame; -1 without a grain.
        neighbours: (N,) int64, neighbours in the fit.
        residual: (N,) float64, root mean square distance of the columns from the fit [Å].
        layer: (N,) int64, 1 at the surface; -1 where there is no surface or no grain.
        depth: (N,) float64, distance from the surface [Å].
        values: (N, 7) float64, `QUANTITIES`: strains and dilatation as fractions, the rotation in
            degrees.
        errors: (N, 7) float64, their standard errors.
        lattices: The lattices of the grains.
        layer_means: The mean strain in each layer from the surface inwards.
    """

    columns: Peaks
    state: np.ndarray
    grain: np.ndarray
    neighbours: np.ndarray
    residual: np.ndarray
    layer: np.ndarray
    depth: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    lattices: tuple[GrainLattice, ...]
    layer_means: tuple[LayerMean, ...]

    def __len__(self) -> int:
        return len(self.state)

    def value(self, name: str) -> np.ndarray:
        """(N,) float64, the values of one of `QUANTITIES`."""
        return self.values[:, QUANTITIES.index(name)]

    def error(self, name: str) -> np.ndarray:
        """(N,) float64, the standard errors of one of `QUANTITIES`."""
        return self.errors[:, QUANTITIES.index(name)]

    def to_table(self) -> Any:
        """The table ``columns.csv`` with the strain of each column, with all digits.

        Returns:
            A pandas DataFrame where pandas is installed, else a NumPy record array; the names of
            strain are those of ``strain.csv``.
        """
        from temnet.interoperability.found_columns import FoundColumns
        from temnet.strain.tables import further_numbers

        columns = self.columns
        if not isinstance(columns, FoundColumns):
            names = tuple(map(str, range(columns.probabilities.shape[1])))
            columns = FoundColumns.of(columns, classes=names)
        return replace(columns, further=further_numbers(self)).to_table()

    def to_hyperspy(self, signal: Any, name: str = "e_xx", error: bool = False) -> Any:
        """One quantity as a HyperSpy signal with the pixels and axes of an image.

        Each column with a value is a disc that reaches half-way to its nearest neighbour; all
        other pixels are NaN.  Nothing is interpolated.

        Args:
            signal: The signal in which the columns were found, or another one with the same pixels
                and frames.
            name: One of `QUANTITIES`: strains and dilatation as fractions, the rotation in degrees.
            error: Whether to show the standard errors instead of the values.

        Returns:
            A ``Signal2D`` of float32; where there are several frames, with the navigation axes of
            the signal.

        Raises:
            InputError: If the signal has other frames, the name is unknown, the columns have no
                pixel size, or HyperSpy is not installed.
        """
        from temnet.strain.hyperspy_maps import map_of

        return map_of(self, signal, name, error)

    @property
    def words(self) -> np.ndarray:
        """(N,) str, the states in words, such as ``few-neighbours``."""
        return np.array([each.word for each in State])[self.state]
