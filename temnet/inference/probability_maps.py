"""Maps of probabilities that a network predicts for an image."""

from __future__ import annotations

import math

import numpy as np

from temnet.images.flatten import flatten
from temnet.images.normalize import normalize
from temnet.images.resample import reflect_index, resample
from temnet.inference.engines.engine import Engine, ImageLimits
from temnet.inference.tiling import BLEND, LONGEST, MARGIN, in_parts
from temnet.models.network import Network


def predict_probabilities(engine: Engine, images: np.ndarray) -> np.ndarray:
    """Probability of each class at each pixel.

    Args:
        engine: Engine that runs the network, of
            `temnet.inference.engines.choice.choose_engine`, or of
            `temnet.inference.engines.keras_engine.keras_engine` for a Keras model.
        images: (row, col, focus), normalised, at the network's sampling; any size.  They are
            padded by reflection to a size that the network takes, and the result is cut back.
            Large ones are processed in tiles.

    Returns:
        (row, col, class + 1) float32 that sums to one, the background last.
    """
    rows, cols = images.shape[:2]
    limits = engine.limits
    padded, (top, left) = pad_to_size(np.asarray(images, np.float32), limits.unit, limits.smallest)
    if rows * cols > LONGEST**2:
        margin = tile_margin(limits)
        result = in_parts(engine.run, padded, limits.channels, margin=margin, unit=limits.unit)
    else:
        result = engine.run(padded)
    return result[top : top + rows, left : left + cols]


def tile_margin(limits: ImageLimits) -> int:
    """Margin of the tiles of a large image [pixels].

    Half a seam more than the receptive field's radius, but no more than `MARGIN`.
    """
    return min(math.ceil(limits.radius) + BLEND // 2, MARGIN)


def pad_to_size(images: np.ndarray, unit: int, smallest: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Images padded by reflection to a size that a network takes.

    Args:
        images: (row, col, focus), of any size.
        unit: Rows and columns of the result are multiples of this.
        smallest: Least number of rows and columns.

    Returns:
        The padded images, and the (row, col) of pixel [0, 0] in them.

    >>> padded, origin = pad_to_size(np.zeros((5, 64, 1)), 16, 20)
    >>> padded.shape, origin
    ((32, 64, 1), (13, 0))
    """
    extra = [-(-max(size, smallest) // unit) * unit - size for size in images.shape[:2]]
    origin = (extra[0] // 2, extra[1] // 2)
    for axis in (0, 1):
        if extra[axis] == 0:
            continue
        count = images.shape[axis]
        index = reflect_index(np.arange(count + extra[axis]) - origin[axis], count)
        images = np.take(images, index, axis=axis)
    return images, origin


def prepare_frame(
    network: Network, frame: np.ndarray, sampling: float, flat: bool = False
) -> np.ndarray:
    """A frame as the network takes it: resampled to its pixels and normalised.

    Args:
        network: The network.
        frame: (row, col, focus) in any linear grey values.
        sampling: Pixel size of the frame [Å].
        flat: Whether what varies slowly is subtracted before (`temnet.images.flatten`).

    Returns:
        (row', col', focus) float32 at ``network.sampling``.
    """
    images = resample(frame, sampling, network.sampling)
    if flat:
        images = flatten(images, network.sampling)
    width = network.labels.normalisation_width
    return normalize(images, network.sampling, width)
