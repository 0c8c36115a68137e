"""Columns of three frames that no symmetry of the square maps onto themselves."""

import numpy as np

from temnet.interoperability.found_columns import FoundColumns


def made(frames=3, foci=1, site=None, **changes):
    """Five columns of two classes in the frames 0 and 2; pixels are 0.2 Å high, 0.1 Å wide."""
    values = {
        "frame": np.array([0, 0, 0, 2, 2]) if frames > 2 else np.zeros(5, int),
        "positions": np.array([[1.0, 0.5], [2.0, 3.25], [3.5, 0.25], [1.5, 0.5], [0.75, 2.0]]),
        "class_index": np.array([0, 1, 0, 0, 1]),
        "score": np.array([0.9, 0.8, 0.7, 0.6, 0.5]),
        "probabilities": np.array([[0.9, 0], [0.1, 0.7], [0.6, 0.1], [0.6, 0], [0.25, 0.25]]),
        "spread": np.full(5, np.nan),
        "flags": np.array([0, 5, 0, 0, 16]),
        "classes": ("Mo", "metal"),
        "elements": ("Mo", "X"),
        "pixel_size": (0.2, 0.1),
        "file": "film.dm4",
        "frames": frames,
        "foci": foci,
        "site": site,
    }
    return FoundColumns(**{**values, **changes})


SITE = np.array([0, 1, -1, 0, -1])
"""Sites of the made columns; the third and the last one have none."""
