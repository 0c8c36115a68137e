"""Frames from files, read in the analysis process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from temnet.config.names import printable
from temnet.errors import InputError
from temnet.live.client import sendable
from temnet.live.frame_format import (
    LARGEST_PIXEL,
    LEAST_SIDE,
    LONGEST_TEXT,
    MOST_PIXELS,
    MOST_SIDE,
    NO_PIXEL_SIZE,
    SMALLEST_PIXEL,
    FrameHead,
)

if TYPE_CHECKING:
    from temnet.live.messages import Frame


class UnsuitableFile(InputError):
    """A file that can be read and holds no frame; another try would not help."""


def head_of_file(path: Path) -> FrameHead:
    """What is known about a frame before its file is read: the name."""
    name = printable(path.name)[:LONGEST_TEXT]
    return FrameHead((LEAST_SIDE, LEAST_SIDE), "|u1", source="folder", name=name)


def read_frame(frame: Frame, foci: int) -> Frame:
    """A frame with the pixels of its file: the last image, or the last focal series.

    Args:
        frame: The frame, which names its file.
        foci: Images of a focal series as the network takes it.  A file with fewer gives its last
            image.

    Raises:
        InputError: If the file cannot be read.
        UnsuitableFile: If its image is too large, or its pixel size is not known.
    """
    assert frame.file is not None
    head, pixels = read_last_images(frame.file, foci)
    own = frame.settings.sampling
    size = head.pixel_size if own is None else (own, own)
    if size is None:
        raise UnsuitableFile(f"{head.name}: {NO_PIXEL_SIZE}")
    return replace(frame, head=head, pixels=pixels, pixel_size=size)


def read_last_images(path: Path, foci: int = 1) -> tuple[FrameHead, np.ndarray]:
    """The last image in a file, or its last focal series.

    Returns:
        What is known about it, and (row, col) pixels, or (row, col, focus) of a series.

    Raises:
        InputError: If the file cannot be read, or its image is too large for the live analysis.
    """
    from temnet.inference.reading.image_file import open_images

    file = open_images(path)
    rows, cols = file.shape
    if max(rows, cols) > MOST_SIDE or rows * cols > MOST_PIXELS or min(rows, cols) < LEAST_SIDE:
        raise UnsuitableFile(
            f"{path.name}: the image has {rows} x {cols} pixels; the live analysis takes "
            f"{LEAST_SIDE} x {LEAST_SIDE} to {MOST_PIXELS:,} pixels."
        )
    count = len(file)
    whole = foci > 1 and count >= foci and count % foci == 0
    numbers = range(count - (foci if whole else 1), count)
    images = [sendable(np.asarray(file.read(number))) for number in numbers]
    pixels = np.stack(images, axis=-1) if whole else images[0]
    size = file.pixel_size
    if size is not None and not all(SMALLEST_PIXEL <= one <= LARGEST_PIXEL for one in size):
        size = None
    known = replace(head_of_file(path), shape=(rows, cols), dtype=pixels.dtype.str, pixel_size=size)
    return known, pixels
