"""Columns as an Atomap sublattice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from temnet.errors import InputError
from temnet.interoperability.libraries import library

if TYPE_CHECKING:
    from temnet.interoperability.found_columns import FoundColumns


def sublattice_of(columns: FoundColumns, image: Any) -> Any:
    """A ``Sublattice`` of columns in one image; see `FoundColumns.to_atomap`.

    Atomap counts (x, y) in pixels from the centre of the first pixel, and takes the pixel size of a
    signal.  An array gets that of the columns, if its pixels are square.

    Args:
        columns: The columns of one frame.
        image: (row, col) array, or a HyperSpy signal.

    Raises:
        InputError: If the image has another shape, or Atomap is not installed.
    """
    sublattice = library("atomap.api", "Atomap").Sublattice
    values = getattr(image, "data", image) if hasattr(image, "axes_manager") else image
    shape = tuple(np.shape(values))
    pixels = columns.pixels
    if len(shape) != 2 or np.any(pixels > np.array(shape[-2:])):
        raise InputError(
            f"Expected the image (row, col) in which the columns were found, got the shape {shape}."
        )
    height, width = columns.pixel_size
    known = {} if values is not image or height != width else {"pixel_size": height, "units": "Å"}
    return sublattice(pixels[:, ::-1], image, **known)
