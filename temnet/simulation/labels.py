"""Label maps: the target output of a network."""

from __future__ import annotations

import numpy as np

from temnet.records import IGNORED, Columns

REACH = 4.0
"""A Gaussian is drawn out to this many standard deviations, where it is 3e-4."""

IGNORED_REACH = 2.5
"""Pixels within this many standard deviations of an ignored column have weight 0."""


def draw_labels(
    columns: Columns,
    shape: tuple[int, int],
    sampling: float,
    width: float,
    class_count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Label maps with a Gaussian per column, and the weights of the pixels.

    Within a class the larger Gaussian counts; where the classes sum to more than one they are
    scaled down to one, and the background takes the rest.  Gaussians of columns outside the image
    reach into it.

    Args:
        columns: The columns.
        shape: (rows, cols) of the image.
        sampling: Pixel size [Å].
        width: Standard deviation of a Gaussian [Å].
        class_count: Number of classes without the background.

    Returns:
        Labels (row, col, class_count + 1) float32 that sum to one over the classes, the
        background last; weights (row, col) float32, 0 near ignored columns, else 1.

    Raises:
        ValueError: If the class of a column is not below ``class_count``.
    """
    if np.any(columns.class_index >= class_count):
        raise ValueError(f"a class index is not below {class_count}")
    spots = np.zeros((class_count + 1, *shape), np.float32)
    channel = np.where(columns.class_index == IGNORED, class_count, columns.class_index)
    row, col, distance, which = _windows(columns.positions, shape, sampling, REACH * width)
    value = np.exp(-0.5 * (distance / width) ** 2).astype(np.float32)
    np.maximum.at(spots, (channel[which], row, col), value)
    ignored = spots[class_count] >= np.exp(-0.5 * IGNORED_REACH**2)
    labels = np.moveaxis(spots, 0, -1)
    labels[..., -1] = 0
    total = labels.sum(axis=-1, keepdims=True)
    labels /= np.maximum(total, 1)
    labels[..., -1] = np.maximum(1 - total[..., 0], 0)
    return np.ascontiguousarray(labels), (~ignored).astype(np.float32)


def _windows(
    positions: np.ndarray, shape: tuple[int, int], sampling: float, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pixels near points: rows, columns, distances [Å] and the point each belongs to."""
    half = int(np.ceil(reach / sampling))
    offsets = np.arange(-half, half + 1)
    centre = np.rint(positions / sampling).astype(int)
    row = centre[:, 0, None, None] + offsets[:, None] + 0 * offsets[None, :]
    col = centre[:, 1, None, None] + 0 * offsets[:, None] + offsets[None, :]
    which = np.broadcast_to(np.arange(len(positions))[:, None, None], row.shape)
    inside = (row >= 0) & (row < shape[0]) & (col >= 0) & (col < shape[1])
    row, col, which = row[inside], col[inside], which[inside]
    place = np.stack([row, col], axis=1) * sampling
    distance = np.linalg.norm(place - positions[which], axis=1)
    return row, col, distance, which
