"""What a network predicts for an image."""

from __future__ import annotations

import math

import keras
import numpy as np

from temnet.config.analysis.prediction import EngineName
from temnet.images.normalize import normalize
from temnet.images.resample import reflect_index, resample
from temnet.inference.engines import Run, choose_engine, run_by_keras
from temnet.inference.symmetries import symmetric_answers
from temnet.inference.tiling import BLEND, MARGIN, WHOLE_PIXELS, in_parts
from temnet.models.checkpoint import Network
from temnet.models.factory import size_unit, smallest_size
from temnet.models.receptive_field import receptive_radius


def predict_probabilities(
    model: keras.Model, images: np.ndarray, run: Run | None = None
) -> np.ndarray:
    """Probability of each class at each pixel.

    Args:
        model: From normalised images to logits.
        images: (row, col, focus), normalised, at the network's sampling; any size.  They are
            padded by reflection to what the network takes, and the answer is cut back.  Large
            ones are looked at in parts.
        run: What runs the model; Keras by default.

    Returns:
        (row, col, class + 1) float32 that sums to one, the background last.
    """
    rows, cols = images.shape[:2]
    unit = size_unit(model)
    padded, (top, left) = pad_to_size(np.asarray(images, np.float32), unit, smallest_size(model))
    run = run or run_by_keras(model)
    if rows * cols > WHOLE_PIXELS:
        channels, margin = int(model.output_shape[-1]), tile_margin(model)
        answer = in_parts(run, padded, channels, margin=margin, unit=unit)
    else:
        answer = run(padded)
    return answer[top : top + rows, left : left + cols]


def tile_margin(model: keras.Model) -> int:
    """How far the parts of a large image reach over what is kept of them [pixels].

    Half a seam more than the network sees, but no more than `MARGIN`.
    """
    return min(math.ceil(receptive_radius(model)) + BLEND // 2, MARGIN)


def pad_to_size(images: np.ndarray, unit: int, smallest: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Images with reflected borders, so that rows and columns are what a network takes.

    Args:
        images: (row, col, focus), of any size.
        unit: What rows and columns have to be a multiple of.
        smallest: Fewest rows and columns.

    Returns:
        The padded images, and where pixel [0, 0] came to lie in them.

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


def predict_frame(
    network: Network,
    frame: np.ndarray,
    sampling: float,
    engine: EngineName = "auto",
    symmetries: bool = False,
) -> np.ndarray:
    """What a network itself says of each class at its pixels, before its scores are calibrated.

    Args:
        network: The network.
        frame: (row, col, focus) in any linear grey values.
        sampling: Its pixel size [Å].
        engine: As for `find_columns`.
        symmetries: Take the mean over the eight symmetries of the square.

    Returns:
        (row', col', class + 1) float32 at ``network_sampling(network)``.
    """
    run = choose_engine(network, engine).run
    images = prepare_frame(network, frame, sampling)
    answers = probabilities_of(network.model, images, run, symmetries)
    return answers.mean(axis=0) if symmetries else answers


def probabilities_of(
    model: keras.Model, images: np.ndarray, run: Run, symmetries: bool
) -> np.ndarray:
    """(row, col, class + 1) probabilities, or (8, row, col, class + 1), one for each symmetry."""
    if not symmetries:
        return predict_probabilities(model, images, run)
    return symmetric_answers(lambda part: predict_probabilities(model, part, run), images)


def prepare_frame(network: Network, frame: np.ndarray, sampling: float) -> np.ndarray:
    """A frame as the network wants it: at its pixels, and normalised; see `predict_frame`."""
    images = resample(frame, sampling, network_sampling(network))
    width = network.experiment.labels.normalisation_width
    return normalize(images, network_sampling(network), width)


def network_sampling(network: Network) -> float:
    """Pixel size that a network sees [Å]."""
    return float(network.experiment.model.sampling)
