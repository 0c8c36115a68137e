"""Columns as HyperSpy markers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from temnet.errors import InputError
from temnet.inference.reading.frames_and_foci import arrange
from temnet.inference.reading.hyperspy_signal import signal_axes
from temnet.inference.reading.image_array import memory_file
from temnet.interoperability.libraries import library
from temnet.reporting.figures.drawing import class_colour

if TYPE_CHECKING:
    from temnet.interoperability.found_columns import FoundColumns


def markers_of(columns: FoundColumns, signal: Any, size: float) -> list[Any]:
    """Circles around the columns, one set for each class; see `FoundColumns.to_hyperspy_markers`.

    A pixel's centre lies at its index in HyperSpy, as it does here.

    Args:
        columns: The columns.
        signal: The signal whose axes give the units.
        size: Diameter [points].

    Raises:
        InputError: If the signal has other frames, or HyperSpy is not installed.
    """
    plot = library("hyperspy.api", "HyperSpy").plot
    x, y = signal.axes_manager.signal_axes
    row, col = columns.pixels.T
    offsets = np.stack([x.offset + x.scale * col, y.offset + y.scale * row], axis=1)
    place = frame_places(columns, signal)
    found = []
    for index, name in enumerate(columns.classes):
        mine = columns.class_index == index
        if not np.any(mine):
            continue
        points: np.ndarray = offsets[mine]
        if place is not None:
            points = np.empty(place.shape, object)
            for number in np.ndindex(place.shape):
                points[number] = offsets[mine & (columns.frame == place[number])]
        colour = class_colour(index)
        one = plot.markers.Points(points, sizes=size, facecolors="none", edgecolors=colour)
        one.name = name
        found.append(one)
    return found


def frame_places(columns: FoundColumns, signal: Any) -> np.ndarray | None:
    """The frame at each position of navigation, with HyperSpy's order of axes.

    None where there is one frame, whose markers are shown everywhere.
    """
    if columns.frames == 1:
        return None
    file = memory_file(signal)
    order = arrange([file], "frames" if columns.foci == 1 else "focus", columns.foci).order
    if order.shape != (columns.frames, columns.foci):
        raise InputError(
            f"{Path(file.path).name}: the signal has {order.shape[0]} frames of {order.shape[1]} "
            f"images, and columns were found in {columns.frames} of {columns.foci}; give the "
            "signal in which they were found."
        )
    frame = np.empty(order.size, np.int64)
    frame[order] = np.arange(len(order))[:, None]
    count = len([axis for axis in signal_axes(signal) if axis.navigate])
    return frame.reshape(np.shape(signal.data)[:count]).T
