"""Choice of the frames that are kept for the report and for averages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from temnet.inference.column_finder import FoundFrame
from temnet.records import ImageSeries
from temnet.reporting.files.kept_frames import FrameIndex, open_frames

LOGGER = logging.getLogger(__name__)

KEPT_PIXELS = 2**25
"""Pixels that are kept; of longer movies evenly spaced frames are kept."""


@contextmanager
def keeping_frames(
    path: Path, series: Sequence[ImageSeries]
) -> Iterator[Callable[[int, FoundFrame], None]]:
    """Keeps the first focal image of each frame, or of evenly spaced ones of very many.

    Frames are kept as one array: images of another shape than the first are left out.

    Args:
        path: The file.
        series: The images.

    Yields:
        A function that takes every frame in order, with the number of its series.
    """
    first = series[0]
    shape = first.images.shape[1], first.images.shape[2]
    alike = [n for n, part in enumerate(series) if tuple(part.images.shape[1:3]) == shape]
    if len(alike) < len(series):
        LOGGER.warning("images of another shape than %s are not shown in the report", first.name)
    total = sum(len(series[n].images) for n in alike)
    step = -(-total // max(KEPT_PIXELS // (shape[0] * shape[1]), 1))
    every = ((n, number) for n in alike for number in range(len(series[n].images)))
    chosen = dict.fromkeys(place for count, place in enumerate(every) if count % step == 0)
    index = FrameIndex(
        tuple(series[n].name for n, _ in chosen),
        np.array([number for _, number in chosen], np.int64),
        np.array([series[n].sampling for n, _ in chosen]),
    )
    with open_frames(path, index, shape) as writer:

        def keep(part: int, frame: FoundFrame) -> None:
            if (part, frame.number) in chosen:
                writer.add(frame.image[..., 0])

        yield keep
