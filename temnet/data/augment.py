"""What may be done to an image and its labels alike without a network's answer changing."""

from __future__ import annotations

import numpy as np

from temnet.config.learning.augmentation import Augmentation
from temnet.randomness import generator

SYMMETRIES = 8
"""Rotations by quarter turns, and the same mirrored."""

Maps = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Images (row, col, focus), labels (row, col, class), weights (row, col)."""


def augmented(maps: Maps, settings: Augmentation, seed: int, position: int) -> Maps:
    """An example as it is shown to the network at one place of its training.

    All images of a focal series are treated alike.

    Args:
        maps: Normalised images, labels and weights.
        settings: What is done.
        seed: The experiment's seed.
        position: How many training examples came before: the draws depend on it and nothing else.
    """
    rng = generator(seed, "augmentation", position)
    images, labels, weights = maps
    if settings.crop is not None:
        corner = [int(rng.integers(size - settings.crop + 1)) for size in weights.shape]
        images, labels, weights = (_window(part, corner, settings.crop) for part in maps)
    if settings.symmetries:
        symmetry = int(rng.integers(SYMMETRIES))
        images, labels, weights = (
            apply_symmetry(part, symmetry) for part in (images, labels, weights)
        )
    if settings.contrast > 0 or settings.brightness > 0:
        gain = np.float32(np.exp(settings.contrast * rng.standard_normal()))
        images = gain * images + np.float32(settings.brightness * rng.standard_normal())
    return images, labels, weights


def _window(part: np.ndarray, corner: list[int], size: int) -> np.ndarray:
    row, col = corner
    return np.ascontiguousarray(part[row : row + size, col : col + size])


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
