"""The order of axes: which axes of a stack are rows and columns, by names, units and shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set import Axis, DataSet, Values, text_at
from temnet.inference.reading.formats.large_files import Blocks, viewed
from temnet.units import kind_of

ROWS = ("y", "height", "row", "rows", "image_y", "y_pixel")
"""Names of the axis of rows."""

COLUMNS = ("x", "width", "col", "cols", "column", "columns", "image_x", "x_pixel")
"""Names of the axis of columns."""

OUTER = (
    *("time", "t", "frame", "frames", "focus", "foci", "defocus", "z", "depth", "slice"),
    *("slices", "image", "images", "index", "number", "tilt", "dose", "channel", "series"),
    *("scan", "stack", "stack_index", "image series"),
)
"""Names of axes from one image to the next."""

MOST_BEHIND = 64
"""A last axis shorter than this may be the number of images."""

LEAST_SIDE = 16
"""Images with a shorter side show no lattice (`SMALLEST_SIDE` of `read_images`)."""

ELONGATED = 3
"""Images longer than wide by this factor, of which there are as many as rows, are unlikely."""

NEARLY_SQUARE = 1.25
"""Most cameras' images are longer than wide by less than this factor."""

UNLIKE_CAMERAS = 1.5
"""Images longer than wide by more than this factor are not whole images of a camera."""

NAMING = (".hspy", ".emd")
"""Endings of formats that name their axes."""

FIXED = (".dm3", ".dm4", ".ser", ".emi", ".png")
"""Endings of formats with a fixed order of axes."""


def axis_order(axes: Sequence[Axis], flipped: bool = False) -> tuple[int, ...] | None:
    """The order of axes in which rows and columns come last.

    Names decide before units, and units before the program's own navigation axes.  A single image
    stays as it is stored, unless its reader reversed the axes.

    Args:
        axes: All axes of the values, in their order.
        flipped: Whether the reader reversed the order of all axes.

    Returns:
        Numbers of the axes; None to leave them as they are.

    >>> axis_order([Axis("x"), Axis("y"), Axis("time")])
    (2, 1, 0)
    """
    numbers = range(len(axes))
    if any(kind_of(axis.unit) in ("reciprocal", "angle") for axis in axes[-2:]):
        return None  # diffraction patterns, which are refused later
    rows = [n for n in numbers if axes[n].name in ROWS]
    columns = [n for n in numbers if axes[n].name in COLUMNS]
    if len(rows) == len(columns) == 1 and (len(axes) > 2 or flipped):
        order = (*(n for n in numbers if n not in (rows[0], columns[0])), rows[0], columns[0])
        return None if order == tuple(numbers) else order
    outer = _outer(axes)
    if outer is None or outer == list(numbers)[:-2]:
        return None
    if flipped and outer == list(numbers)[2:]:
        return tuple(reversed(numbers))
    return (*outer, *(n for n in numbers if n not in outer))


def _outer(axes: Sequence[Axis]) -> list[int] | None:
    """The axes before rows and columns, if names, units or navigation distinguish them."""
    numbers = range(len(axes))
    tests: tuple[Callable[[Axis], bool], ...] = (
        lambda axis: axis.name in OUTER or kind_of(axis.unit) == "time",
        lambda axis: kind_of(axis.unit) not in ("length", "reciprocal", "angle"),
        lambda axis: axis.navigate,
    )
    for test in tests:
        found = [n for n in numbers if test(axes[n])]
        if found and len(found) == len(axes) - 2:
            return found
    return None


def doubt(shape: Sequence[int]) -> Literal["refuse", "warn", ""]:
    """Whether the shape of a stack suggests that another axis counts its images.

    (128, 128, 20) would be 128 images of 128 x 20 pixels.

    Args:
        shape: Sizes of the axes; the last two would be rows and columns.

    >>> doubt((128, 128, 20)), doubt((20, 128, 128)), doubt((200, 128, 20)), doubt((3, 512, 512))
    ('refuse', '', 'warn', '')
    >>> doubt((256, 256, 100)), doubt((256, 256, 1000)), doubt((256, 256, 256))
    ('warn', 'warn', '')
    """
    if len(shape) < 3:
        return ""
    count, rows, cols = shape[-3:]
    short, long = min(rows, cols), max(rows, cols)
    if count < LEAST_SIDE or long < LEAST_SIDE:
        return ""
    if short < LEAST_SIDE:
        return "refuse"
    if short >= MOST_BEHIND or ELONGATED * short >= min(count, long):
        square = max(count, rows) <= NEARLY_SQUARE * min(count, rows)
        return "warn" if square and long > UNLIKE_CAMERAS * short else ""
    alike = max(count, long) <= NEARLY_SQUARE * min(count, long)
    return "refuse" if alike else "warn"


def in_order(path: Path, one: DataSet) -> DataSet:
    """A data set with rows and columns as its last axes.

    Args:
        path: The file.
        one: The data set as its reader found it.

    Raises:
        InputError: If its axes have no names, and its shape suggests another order.
    """
    if one.coloured:
        return one
    data, axes, remarks, notes = one.data, one.axes, one.remarks, one.notes
    order = _order(path, one)
    if order is not None:
        sizes = tuple(int(data.shape[n]) for n in order)
        remarks = (*remarks, f"its axes were put into the order {sizes}, rows and columns last")
        data = viewed(data, lambda values: values.transpose(order))
        axes = tuple(axes[n] for n in order) if axes else ()
    if len(data.shape) > 2 and data.shape[-1] == 1:  # a channel
        data, axes = viewed(data, lambda values: values[..., 0]), axes[:-1]
    if not _order_is_known(path, one, axes):
        notes = (*notes, *_doubts(path, data))
    return replace(one, data=in_blocks(data, one.lazy), axes=axes, remarks=remarks, notes=notes)


def in_blocks(data: Values, lazy: bool = True) -> Values:
    """Values that are computed one piece at a time, if a piece holds several frames of a movie."""
    chunks = getattr(data, "chunks", None)  # of a Dask array
    if lazy and chunks and len(data.shape) == 3 and chunks[0][0] > 1:
        return Blocks(data, chunks[0][0])
    return data


def _order(path: Path, one: DataSet) -> tuple[int, ...] | None:
    """The order of a data set's axes in which rows and columns come last, None to leave it."""
    shape, axes = one.data.shape, one.axes
    # Berkeley's EMD files (version 0.x), whose axes RosettaSciIO reverses.
    flipped = path.suffix.lower() == ".emd" and str(one.tags.get("EMD_version") or "1")[0] == "0"
    order = axis_order(axes, flipped) if len(axes) == len(shape) else None
    backwards = flipped and doubt(shape) and not doubt(shape[::-1])
    named = any(axis.name in (*ROWS, *COLUMNS) for axis in axes)
    return tuple(range(len(shape)))[::-1] if order is None and backwards and not named else order


def _order_is_known(path: Path, one: DataSet, axes: Sequence[Axis]) -> bool:
    """Whether the program that wrote a file names its axes, or has a fixed order of axes."""
    suffix = path.suffix.lower()
    if suffix in NAMING:
        return len(axes) > 1 and axes[-2].name in ROWS and axes[-1].name in COLUMNS
    text = text_at(one.tags, "ImageDescription")
    return suffix in FIXED or text.startswith("ImageJ=") or "<OME" in text[:4096]


def _doubts(path: Path, data: Values) -> tuple[str, ...]:
    """A sentence on a stack whose shape is doubtful.

    Raises:
        InputError: If another order of axes is almost certain.
    """
    shape = tuple(map(int, data.shape))
    verdict = doubt(shape)
    if not verdict:
        return ()
    text, axis = doubt_text(shape)
    text = (
        f"{text}. If so, save "
        f"it with its images along the first axis (numpy.moveaxis(stack, {axis}, {len(shape) - 3}))"
    )
    if verdict == "refuse":
        raise InputError(
            f"{path}: {text}; if not, save it in a format that names its axes (.hspy, or a TIFF "
            "by ImageJ)."
        )
    return (text,)


def doubt_text(shape: Sequence[int]) -> tuple[str, Literal[-1, -2]]:
    """A sentence on a stack of doubtful shape, and the axis that may count its images."""
    count, rows, cols = shape[-3:]
    last = cols <= rows or rows >= MOST_BEHIND
    axis: Literal[-1, -2] = -1 if last else -2
    text = (
        f"its shape {tuple(shape)} means {count} images of {rows} x {cols} pixels, but it seems to "
        f"hold {shape[axis]} images along the axis of {'columns' if last else 'rows'}"
    )
    return text, axis
