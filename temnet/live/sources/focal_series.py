"""Focal series from single images: tagged by their senders, or taken one by one on the page."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from temnet.live.frame_format import CONFLICT, UNPROCESSABLE, FrameHead, RefusedFrame

MOST_SERIES = 2
"""Series that are collected at the same time; an older one is forgotten."""

Image = tuple[FrameHead, np.ndarray]
"""(row, col) pixels and what is known about them."""

Stack = tuple[FrameHead, np.ndarray]
"""(row, col, focus) pixels and what is known about the first image."""


class SeriesCollector:
    """Collects the images of focal series."""

    def __init__(self) -> None:
        self._tagged: OrderedDict[str, dict[int, Image]] = OrderedDict()
        self._taken: dict[int, Image] = {}

    def add(self, head: FrameHead, pixels: np.ndarray, foci: int) -> Stack | int:
        """Adds an image that names its series.

        Args:
            head: Its series and its index.
            pixels: (row, col).
            foci: Images in a series.

        Returns:
            The series if it is complete, else the number of images that it lacks.

        Raises:
            RefusedFrame: If its index or its size is not that of the series.
        """
        if head.index >= foci:
            raise RefusedFrame(
                UNPROCESSABLE,
                f"index must be from 0 to {foci - 1}, since the network takes {foci} foci; got "
                f"{head.index}.",
            )
        images = self._tagged.setdefault(head.series, {})
        self._tagged.move_to_end(head.series)
        _check_same(head, images.values())
        images[head.index] = head, pixels
        while len(self._tagged) > MOST_SERIES:
            self._tagged.popitem(last=False)
        if len(images) < foci:
            return foci - len(images)
        del self._tagged[head.series]
        first, stack = _stacked([images[index] for index in range(foci)])
        return replace(first, name=head.series), stack

    @property
    def taken(self) -> int:
        """Number of images that were taken one by one."""
        return len(self._taken)

    def take(self, number: int, image: Image, foci: int) -> Stack | None:
        """Takes an image as the next focus.

        Args:
            number: Number of its frame.
            image: The image.
            foci: Images in a series.

        Returns:
            The series if it is complete.

        Raises:
            RefusedFrame: If it is in the series already, or its size is not that of the images
                taken before.
        """
        if number in self._taken:
            raise RefusedFrame(CONFLICT, "This image is in the focal series already.")
        _check_same(image[0], self._taken.values())
        self._taken[number] = image
        if len(self._taken) < foci:
            return None
        stack = _stacked(list(self._taken.values()))
        self.clear()
        return stack

    def clear(self) -> None:
        """Forgets the images that were taken."""
        self._taken = {}


def _check_same(head: FrameHead, others: Iterable[Image]) -> None:
    for other, _ in others:
        if (other.shape, other.pixel_size) != (head.shape, head.pixel_size):
            raise RefusedFrame(
                CONFLICT,
                f"The images of a focal series must have one size; got {head.shape[0]} x "
                f"{head.shape[1]} pixels after {other.shape[0]} x {other.shape[1]}, or pixels of "
                "another size. Begin the series anew.",
            )


def _stacked(images: list[Image]) -> Stack:
    return images[0][0], np.stack([pixels for _, pixels in images], axis=-1)
