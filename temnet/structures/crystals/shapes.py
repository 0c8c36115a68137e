"""Shapes of crystals: wedges, particles, surface steps and single sheets."""

from __future__ import annotations

from itertools import product

import numpy as np

from temnet.structures.geometry import Field

FACET_SPREAD = 0.2
"""Standard deviation of the distances of a particle's facets, a fraction of its radius."""

LAYER_GAP = 1.9
"""Sheets of a layered crystal have at least this between their outermost atoms [Å]."""

STEP = (2.0, 12.0)
"""Heights of surface steps [Å]."""

FACETS = np.array([v for v in product((-1, 0, 1), repeat=3) if any(v)], dtype=float)
"""Normals of planes of low indices."""


def in_wedge(
    positions: np.ndarray, field: Field, thickness: float, rng: np.random.Generator
) -> np.ndarray:
    """(N,) bool: atoms of a crystal that grows thicker from an edge in a random direction.

    Args:
        positions: (N, 3) atoms about z = 0 [Å].
        field: The field, in which the edge lies.
        thickness: Largest thickness, far from the edge [Å].
        rng: Draws the edge and the slope.
    """
    reach = 0.5 * min(field.height, field.width)
    angle, edge = rng.uniform(0, 2 * np.pi), rng.uniform(-0.9, 0.3) * reach
    length = rng.uniform(0.7, 3.0) * reach
    along = (positions[:, :2] - field.centre) @ [np.cos(angle), np.sin(angle)]
    top = thickness * np.clip((along - edge) / length, 0, 1) - thickness / 2
    # One face is flat, the other one rises.
    return (along > edge) & (positions[:, 2] <= top)


def below_steps(
    positions: np.ndarray, field: Field, count: int, rng: np.random.Generator
) -> np.ndarray:
    """(N,) bool: atoms that are left when parts of the upper surface are lowered.

    Args:
        positions: (N, 3) atoms [Å].
        field: The field, in which the steps lie.
        count: Number of steps.
        rng: Draws the steps.
    """
    kept = np.ones(len(positions), bool)
    if not len(positions):
        return kept
    top, extent = positions[:, 2].max(), float(np.ptp(positions[:, 2]))
    reach = 0.5 * min(field.height, field.width)
    for _ in range(count):
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.9, 0.9) * reach
        height = min(rng.uniform(*STEP), extent / 2)
        beyond = (positions[:, :2] - field.centre) @ [np.cos(angle), np.sin(angle)] > offset
        kept &= ~(beyond & (positions[:, 2] > top - height))
    return kept


def in_polyhedron(
    positions: np.ndarray, vectors: np.ndarray, radius: float, rng: np.random.Generator
) -> np.ndarray:
    """(N,) bool: atoms inside facets of low indices at random distances about the origin.

    Args:
        positions: (N, 3) atoms [Å].
        vectors: (3, 3) cell vectors as rows, in the axes of the positions [Å].
        radius: Mean distance of the facets [Å].
        rng: Draws the distances.
    """
    normals = FACETS @ np.linalg.inv(vectors).T
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    distances = radius * (1 + FACET_SPREAD * rng.standard_normal(len(normals)))
    return np.all(positions @ normals.T <= distances, axis=1)


def in_sheets(heights: np.ndarray, count: int) -> np.ndarray:
    """(N,) bool: atoms of some neighbouring sheets in the middle of a layered crystal.

    Args:
        heights: (N,) positions across the sheets [Å].
        count: Number of sheets.
    """
    levels = np.unique(heights.round(3))
    sheet_of_level = np.cumsum(np.diff(levels, prepend=levels[:1]) > LAYER_GAP)
    sheet = sheet_of_level[np.searchsorted(levels, heights.round(3))]
    first = (sheet_of_level[-1] + 1 - count) // 2
    return (sheet >= first) & (sheet < first + count)
