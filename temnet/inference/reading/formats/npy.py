"""NumPy's own files (.npy): what the header promises, and what of it the file holds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from numpy.lib import format as npy_format

from temnet.errors import InputError
from temnet.inference.reading.formats.large_files import Mapped

HEADERS = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}
"""How the header of each version is read."""


def read_npy(path: Path, lazy: bool) -> dict[str, Any]:
    """An .npy file as a data set without named axes.

    Args:
        path: The file.
        lazy: Whether its values stay in the file.

    Returns:
        ``data``, ``axes`` (none) and ``notes``: sentences on what is missing.

    Raises:
        InputError: It is cut off, so that no image is whole, or holds Python objects.
        ValueError: Its header is broken.
    """
    with path.open("rb") as file:
        version = npy_format.read_magic(file)
        if version not in HEADERS:
            raise InputError(f"{path}: an .npy file of version {version} cannot be read here.")
        shape, fortran, dtype = HEADERS[version](file)
        offset = file.tell()
    if dtype.hasobject:
        raise InputError(f"{path}: the values are Python objects, not numbers.")
    promised, there = math.prod(shape) * dtype.itemsize, path.stat().st_size - offset
    notes: tuple[str, ...] = ()
    if there < promised:
        shape, notes = _whole(path, shape, fortran, dtype.itemsize, there)
    elif there > promised:
        notes = (f"{there - promised:,} bytes behind the array of the header were left out",)
    data = Mapped(path, dtype, offset, shape, "F" if fortran else "C")
    stays = lazy or 0 in shape
    return {"data": data if stays else data.whole(), "axes": [], "notes": notes}


def _whole(
    path: Path, shape: tuple[int, ...], fortran: bool, itemsize: int, there: int
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The shape of what is whole in a file that is cut off, and a sentence about it."""
    image = math.prod(shape[1:]) * itemsize
    count = there // image if len(shape) > 2 and not fortran else 0
    if count < 1:
        raise InputError(
            f"{path}: the file is cut off: its header promises an array of {shape}, and only "
            f"{there:,} of its {math.prod(shape) * itemsize:,} bytes are there; fetch it again."
        )
    note = (
        f"the file is cut off: its header promises {shape[0]} images and {count} are whole; those "
        "were taken"
    )
    return (count, *shape[1:]), (note,)
