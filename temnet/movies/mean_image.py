"""Time average of a movie with the drift of the specimen removed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from temnet.reporting.files.kept_frames import each_frame, read_index


def mean_image(path: Path, drift: np.ndarray, usable: np.ndarray) -> np.ndarray | None:
    """Return the average of the usable frames after removing their drift.

    Args:
        path: File of the kept frames.
        drift: (F, 2) drift of every frame of the movie [Å].
        usable: (F,) bool.

    Returns:
        (row, col) float32 in the frame of reference of the sites, NaN where no frame reaches;
        None if no frame is usable.
    """
    index = read_index(path)
    total = weight = np.zeros(0)
    kept = zip(each_frame(path), index.numbers, index.sampling, strict=True)
    for image, number, sampling in kept:
        if not usable[number]:
            continue
        shift = -drift[number] / sampling
        moved = ndimage.shift(image.astype(float), shift, order=1, cval=np.nan)
        there = np.isfinite(moved)
        if not total.size:
            total, weight = np.zeros_like(moved), np.zeros_like(moved)
        total[there] += moved[there]
        weight += there
    if not np.any(weight):
        return None
    return np.where(weight > 0, total / np.maximum(weight, 1), np.nan).astype(np.float32)
