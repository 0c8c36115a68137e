"""The symmetries that an image may be shown in."""

from __future__ import annotations

import numpy as np

SYMMETRIES = 8
"""Rotations by quarter turns, and the same mirrored."""


def apply_symmetry(maps: np.ndarray, symmetry: int) -> np.ndarray:
    """An image or map in one of the eight symmetries of the square.

    Args:
        maps: (row, col, ...), square unless ``symmetry`` is 0, 2, 4 or 6.
        symmetry: 0 to 7; 0 leaves it as it is.

    Returns:
        The turned map; channels stay where they are.
    """
    turned = np.rot90(maps, symmetry % 4, axes=(0, 1))
    return np.ascontiguousarray(turned[:, ::-1] if symmetry >= 4 else turned)
