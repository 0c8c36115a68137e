"""NumPy files (.npy)."""

from __future__ import annotations

import math
from pathlib import Path

from numpy.lib import format as npy_format

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set import DataSet
from temnet.inference.reading.formats.large_files import Mapped, cut_off_note, is_large

HEADERS = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}
"""NumPy's function for the header of each version."""


def read_npy(path: Path) -> DataSet:
    """The array of an .npy file, whose axes have no names.

    Args:
        path: The file.

    Raises:
        InputError: If the file is cut off so that no image is whole, or holds Python objects.
        ValueError: If its header is broken.
    """
    with path.open("rb") as file:
        version = npy_format.read_magic(file)
        if version not in HEADERS:
            raise InputError(f"{path}: .npy files of version {version} cannot be read.")
        shape, fortran, dtype = HEADERS[version](file)
        offset = file.tell()
    if dtype.hasobject:
        raise InputError(f"{path}: the values are Python objects, not numbers.")
    size = path.stat().st_size
    promised, there = math.prod(shape) * dtype.itemsize, size - offset
    notes: tuple[str, ...] = ()
    if there < promised:
        count = _whole_images(path, shape, fortran, dtype.itemsize, there)
        notes = (cut_off_note(shape[0], count),)
        shape = (count, *shape[1:])
    elif there > promised:
        notes = (f"{there - promised:,} bytes after the array were ignored",)
    data = Mapped(path, dtype, offset, shape, "F" if fortran else "C")
    lazy = is_large(size)
    return DataSet(data if lazy or 0 in shape else data.whole(), notes=notes, lazy=lazy)


def _whole_images(
    path: Path, shape: tuple[int, ...], fortran: bool, itemsize: int, there: int
) -> int:
    """How many images are whole in a file that is cut off."""
    image = math.prod(shape[1:]) * itemsize
    count = there // image if len(shape) > 2 and not fortran else 0
    if count < 1:
        raise InputError(
            f"{path}: the file is cut off: its header promises an array of {shape}, and only "
            f"{there:,} of its {math.prod(shape) * itemsize:,} bytes are there. Copy it again."
        )
    return count
