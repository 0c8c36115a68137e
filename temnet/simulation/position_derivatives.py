"""Derivatives of the expected image of an example by the positions of its columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from temnet.config.simulation import SimulationSettings
from temnet.records import Structure
from temnet.simulation.expected_image import expected_image
from temnet.system.threads import one_thread

STEP = 0.02
"""A column is moved by this much to either side [Å]; the error of the derivative is of the order
of (STEP / width of a column)^2 / 6, below a thousandth."""


@dataclass(frozen=True)
class PositionDerivatives:
    """The expected electrons of an example and their derivatives.

    Attributes:
        expected: (row, col, focus) mean number of electrons in each camera pixel.
        derivatives: (K, 2, row, col, focus) their derivatives by the row and the column of each
            requested atomic column [1/Å].
    """

    expected: np.ndarray
    derivatives: np.ndarray


@one_thread()
def position_derivatives(
    settings: SimulationSettings, index: int, split: str, positions: np.ndarray
) -> PositionDerivatives:
    """Central differences of the whole simulation with one column moved as a whole.

    The other atoms, the thermal displacements and the instrument stay the same.

    Args:
        settings: The settings of the examples.
        index: Number of the example.
        split: training, selection or validation.
        positions: (K, 2) positions of columns of the example [Å].
    """
    expected = expected_image(settings, index, split)
    derivatives = []
    for position in positions:
        column = expected.column_at(position)
        for axis in (1, 0):  # the row is the atoms' y, the column their x
            ends = [
                expected.electrons(
                    [
                        _with_moved_column(one, column, axis, sign * STEP)
                        for one in expected.vibrating
                    ]
                )
                for sign in (-1, 1)
            ]
            derivatives.append((ends[1] - ends[0]) / (2 * STEP))
    whole = expected.electrons(expected.vibrating)
    shape = (len(positions), 2, *whole.shape)
    return PositionDerivatives(whole, np.reshape(derivatives, shape))


def _with_moved_column(structure: Structure, column: int, axis: int, step: float) -> Structure:
    """A structure with the atoms of one column moved along x (0) or y (1) by a step [Å]."""
    atoms = structure.atoms.copy()
    atoms.positions[structure.atom_column == column, axis] += step
    return replace(structure, atoms=atoms)
