"""Specimens of movies: columns that appear and disappear as a Markov chain, and slow drift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from temnet.records import Columns, Structure
from temnet.structures.coordination import neighbour_count


def edge_columns(columns: Columns, class_index: int, most_neighbours: int) -> np.ndarray:
    """(N,) bool: columns of a class with few neighbours of that class in projection.

    Args:
        columns: The columns.
        class_index: The class.
        most_neighbours: Largest number of neighbours of an edge column.
    """
    chosen = columns.class_index == class_index
    chosen[chosen] = neighbour_count(columns.positions[chosen]) <= most_neighbours
    return chosen


def markov_presence(
    changing: np.ndarray,
    frames: int,
    appearance: float,
    disappearance: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Presence of each column in each frame.

    Each changing column is a two-state chain of its own, in equilibrium from the first frame:
    present with the probability appearance / (appearance + disappearance); the others are
    always present.

    Args:
        changing: (N,) bool, the columns that appear and disappear.
        frames: Number of frames.
        appearance: Probability per frame that a missing column appears.
        disappearance: Probability per frame that a column disappears.
        rng: Random generator.

    Returns:
        (N, frames) bool.
    """
    presence = np.ones((len(changing), frames), bool)
    count, total = int(changing.sum()), appearance + disappearance
    state = rng.random(count) < (appearance / total if total > 0 else 1.0)
    for frame in range(frames):
        if frame > 0:
            draw = rng.random(count)
            state = np.where(state, draw >= disappearance, draw < appearance)
        presence[changing, frame] = state
    return presence


def random_drift(frames: int, step: float, rng: np.random.Generator) -> np.ndarray:
    """(frames, 2) random walk from (0, 0), (row, col) [Å].

    Args:
        frames: Number of frames.
        step: Standard deviation from frame to frame and per axis [Å].
        rng: Random generator.
    """
    steps = rng.normal(0, step, (frames, 2))
    steps[0] = 0
    return np.cumsum(steps, axis=0)


def frame_structure(structure: Structure, present: np.ndarray, drift: np.ndarray) -> Structure:
    """The specimen of one frame: without the missing columns, and drifted.

    Args:
        structure: The whole specimen.
        present: (N,) bool, the columns present in the frame.
        drift: (2,), (row, col) [Å].

    Returns:
        The specimen; atoms that belong to no column stay.
    """
    keep = (structure.atom_column < 0) | present[structure.atom_column]
    atoms = structure.atoms[keep]
    atoms.positions += np.array([drift[1], drift[0], 0.0])
    number = np.cumsum(present) - 1
    column = structure.atom_column[keep]
    columns = structure.columns.select(present)
    columns = replace(columns, positions=columns.positions + drift)
    return Structure(
        atoms, columns, np.where(column >= 0, number[column], -1), structure.parameters
    )
