"""HyperSpy signals, by what they can do and without importing HyperSpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeGuard

import numpy as np

from temnet.errors import InputError
from temnet.inference.reading.axis_order import in_order
from temnet.inference.reading.formats.data_set import Axis, DataSet, Tags, Values, text_at

UNNAMED = "signal"
"""Name of a signal without a title."""


class AxesManager(Protocol):
    """The axes of a signal; those of each kind are in the reverse order of the array's."""

    navigation_axes: tuple[Any, ...]
    signal_axes: tuple[Any, ...]
    signal_dimension: int


class Signal(Protocol):
    """What temnet needs of a HyperSpy signal."""

    data: Values
    axes_manager: AxesManager
    metadata: Any


def is_signal(images: object) -> TypeGuard[Signal]:
    """Whether images are a HyperSpy signal."""
    return hasattr(images, "axes_manager") and hasattr(images, "data")


def signal_axes(signal: Signal) -> tuple[Axis, ...]:
    """The axes of a signal in the order of its array; two signal axes are called y and x."""
    manager = signal.axes_manager
    described = [*manager.navigation_axes, *manager.signal_axes]
    described.sort(key=lambda axis: axis.index_in_array)
    axes = [
        Axis.of(
            {
                "name": axis.name,
                "units": axis.units,
                "scale": getattr(axis, "scale", None),  # missing where the axis is not uniform
                "size": axis.size,
                "navigate": axis.navigate,
            }
        )
        for axis in described
    ]
    if manager.signal_dimension == 2:
        names = iter("yx")
        axes = [axis if axis.navigate else replace(axis, name=next(names)) for axis in axes]
    return tuple(axes)


def signal_data_set(signal: Signal) -> tuple[str, DataSet]:
    """The name of a signal and its images, rows and columns last, as of an ``.hspy`` file.

    Args:
        signal: The signal; if it is lazy, its images are computed when they are indexed.

    Raises:
        InputError: If it is a signal of spectra or of single values.
    """
    metadata = _mapping(signal.metadata)
    name = text_at(metadata, "General", "title").replace("/", "_").strip() or UNNAMED
    if signal.axes_manager.signal_dimension == 1 and len(signal.axes_manager.navigation_axes):
        raise InputError(
            f"{name}: this signal holds spectra or profiles; temnet needs images (if it does hold "
            "images, use signal.transpose(2) or signal.as_signal2D)."
        )
    opened = DataSet(
        data=signal.data,
        axes=signal_axes(signal),
        tags=_mapping(getattr(signal, "original_metadata", None)),
        metadata=metadata,
        lazy=not isinstance(signal.data, np.ndarray),
    )
    # With the ending in_order knows that the axes have names, as in HyperSpy's own files.
    return name, in_order(Path(f"{name}.hspy"), opened)


def _mapping(tree: Any) -> Tags:
    """HyperSpy's trees of metadata as nested mappings."""
    if hasattr(tree, "as_dictionary"):
        tree = tree.as_dictionary()
    return tree if isinstance(tree, Mapping) else {}
