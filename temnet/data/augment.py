"""Augmentation of training images together with their labels."""

from __future__ import annotations

import numpy as np

from temnet.config.learning.augmentation import Augmentation
from temnet.randomness import generator

SYMMETRIES = 8
"""Rotations by quarter turns, and the same mirrored."""

Maps = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Images (row, col, focus), labels (row, col, class), weights (row, col)."""


def augmented(maps: Maps, settings: Augmentation, seed: int, position: int) -> Maps:
    """Augment an example for one position in the order of training.

    All images of a focal series are changed in the same way.

    Args:
        maps: Normalised images, labels and weights.
        settings: Crop, symmetries, contrast and brightness.
        seed: The seed of the experiment.
        position: Number of earlier training examples; the draws depend on it alone.
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
    """Apply one of the eight symmetries of the square to an image or map.

    Args:
        maps: (row, col, ...), square unless ``symmetry`` is 0, 2, 4 or 6.
        symmetry: 0 to 7; 0 is the identity.

    Returns:
        The transformed map; the order of channels stays.
    """
    turned = np.rot90(maps, symmetry % 4, axes=(0, 1))
    return np.ascontiguousarray(turned[:, ::-1] if symmetry >= 4 else turned)
