"""What the images of files follow each other in: frames, foci, or both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from temnet.errors import InputError
from temnet.inference.files import ImageFile

Axes = Literal["auto", "frames", "focus"]


def arranged(opened: Sequence[ImageFile], axes: Axes, focus_count: int) -> np.ndarray:
    """(frame, focus) numbers of the images, counted through all files."""
    numbers = np.arange(sum(len(file) for file in opened))
    if axes == "frames":
        return numbers[:, None]
    first = opened[0]
    if any(len(file.axes) > 1 for file in opened):
        return _two_axes(opened, focus_count)
    meaning = first.axes[0][1] if len(opened) == 1 and first.axes else ""
    if axes == "auto" and (focus_count == 1 or meaning == "time"):
        return numbers[:, None]
    if axes == "auto" and meaning == "focus":
        return numbers[None]
    whole = focus_count > 1 and len(numbers) % focus_count == 0
    if axes == "auto" and not whole:
        return numbers[:, None]
    # A stack that does not hold whole series is taken as one, and refused by the network.
    return numbers.reshape(-1, focus_count) if whole else numbers[None]


def _two_axes(opened: Sequence[ImageFile], focus_count: int) -> np.ndarray:
    """(frame, focus) numbers of the images of a movie of focal series in one file."""
    first = opened[0]
    sizes, meanings = zip(*first.axes, strict=True)
    by_name = [axis for axis in (0, 1) if meanings[axis] == "focus" or meanings[1 - axis] == "time"]
    by_size = [axis for axis in (0, 1) if sizes[axis] == focus_count]
    focus = by_name if len(by_name) == 1 else by_size
    if len(opened) > 1 or len(sizes) > 2 or len(focus) != 1:
        extent = " x ".join(str(size) for size in sizes)
        raise InputError(
            f"{first.path}: the images stand in {extent} and the file does not say what is time "
            "and what is focus; set images.axes to frames to take all of them as frames, or save "
            "one axis."
        )
    numbers = np.arange(sizes[0] * sizes[1]).reshape(sizes)
    return numbers if focus[0] == 1 else numbers.T
