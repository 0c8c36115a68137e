"""Which axes of a stack are rows and columns, by names, units and shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from temnet.errors import InputError
from temnet.inference.reading.formats.large_files import Blocks
from temnet.units import kind_of

ROWS = ("y", "height", "row", "rows", "image_y", "y_pixel")
"""Names of the axis of rows, in lower case."""

COLUMNS = ("x", "width", "col", "cols", "column", "columns", "image_x", "x_pixel")
"""Names of the axis of columns, in lower case."""

OUTER = (
    *("time", "t", "frame", "frames", "focus", "foci", "defocus", "z", "depth", "slice"),
    *("slices", "image", "images", "index", "number", "tilt", "dose", "channel", "series"),
    *("scan", "stack", "stack_index", "image series"),
)
"""Names of axes that images follow each other in, in lower case."""

MOST_BEHIND = 64
"""Longer last axes are hardly the number of images of a stack whose images come last."""

LEAST_SIDE = 16
"""Images with a shorter side show no lattice (`SMALLEST_SIDE` of `read_images`)."""

ELONGATED = 3
"""Images longer than wide by this factor, and as many of them as rows, are hardly meant."""

NEARLY_SQUARE = 1.25
"""Cameras' images are longer than wide by less than this factor, mostly."""

UNLIKE_CAMERAS = 1.5
"""Images longer than wide by more than this factor are no whole images of a camera."""

NAMING = (".hspy", ".emd")
"""Endings of files in which every axis may have a name."""

FIXED = (".dm3", ".dm4", ".ser", ".emi", ".png")
"""Endings of files in which rows and columns have one place."""

Axis = Mapping[str, Any]
"""An axis as RosettaSciIO describes it: name, units, navigate."""


def axis_order(axes: Sequence[Axis], turned: bool = False) -> tuple[int, ...] | None:
    """The order in which axes have to be taken so that rows and columns come last.

    Names go before units, units before what a program calls axes of navigation.  A single image
    is taken as it is stored, unless its reader turned it.

    Args:
        axes: All axes of the values, in their order.
        turned: Whether the reader turned the order of all axes round.

    Returns:
        Numbers of the axes; None where they tell of no other order than the present one.

    >>> axis_order([{"name": "x"}, {"name": "y"}, {"name": "time"}])
    (2, 1, 0)
    """
    everyone = range(len(axes))
    if any(kind_of(_unit(axis)) in ("reciprocal", "angle") for axis in axes[-2:]):
        return None  # diffraction patterns, which are refused as what they are
    rows = [n for n in everyone if _name(axes[n]) in ROWS]
    columns = [n for n in everyone if _name(axes[n]) in COLUMNS]
    if len(rows) == len(columns) == 1 and (len(axes) > 2 or turned):
        order = (*(n for n in everyone if n not in (rows[0], columns[0])), rows[0], columns[0])
        return None if order == tuple(everyone) else order
    outer = _outer(axes)
    if outer is None or outer == list(everyone)[:-2]:
        return None
    if turned and outer == list(everyone)[2:]:
        return tuple(reversed(everyone))
    return (*outer, *(n for n in everyone if n not in outer))


def _outer(axes: Sequence[Axis]) -> list[int] | None:
    """The axes before rows and columns, where something tells them from those two."""
    everyone = range(len(axes))
    tests = (
        lambda axis: _name(axis) in OUTER or kind_of(_unit(axis)) == "time",
        lambda axis: kind_of(_unit(axis)) not in ("length", "reciprocal", "angle"),
        lambda axis: bool(axis.get("navigate")),
    )
    for test in tests:
        found = [n for n in everyone if test(axes[n])]
        if found and len(found) == len(axes) - 2:
            return found
    return None


def doubt(shape: Sequence[int]) -> Literal["refuse", "warn", ""]:
    """Whether a stack's shape makes it likely that its images follow along another axis.

    (128, 128, 20) would be 128 images of 128 x 20 pixels.

    Args:
        shape: Sizes of the axes; the last two are taken for rows and columns.

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


def is_coloured(signal: Mapping[str, Any]) -> bool:
    """Whether a data set is a picture in red, green and blue."""
    shape, kind = signal["data"].shape, signal["data"].dtype
    picture = len(shape) == 3 and shape[-1] in (3, 4) and kind == np.uint8
    return kind.names is not None or picture


def in_order(path: Path, signal: Mapping[str, Any], block: int = 2**27) -> dict[str, Any]:
    """A data set with rows and columns as its last axes.

    Args:
        path: The file.
        signal: The data set as RosettaSciIO describes it, and ``notes``, ``remarks`` and ``lazy``
            (`temnet.inference.reading.image_file`).
        block: Bytes of frames that are read at once where they are stored in one piece.

    Raises:
        InputError: Its axes have no names, and its shape makes another order likely.
    """
    signal = dict(signal)
    data, axes = signal["data"], [dict(axis) for axis in signal["axes"]]
    if is_coloured(signal):
        return signal
    order = _order(path, signal, axes)
    if order is not None:
        sizes = tuple(int(data.shape[n]) for n in order)
        remark = f"its axes were put into the order {sizes}, rows and columns last"
        signal["remarks"] = (*signal.get("remarks", ()), remark)
        data, axes = data.transpose(order), [axes[n] for n in order] if axes else []
    if data.ndim > 2 and data.shape[-1] == 1:  # a channel
        last = data.ndim - 1
        data = data.transpose((last, *range(last)))
        data, axes = data.first() if hasattr(data, "first") else data[0], axes[:-1]
    if not _names_hold(path, signal, axes):
        signal["notes"] = (*signal["notes"], *_doubts(path, data))
    if signal["lazy"] and hasattr(data, "chunks") and data.ndim == 3 and data.chunks[0][0] > 1:
        data = Blocks(data, block)
    return {**signal, "data": data, "axes": axes}


def _order(path: Path, signal: Mapping[str, Any], axes: list[Any]) -> tuple[int, ...] | None:
    """The order in which a data set's axes have to be taken, None if it is the present one."""
    data = signal["data"]
    metadata = signal.get("original_metadata")
    version = metadata.get("EMD_version") if isinstance(metadata, Mapping) else None
    turned = path.suffix.lower() == ".emd" and str(version or "1").startswith("0")
    order = axis_order(axes, turned) if len(axes) == data.ndim else None
    backwards = turned and doubt(data.shape) and not doubt(data.shape[::-1])
    named = any(_name(axis) in (*ROWS, *COLUMNS) for axis in axes)
    return tuple(range(data.ndim))[::-1] if order is None and backwards and not named else order


def _names_hold(path: Path, signal: Mapping[str, Any], axes: Sequence[Axis]) -> bool:
    """Whether a file's program gives its axes names or a fixed order, which the shape may doubt."""
    suffix = path.suffix.lower()
    if suffix in NAMING:
        return len(axes) > 1 and _name(axes[-2]) in ROWS and _name(axes[-1]) in COLUMNS
    metadata = signal.get("original_metadata")
    text = str(metadata.get("ImageDescription")) if isinstance(metadata, Mapping) else ""
    return suffix in FIXED or text.startswith("ImageJ=") or "<OME" in text[:4096]


def _doubts(path: Path, data: Any) -> tuple[str, ...]:
    """What is doubtful about a stack's shape, as a sentence.

    Raises:
        InputError: Another order of axes is all but sure.
    """
    verdict = doubt(data.shape)
    if not verdict:
        return ()
    count, rows, cols = (int(size) for size in data.shape[-3:])
    axis = -1 if cols <= rows or rows >= MOST_BEHIND else -2
    text = (
        f"its shape {tuple(int(size) for size in data.shape)} makes {count} images of {rows} x "
        f"{cols} pixels, where {data.shape[axis]} images along the axis "
        f"{'of columns' if axis == -1 else 'of rows'} seem to be meant; if so, save it with the "
        f"images along the first axis (numpy.moveaxis(stack, {axis}, {data.ndim - 3}))"
    )
    if verdict == "refuse":
        raise InputError(
            f"{path}: {text}; if not, save it in a format that names its axes (.hspy, or a TIFF "
            "by ImageJ)."
        )
    return (text,)


def _name(axis: Axis) -> str:
    name = axis.get("name")
    return str(name.decode() if isinstance(name, bytes) else name or "").strip().lower()


def _unit(axis: Axis) -> str:
    unit = axis.get("units")
    return str(unit.decode() if isinstance(unit, bytes) else unit or "")
