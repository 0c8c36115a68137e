"""Strain as HyperSpy signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from temnet.errors import InputError
from temnet.interoperability.found_columns import FoundColumns
from temnet.interoperability.hyperspy_markers import frame_places
from temnet.interoperability.libraries import library
from temnet.strain.deformation import QUANTITIES

if TYPE_CHECKING:
    from temnet.strain.results import StrainMap


def map_of(strain: StrainMap, signal: Any, name: str, error: bool) -> Any:
    """One quantity over the pixels of a signal; see `StrainMap.to_hyperspy`."""
    signals = library("hyperspy.api", "HyperSpy").signals
    columns = strain.columns
    if name not in QUANTITIES:
        raise InputError(f"There is no quantity {name!r}; expected one of {', '.join(QUANTITIES)}.")
    if not isinstance(columns, FoundColumns) or not np.all(np.isfinite(columns.pixel_size)):
        raise InputError(
            "A strain map without a pixel size has no pixels; measure the strain of columns from "
            "temnet.find_columns."
        )
    values = strain.error(name) if error else strain.value(name)
    manager = signal.axes_manager
    shape = manager.signal_shape[::-1]
    places = frame_places(columns, signal)
    if places is None:
        data = _discs(columns, values, shape)
        axes = manager.signal_axes[::-1]
    else:
        order = places.T
        frames = [_discs(columns, values, shape, int(number)) for number in order.ravel()]
        data = np.stack(frames).reshape(*order.shape, *shape)
        axes = (*manager.navigation_axes[::-1], *manager.signal_axes[::-1])
    found = signals.Signal2D(data, axes=[axis.get_axis_dictionary() for axis in axes])
    found.metadata.General.title = f"{'standard error of ' if error else ''}{name}"
    found.metadata.Signal.quantity = f"{name} (degrees)" if name == "rotation" else name
    return found


def _discs(
    columns: FoundColumns, values: np.ndarray, shape: tuple[int, int], frame: int | None = None
) -> np.ndarray:
    """(row, col) float32, the values of the columns in one frame, or in all, as discs."""
    result = np.full(shape, np.nan, np.float32)
    own = np.ones(len(columns), bool) if frame is None else columns.frame == frame
    if own.sum() < 2:
        return result
    positions, known = columns.positions[own], values[own]
    distance, _ = cKDTree(positions).query(positions, 2)
    pixels = np.indices(shape).reshape(2, -1).T * np.asarray(columns.pixel_size)
    reach = np.append(distance[:, 1] / 2, 0.0)
    away, nearest = cKDTree(positions).query(pixels, distance_upper_bound=float(reach.max()))
    inside = away <= reach[nearest]
    result.reshape(-1)[inside] = known[nearest[inside]]
    return result
