"""Images that stay in their files until they are requested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from temnet.records import ImageSeries


class LazyFrames:
    """Stands for a (frame, row, col, focus) float32 array that is read frame by frame.

    An index that begins with a number or a slice of frames reads those, any other index reads all;
    nothing is kept.

    Attributes:
        shape: Frames, rows, columns, focal images.
    """

    dtype = np.dtype(np.float32)
    ndim = 4

    def __init__(
        self,
        read: Callable[[int], np.ndarray],
        order: np.ndarray,
        size: tuple[int, int],
        change: Callable[[int, np.ndarray], np.ndarray] | None = None,
    ) -> None:
        """Reads nothing yet.

        Args:
            read: From the number of an image to (row, col) float32.
            order: (frame, focus) int, the numbers of the images.
            size: Rows and columns of each.
            change: From a frame's number and the frame (row, col, focus) to a changed frame of the
                same shape; frames are not changed by default.
        """
        self._read, self._order, self._size, self._change = read, order, size, change
        self.shape = (len(order), *size, order.shape[1])

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, key: Any) -> np.ndarray:
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, slice):
            numbers = range(len(self))[first]
            frames = np.empty((len(numbers), *self.shape[1:]), self.dtype)
            for place, number in enumerate(numbers):
                frames[place] = self._frame(number)
            return frames[(slice(None), *rest)] if rest else frames
        if isinstance(first, int | np.integer):
            frame = self._frame(int(first))
            return frame[tuple(rest)] if rest else frame
        return self[:][key]

    def _frame(self, number: int) -> np.ndarray:
        """(row, col, focus) of a frame."""
        images = [self._read(int(image)) for image in self._order[number]]
        frame = images[0][..., None] if len(images) == 1 else np.stack(images, axis=-1)
        return frame if self._change is None else self._change(number % len(self), frame)

    def changed(self, change: Callable[[int, np.ndarray], np.ndarray]) -> LazyFrames:
        """The same frames, each changed by ``change(number, frame)`` when it is requested."""
        earlier = self._change

        def both(number: int, frame: np.ndarray) -> np.ndarray:
            return change(number, frame if earlier is None else earlier(number, frame))

        return LazyFrames(self._read, self._order, self._size, both)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._frame(number) for number in range(len(self)))

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("frames in files have to be read (copied) to become an array")
        return self[:].astype(dtype or self.dtype, copy=False)


def changed_series(
    series: ImageSeries, change: Callable[[int, np.ndarray], np.ndarray]
) -> ImageSeries:
    """The series with ``change(number, frame)`` applied to each frame (row, col, focus).

    Frames in files are changed when they are read.
    """
    if isinstance(series.images, LazyFrames):
        return replace(series, images=series.images.changed(change))
    frames = [change(number, frame) for number, frame in enumerate(series.images)]
    return replace(series, images=np.stack(frames))
