"""Saturation: pixels at the largest value of the detector."""

from __future__ import annotations

import numpy as np

SATURATED = 1e-3
"""Fraction of pixels at the largest value that causes a warning."""


def saturated_fraction(image: np.ndarray) -> float:
    """Fraction of pixels at the largest value, zero if they do not accumulate there.

    Args:
        image: (row, col), finite.

    >>> float(saturated_fraction(np.minimum(np.arange(100.0), 90.0).reshape(10, 10)))
    0.1
    """
    top = image.max()
    count = np.count_nonzero(image == top)
    if count <= SATURATED * image.size or count == image.size:
        return 0.0
    next_one = image[image < top].max()
    return count / image.size if count > 2 * np.count_nonzero(image == next_one) else 0.0
