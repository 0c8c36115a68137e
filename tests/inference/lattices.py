"""Images of lattices."""

import numpy as np


def lattice(shape=(64, 80), pixel=(0.2, 0.2), period=2.3):
    """Counts of a lattice of columns, by the height and width of a pixel [Å]."""
    row, col = np.mgrid[: shape[0], : shape[1]]
    wave = np.cos(2 * np.pi * row * pixel[0] / period) * np.cos(2 * np.pi * col * pixel[1] / period)
    return (100 + 30 * wave).astype(np.float32)
