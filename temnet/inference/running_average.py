"""Running average of a movie's frames without the drift of the specimen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from temnet.images.unseen import UnseenRegions, pack
from temnet.inference.focal_series.shifts import shifted
from temnet.inference.masks import box_mask
from temnet.inference.reading.lazy_frames import changed_series
from temnet.records import Frames, ImageSeries

LEAST_SHIFT = 0.02
"""Smaller shifts [pixels] are left out: they change no position by as much as noise does."""


def window(frame: int, averaged: int, count: int) -> range:
    """The frames whose average stands for a frame: those around it, of an even number one more
    after it.  Near the ends of the movie they are the first or last ones, so that all averages
    are of equally many.

    Args:
        frame: Number of the frame.
        averaged: Number of frames that are averaged.
        count: Number of frames of the movie.

    >>> [list(window(frame, 4, 6)) for frame in (0, 2, 5)]
    [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]]
    """
    length = min(averaged, count)
    first = min(max(frame - (length - 1) // 2, 0), count - length)
    return range(first, first + length)


def running_average(series: ImageSeries, averaged: int, drift: np.ndarray) -> ImageSeries:
    """A series whose frames are averages of frames around each, moved to where it lies.

    The number of frames and their drift stay.  Regions of a frame without image do not count;
    what no frame shows stays a region without image.  Frames of one value are left out.

    Args:
        series: The images; frames in files are averaged when they are requested, and only as many
            are held as are averaged.
        averaged: Number of frames of an average.
        drift: (frame, 2) place of the specimen in each frame [Å].
    """
    if averaged == 1:
        return series
    average = Averager(series, averaged, drift)
    return replace(changed_series(series, average), unseen=average.unseen())


def hidden_pixels(series: ImageSeries) -> Callable[[int], np.ndarray | None]:
    """From a frame's number to (row, col) bool, pixels of the series' images without image.

    Args:
        series: The images; None stands for a frame that is complete.
    """
    shape = series.images.shape[1:3]
    scale = np.divide(series.sampling, series.pixel_size)
    own = series.unseen.shape if series.unseen is not None else _whole(shape, scale)
    boxes = box_mask(own, series.masked) if series.masked else None
    rows, cols = (
        np.minimum(np.rint(np.arange(size) * each).astype(int), most - 1)
        for size, each, most in zip(shape, scale, own, strict=True)
    )

    def hidden(number: int) -> np.ndarray | None:
        mask = None if series.unseen is None else series.unseen.mask(number)
        if boxes is not None:
            mask = boxes if mask is None else mask | boxes
        return None if mask is None else mask[np.ix_(rows, cols)]

    return hidden


def _whole(shape: tuple[int, ...], scale: np.ndarray) -> tuple[int, int]:
    """Rows and columns of the file's pixels."""
    rows, cols = (round(size * float(each)) for size, each in zip(shape, scale, strict=True))
    return rows, cols


class Averager:
    """Averages the frames around any frame of a series; see `running_average`."""

    def __init__(self, series: ImageSeries, averaged: int, drift: np.ndarray) -> None:
        """Reads nothing yet."""
        self._images: Frames = series.images
        self._series, self._averaged = series, averaged
        self._pixels = drift / series.sampling
        self._hidden = hidden_pixels(series)
        self._held: OrderedDict[int, np.ndarray] = OrderedDict()

    def __call__(self, number: int, image: np.ndarray | None = None) -> np.ndarray:
        """(row, col, focus) float32 average of a frame, of which ``image`` is known or read."""
        if image is not None:
            self._held[number] = image
        image = self._frame(number)
        total = np.zeros(image.shape)
        weight = np.zeros((*image.shape[:2], 1))
        for other in window(number, self._averaged, len(self._images)):
            frame = self._frame(other)
            if frame.min() == frame.max():
                continue
            move = self._pixels[number] - self._pixels[other]
            seen = _seen(self._hidden(other), move, image.shape[:2])
            total += seen * _moved(frame, move)
            weight += seen
        averaged = np.where(weight > 0, total / np.maximum(weight, 1), image)
        return averaged.astype(np.float32)

    def _frame(self, number: int) -> np.ndarray:
        """A frame as it was read; as many are held as are averaged."""
        if number not in self._held:
            self._held[number] = np.asarray(self._images[number], np.float32)
        self._held.move_to_end(number)
        while len(self._held) > self._averaged + 1:
            self._held.popitem(last=False)
        return self._held[number]

    def unseen(self) -> UnseenRegions | None:
        """Regions that none of the frames of an average shows."""
        regions = self._series.unseen
        if regions is None:
            return None
        pixels = self._pixels * self._series.sampling / np.asarray(self._series.pixel_size)
        packed = {}
        for number in sorted(regions.packed):
            missing = np.ones(regions.shape, bool)
            for other in window(number, self._averaged, len(self._images)):
                seen = _seen(regions.mask(other), pixels[number] - pixels[other], regions.shape)
                missing &= seen[..., 0] == 0
            if np.any(missing):
                packed[number] = {0: pack(missing)}
        return UnseenRegions(regions.shape, packed) if packed else None


def _moved(frame: np.ndarray, move: np.ndarray) -> np.ndarray:
    """A frame (row, col, focus) moved by any part of a pixel."""
    if np.abs(move).max() < LEAST_SHIFT:
        return frame
    return np.stack([shifted(image, move) for image in np.moveaxis(frame, -1, 0)], axis=-1)


def _seen(hidden: np.ndarray | None, move: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(row, col, 1) float32, one where a moved frame shows the specimen."""
    shown = np.ones(shape[:2], np.float32) if hidden is None else (~hidden).astype(np.float32)
    for axis, distance in enumerate(move):
        whole = round(float(np.copysign(np.ceil(abs(distance) - LEAST_SHIFT), distance)))
        size = shown.shape[axis]
        source = np.arange(size) - whole
        inside = (source >= 0) & (source < size)
        shown = np.take(shown, np.clip(source, 0, size - 1), axis=axis)
        shown *= np.expand_dims(inside, 1 - axis)
    return shown[..., None]
