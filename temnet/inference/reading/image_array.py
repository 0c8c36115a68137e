"""Images in memory, as a file of images: NumPy arrays, Dask arrays and HyperSpy signals.

The axes of an array are

* ``(row, col)``: an image;
* ``(image, row, col)``: the frames of a movie; for a network of focal series its foci, if their
  number is a multiple of the network's, as in a file without a header;
* ``(frame, row, col, focus)``: a movie of focal series;

unless `axes` names them.  The axes of a HyperSpy signal have their own names and units: signal axes
are rows and columns, navigation axes frames or, where the name contains ``focus``, foci.

Arrays that are not held in memory (Dask arrays, lazy signals, HDF5 and Zarr data sets) are read an
image at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import dask.array
import numpy as np

from temnet.errors import InputError
from temnet.inference.reading.axis_order import LEAST_SIDE, doubt, doubt_text, in_blocks
from temnet.inference.reading.formats.data_set import Axis, DataSet
from temnet.inference.reading.formats.large_files import viewed
from temnet.inference.reading.hyperspy_signal import is_signal, signal_data_set
from temnet.inference.reading.image_file import ImageFile, image_file, read_image

ARRAY = "array"
"""Name of an array in tables, and of its file and folder where there is an output folder."""

AxisName = Literal["frame", "focus", "row", "col"]
"""Name of an axis of an array."""

AXIS_NAMES: tuple[AxisName, ...] = get_args(AxisName)

FOUR_AXES: tuple[AxisName, ...] = ("frame", "row", "col", "focus")
"""Axes of an array with four axes."""


def is_array(images: object) -> bool:
    """Whether images are an array, a signal or nested lists, and not the names of files."""
    if isinstance(images, str | Path):
        return False
    if isinstance(images, Sequence):
        return any(not isinstance(one, str | Path) for one in images)
    return True


def memory_file(images: object, axes: Sequence[str] | None = None) -> ImageFile:
    """An array or a HyperSpy signal as a file of images.

    Args:
        images: A HyperSpy signal, or an array of real grey values; see the module docstring.
        axes: Names of all axes in their order, out of ``frame``, ``focus``, ``row`` and ``col``;
            by default the rule above, or the axes of the signal.

    Raises:
        InputError: If there is no image of real grey values, or a signal is a diffraction pattern.
    """
    if not is_signal(images):
        return array_file(images, ARRAY, axes)
    name, opened = signal_data_set(images)
    if axes is None:
        _check_values(Path(name), opened.data)
        return _opened(Path(name), opened)
    names = _checked_names(Path(name), axes, len(opened.data.shape))
    return _opened(Path(name), _reordered(opened, names))


def array_file(array: Any, name: str, axes: Sequence[str] | None = None) -> ImageFile:
    """An array of images as if it had been read from a file without a header.

    Args:
        array: Real grey values with two to four axes; see the module docstring.
        name: Name in tables and messages.
        axes: Names of all axes in their order; see `memory_file`.

    Raises:
        InputError: If the array has other axes or holds no real numbers.

    >>> file = array_file(np.arange(24).reshape(2, 3, 4), "a")
    >>> len(file), file.shape, file.read(1)[0].tolist()
    (2, (3, 4), [12, 13, 14, 15])
    >>> file = array_file(np.arange(24).reshape(3, 4, 2), "a", axes=("row", "col", "frame"))
    >>> len(file), file.shape, file.read(1)[0].tolist()
    (2, (3, 4), [1, 3, 5, 7])
    """
    path = Path(name)
    values = _values(path, array)
    _check_values(path, values)
    if axes is None and len(values.shape) == 4:
        axes = FOUR_AXES
        _check_four_axes(path, values.shape)
    if axes is not None:
        names = _checked_names(path, axes, len(values.shape))
        return _opened(path, _reordered(DataSet(values), names))
    channel = len(values.shape) == 3 and values.shape[-1] == 1
    opened = DataSet(values[..., 0] if channel else values)
    notes = () if opened.coloured else _doubts(path, opened.data.shape)
    return _opened(path, replace(opened, notes=notes))


def check_pixel_size(file: ImageFile, sampling: float | str | None) -> None:
    """Checks that the pixel size of an array or a signal is known.

    Args:
        file: The array or signal.
        sampling: The setting: a pixel size [Å], ``auto``, or ``header`` or None without one.

    Raises:
        InputError: If it is not.
    """
    if file.pixel_size is not None or sampling not in (None, "header"):
        return
    fault = "has no pixel size"
    if file.unknown_unit:
        fault = f"has axes in {file.unknown_unit!r}, which is not a known unit of length"
    raise InputError(f"{file.path}: this image {fault}; give it in Å, as in sampling=0.2.")


def _opened(path: Path, opened: DataSet) -> ImageFile:
    """The record of images whose rows and columns are the last axes."""
    return image_file(path, opened, partial(read_image, opened))


def _values(path: Path, array: Any) -> Any:
    """What can be indexed as an array: as it is, or converted."""
    if isinstance(array, np.ma.MaskedArray):
        kind = np.result_type(array.dtype, np.float32)
        return np.ma.filled(array.astype(kind), np.nan) if array.mask.any() else array.data
    if isinstance(array, dask.array.Array):
        return array
    is_lazy = not isinstance(array, np.ndarray) and isinstance(
        getattr(array, "dtype", None), np.dtype
    )
    if is_lazy and hasattr(array, "shape") and hasattr(array, "__getitem__"):
        chunks = (*(1 for _ in array.shape[:-2]), *array.shape[-2:])
        return dask.array.from_array(array, chunks=chunks)
    try:
        return np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{path}: expected an array of images of one size, got a {type(array).__name__} that "
            "NumPy cannot convert to one."
        ) from error


def _check_values(path: Path, values: Any) -> None:
    """Refuses arrays that are no images."""
    if values.dtype.kind == "c":
        raise InputError(
            f"{path}: the values are complex (a wave or a Fourier transform); give the intensity, "
            "numpy.abs(wave) ** 2."
        )
    if values.dtype.kind not in "uifb" and values.dtype.names is None:
        raise InputError(f"{path}: expected an array of real numbers, got {values.dtype}.")
    shape = tuple(values.shape)
    if len(shape) not in (2, 3, 4) or 0 in shape:
        raise InputError(
            f"{path}: expected an array (row, col), (frame, row, col) or (frame, row, col, focus), "
            f"got the shape {shape}."
        )


def _check_four_axes(path: Path, shape: Sequence[int]) -> None:
    """Refuses an array whose rows and columns seem to be its last axes."""
    _, rows, cols, foci = map(int, shape)
    if min(rows, cols) < LEAST_SIDE <= foci:
        raise InputError(
            f"{path}: an array with four axes is {FOUR_AXES}, so that its shape {tuple(shape)} "
            f"means images of {rows} x {cols} pixels; if its foci are the second axis, give "
            f"axes={AXIS_NAMES}."
        )


def _checked_names(path: Path, axes: Sequence[str], count: int) -> tuple[str, ...]:
    names = tuple(axes)
    known = set(names) <= set(AXIS_NAMES) and len(set(names)) == len(names)
    if not known or len(names) != count or not {"row", "col"} <= set(names):
        raise InputError(
            f"{path}: axes must name each of the {count} axes once, out of "
            f"{', '.join(AXIS_NAMES)}, with row and col among them; got {', '.join(names)}."
        )
    return names


def _reordered(opened: DataSet, names: Sequence[str]) -> DataSet:
    """Images whose axes have these names, with frame, focus, row and col in this order."""
    order = [names.index(name) for name in AXIS_NAMES if name in names]
    axes = opened.axes or (Axis(),) * len(names)
    named = tuple(
        Axis(names[n], axes[n].unit, axes[n].scale, axes[n].size, axes[n].navigate) for n in order
    )
    data = in_blocks(viewed(opened.data, lambda values: values.transpose(order)))
    return replace(opened, data=data, axes=named)


def _doubts(path: Path, shape: Sequence[int]) -> tuple[str, ...]:
    """A sentence on a stack whose shape suggests that another axis counts its images.

    Raises:
        InputError: If that is almost certain.
    """
    shape = tuple(map(int, shape))
    verdict = doubt(shape)
    if not verdict:
        return ()
    text, axis = doubt_text(shape)
    other = ("row", "col", "frame") if axis == -1 else ("row", "frame", "col")
    text = f"{text}; if so, give axes={other}"
    if verdict == "refuse":
        raise InputError(f"{path}: {text}, else axes={('frame', 'row', 'col')}.")
    return (text,)
