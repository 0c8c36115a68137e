"""What a network says of images, and the columns in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np

from temnet.config.analysis import EngineName
from temnet.errors import InputError
from temnet.images.normalize import normalize
from temnet.images.resample import reflect_index, resample
from temnet.inference.engines import Run, choose_engine, run_by_keras
from temnet.inference.masks import inside_boxes
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.reach import receptive_radius
from temnet.inference.symmetries import symmetric_answers, with_spread
from temnet.inference.tiling import BLEND, MARGIN, WHOLE_PIXELS, in_parts
from temnet.models.checkpoint import Network, check_focus_count
from temnet.models.factory import size_unit, smallest_size
from temnet.records import ImageSeries, Peaks


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


def find_columns(
    network: Network,
    series: ImageSeries,
    threshold: float | None = None,
    min_distance: float | None = None,
    progress: Callable[[int], object] | None = None,
    symmetries: bool = False,
    engine: EngineName = "auto",
) -> Peaks:
    """The columns in every frame of a series.

    Each frame is resampled to the network's pixels and normalised, as training images are.

    Args:
        network: The network.
        series: Images from a microscope.
        threshold: Lowest score of a column; by default the network's own.
        min_distance: Columns closer than this [Å] are one; by default three label widths.
        progress: Called with 1 after each frame.
        symmetries: Look at each frame in the eight symmetries of the square, which takes eight
            times as long; columns are those of the mean answer, with the spread of positions and
            classes.
        engine: What runs the network; `auto` takes OpenVINO where it is installed and agrees
            with Keras (see `choose_engine`).

    Returns:
        Peaks with their frame, positions [Å] from the centre of the series' pixel [0, 0]; none in
        its masked boxes.

    Raises:
        InputError: There are no frames, not as many focal images as the network wants, or the
            engine is not there.
    """
    frames = series.images
    if len(frames) == 0:
        raise InputError(f"{series.name or 'The series'}: there are no frames to look at.")
    check_focus_count(network, frames.shape[-1])
    finder = PeakFinder.of(network, threshold, min_distance)
    run = choose_engine(network, engine).run
    found = []
    for number, frame in enumerate(frames):
        images = prepare_frame(network, frame, series.sampling)
        peaks = _look(network, run, images, finder, symmetries)
        found.append(replace(peaks, frame=np.full(len(peaks), number, np.int64)))
        if progress is not None:
            progress(1)
    peaks = Peaks.concatenate(found)
    return peaks.select(~inside_boxes(peaks.positions, series.masked, series.pixel_size))


def _look(
    network: Network, run: Run, images: np.ndarray, finder: PeakFinder, symmetries: bool
) -> Peaks:
    """The columns in one prepared frame."""
    if not symmetries:
        return finder.find(predict_probabilities(network.model, images, run))
    answers = _turned_answers(network, run, images)
    return with_spread(finder.find(answers.mean(axis=0)), answers, finder)


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
    if not symmetries:
        return predict_probabilities(network.model, images, run)
    return _turned_answers(network, run, images).mean(axis=0)


def _turned_answers(network: Network, run: Run, images: np.ndarray) -> np.ndarray:
    return symmetric_answers(lambda part: predict_probabilities(network.model, part, run), images)


def prepare_frame(network: Network, frame: np.ndarray, sampling: float) -> np.ndarray:
    """A frame as the network wants it: at its pixels, and normalised; see `predict_frame`."""
    images = resample(frame, sampling, network_sampling(network))
    width = network.config.labels.normalisation_width
    return normalize(images, network_sampling(network), width)


def network_sampling(network: Network) -> float:
    """Pixel size that a network sees [Å]."""
    return float(network.config.model.sampling)
