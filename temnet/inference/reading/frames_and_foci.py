"""The arrangement of images as frames of a movie, as foci of a focal series, or both."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from temnet.errors import InputError
from temnet.inference.reading.file_order import by_signs
from temnet.inference.reading.image_file import ImageFile

LOGGER = logging.getLogger(__name__)

Axes = Literal["auto", "frames", "focus"]


SMALLEST_STEP = 5.0
"""Defocus values in headers that differ by less than this give no order [Å]."""


@dataclass(frozen=True)
class Arrangement:
    """Frames and foci of images.

    Attributes:
        order: (frame, focus) int64 numbers of the images, counted through all files.
        notes: Sentences on how it was found.
    """

    order: np.ndarray
    notes: tuple[str, ...] = ()


def arrange(opened: Sequence[ImageFile], axes: Axes, focus_count: int) -> Arrangement:
    """Frames and foci of the images of some files, with notes on what was ambiguous.

    Args:
        opened: The files, in the order of their names or as they were listed.
        axes: The setting: frames, foci, or ``auto``.
        focus_count: Images in the network's focal series.

    Raises:
        InputError: If a file has two axes, and it is unknown which one is focus.
    """
    order = _numbers(opened, axes, focus_count)
    order, by_header = _by_header(opened, order)
    notes = [note for note in (_by_number(opened, order, axes), by_header) if note]
    paths = [file.path for file in opened]
    if len(opened) > 1 and not by_header and by_signs(paths):
        shown = _listed([path.name for path in paths])
        notes.append(f"the files are sorted by the signed numbers in their names: {shown}")
    for note in notes:
        LOGGER.warning("%s: %s", paths[0], note)
    if not notes and len(opened) == order.size and order.shape[1] > 1:
        shown = _listed([paths[number].name for number in order[0]])
        notes.append(f"the foci are in the order of the files: {shown}")
        LOGGER.info("%s: %s", paths[0], notes[-1])
    return Arrangement(order, tuple(notes))


def _by_number(opened: Sequence[ImageFile], order: np.ndarray, axes: Axes) -> str:
    """A sentence on images that are read as several focal series only because of their number."""
    count, foci = order.shape
    named = any(meaning for file in opened for _, meaning in file.axes)
    if axes != "auto" or foci == 1 or count == 1 or named:
        return ""
    return (
        f"the file does not name the axis of its {order.size} images. Because the network takes "
        f"{foci} foci, they are read as {count} focal series. If they are frames of a movie, set "
        "images.axes: frames (--axes frames) and use a network for single images"
    )


def _by_header(opened: Sequence[ImageFile], order: np.ndarray) -> tuple[np.ndarray, str]:
    """Foci sorted by the defocus in the headers, and a sentence on the change.

    The order is left as it is unless all files have a defocus, and it neither only rises nor only
    falls from file to file.
    """
    if order.shape[1] == 1 or len(opened) != order.size:
        return order, ""
    defocus = np.array(
        [np.nan if file.defocus is None else file.defocus for file in opened], float
    )[order]
    steps = np.diff(np.sort(defocus, axis=1), axis=1)
    if not np.all(steps >= SMALLEST_STEP):  # or one is unknown
        return order, ""
    given = np.diff(defocus, axis=1)
    straight = np.all(given > 0, axis=1) | np.all(given < 0, axis=1)
    if np.all(straight):
        return order, ""
    sort = np.argsort(defocus, axis=1)
    found = np.take_along_axis(order, sort, axis=1)
    values = np.take_along_axis(defocus, sort, axis=1)[0]
    first = [
        f"{opened[number].path.name} ({value / 10:.4g} nm)"
        for number, value in zip(found[0], values, strict=True)
    ]
    return found, (
        f"the foci are sorted by the defocus in the files' headers: {_listed(first)}. If overfocus "
        "is positive there, set images.focus_order: reversed (--focus-order reversed)"
    )


def _listed(names: Sequence[str]) -> str:
    """The first few names and the last one.

    >>> _listed(["a", "b", "c", "d", "e", "f", "g", "h", "i"])
    'a, b, c, d, e, f, ..., i'
    """
    shown = [*names[:6], "...", names[-1]] if len(names) > 8 else names
    return ", ".join(shown)


def _numbers(opened: Sequence[ImageFile], axes: Axes, focus_count: int) -> np.ndarray:
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
    # A stack that does not hold whole series is read as one, and refused by the network.
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
            f"{first.path}: the file holds {extent} images, and it is unknown which axis is focus. "
            "Set images.axes to frames to read all of them as frames, or save only one axis."
        )
    numbers = np.arange(sizes[0] * sizes[1]).reshape(sizes)
    return numbers if focus[0] == 1 else numbers.T
