"""Frames for the screen: eight bits, and no more pixels than a page can show."""

from __future__ import annotations

import numpy as np

MOST_SHOWN = 1024
"""Most rows and columns of a picture."""

DARKEST, BRIGHTEST = 0.5, 99.5
"""Percentiles of the grey values that become black and white."""

SAMPLE = 2**16
"""Percentiles are those of about so many pixels."""


def screen_picture(pixels: np.ndarray) -> tuple[np.ndarray, int]:
    """A frame for the screen.

    Args:
        pixels: (row, col) grey values; those that are not finite become black.

    Returns:
        (row, col) uint8, the means of square blocks of pixels, of which the last row and column may
        be cut off; and the pixels on the side of a block.

    >>> picture, block = screen_picture(np.arange(2048.0 * 16).reshape(2048, 16))
    >>> picture.shape, block, int(picture[0, 0]), int(picture[-1, -1])
    ((1024, 8), 2, 0, 255)
    """
    block = -(-max(pixels.shape) // MOST_SHOWN)
    rows, cols = (size // block for size in pixels.shape)
    values = np.zeros((rows, cols), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for row in range(block):
            for col in range(block):
                values += pixels[row : rows * block : block, col : cols * block : block]
    finite = np.isfinite(values)
    if not finite.all():
        values = np.where(finite, values, values[finite].min(initial=0))
    step = max(1, int(np.sqrt(values.size / SAMPLE)))
    low, high = np.percentile(values[::step, ::step], (DARKEST, BRIGHTEST))
    scale = 255 / (high - low) if high > low else 0.0
    return np.clip((values - low) * scale, 0, 255).astype(np.uint8), block
