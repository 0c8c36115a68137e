"""Focal series as a network takes them: aligned, and in its order of foci."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from temnet.config.analysis.prediction import EngineName
from temnet.errors import InputError
from temnet.inference.engines.choice import choose_engine
from temnet.inference.focal_series.alignment import MAX_SHIFT, align_series
from temnet.inference.focal_series.focus_order import find_focus_order
from temnet.inference.focal_series.shifts import moved_back
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.probability_maps import predict_probabilities, prepare_frame
from temnet.inference.reading.lazy_frames import changed_series
from temnet.models.network import Network
from temnet.records import ImageSeries

LOGGER = logging.getLogger(__name__)

ORDER_FRAMES = 4
"""Frames of a movie that the network predicts in both orders."""

Order = Literal["card", "reversed", "auto"]


@dataclass(frozen=True)
class FocusShifts:
    """Shifts of the images of each focal series from its first image.

    Attributes:
        shifts: (frame, focus, 2) float64, (row, col) [Å]; zero for frames that could not be
            aligned.
        margin: (frame,) float64, logarithm of how much likelier these shifts are than any others;
            NaN for frames that could not be aligned.
    """

    shifts: np.ndarray
    margin: np.ndarray


def align_foci(
    series: ImageSeries, max_shift: float = MAX_SHIFT
) -> tuple[ImageSeries, FocusShifts]:
    """Aligns the images of focal series to their first image, frame by frame.

    A frame that cannot be aligned is left as it is, with a warning.

    Args:
        series: The images; single ones stay as they are.
        max_shift: Largest believable shift between the images of a frame [Å].

    Returns:
        The aligned series, and the shifts.  A series in files aligns frames when they are read.

    Raises:
        InputError: If no frame can be aligned.
    """
    count, _, _, foci = series.images.shape
    shifts, margin = np.zeros((count, foci, 2)), np.full(count, np.nan)
    if foci == 1:
        return series, FocusShifts(shifts, margin)
    reason = ""
    for number in range(count):
        frame = np.asarray(series.images[number])
        try:
            found = align_series(frame, series.sampling, max_shift)
        except InputError as error:
            reason = str(error)
            LOGGER.warning("%s, frame %d is left as it is: %s", series.name, number, reason)
            continue
        shifts[number], margin[number] = found.shifts, found.margin
    if np.all(np.isnan(margin)):
        raise InputError(
            f"{series.name}: {reason} (images.align: false, or --no-align, switches alignment "
            "off; images.max_shift is the limit.)"
        )
    pixels = shifts / series.sampling
    moved = changed_series(series, lambda number, frame: moved_back(frame, pixels[number]))
    if moved.unseen is not None:
        moved = replace(moved, unseen=moved.unseen.aligned(shifts / np.asarray(series.pixel_size)))
    return moved, FocusShifts(shifts, margin)


def order_foci(
    network: Network, series: ImageSeries, wanted: Order, engine: EngineName = "auto"
) -> tuple[ImageSeries, str]:
    """Focal series in the network's order of foci, and a sentence on it.

    Args:
        network: The network.
        series: Aligned images.
        wanted: ``auto`` decides by the network's scores for some frames; see `find_focus_order`.
        engine: Engine that runs the network.
    """
    if series.images.shape[-1] == 1:
        return series, ""
    if wanted == "auto":
        chosen_engine = choose_engine(network, engine)
        chosen = np.linspace(0, len(series.images) - 1, ORDER_FRAMES).round().astype(int)
        found = find_focus_order(
            lambda images: predict_probabilities(chosen_engine, images),
            [
                prepare_frame(network, np.asarray(series.images[int(number)]), series.sampling)
                for number in np.unique(chosen)
            ],
            PeakFinder.of(network),
        )
        backwards, sentence = found.reversed, found.sentence()
        LOGGER.info("%s: %s", series.name, sentence)
    else:
        backwards = wanted == "reversed"
        sentence = "foci were taken last to first" if backwards else ""
    if backwards:
        series = changed_series(
            series, lambda number, frame: np.ascontiguousarray(frame[..., ::-1])
        )
    return series, sentence
