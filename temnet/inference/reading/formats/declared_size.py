"""Size checks before a file is read: what its header declares against what file and memory hold."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import h5py

from temnet.errors import InputError
from temnet.inference.reading.formats.files_beside import ser_files

MOST_PIXELS = 200_000_000
"""Most pixels of one image; a dozen bytes or more are held for each pixel."""

MOST_CHUNK = 2**30
"""Most bytes of one compressed chunk of an HDF5 file; any part of it needs the whole chunk."""

MOST_BESIDE = 2**31
"""Most bytes of an HDF5 dataset other than images; these are read together with the header."""

WHOLE_FRACTION = 0.5
"""Largest fraction of the machine's memory for a file that can only be read whole."""

SER_BYTES = {1: 1, 2: 2, 3: 4, 4: 1, 5: 2, 6: 4, 7: 4, 8: 8, 9: 8, 10: 16}
"""Bytes per value by the type code in a .ser file."""

IMAGE_SETS = ("data", "Data")
"""Names of HDF5 datasets that are read image by image."""


def check_image_size(path: Path, shape: Sequence[int]) -> None:
    """Refuses images that are too large for memory.

    Args:
        path: The file.
        shape: Rows and columns by its header.

    Raises:
        InputError: If an image has more than `MOST_PIXELS` pixels.
    """
    if math.prod(int(size) for size in shape) > MOST_PIXELS:
        extent = " x ".join(str(size) for size in shape)
        raise InputError(
            f"{path}: its header declares images of {extent} pixels, more than memory may hold. "
            f"Check the file, or cut it into parts of at most {MOST_PIXELS:,} pixels."
        )


def check_whole_size(path: Path, size: int) -> None:
    """Refuses a file that can only be read whole and does not fit into memory.

    Args:
        path: The file.
        size: Bytes by its header.

    Raises:
        InputError: If they are more than `WHOLE_FRACTION` of the machine's memory.
    """
    most = int(WHOLE_FRACTION * _memory())
    if size > most:
        raise InputError(
            f"{path}: its header declares {size / 1e9:.1f} GB, but files of this format are read "
            f"whole, for which this machine has {most / 1e9:.1f} GB. Save it as a TIFF, MRC or "
            ".npy stack, which are read image by image."
        )


def _memory() -> int:
    """Bytes of the machine's memory, 8 GB if the system does not report it."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2**33


def declared_bytes(path: Path) -> int:
    """Bytes of all images by a file's header; 0 for formats whose readers check them.

    Raises:
        InputError: If the header declares more than the file or memory can hold.
    """
    check = CHECKS.get(path.suffix.lower())
    return check(path) if check else 0


def _hdf5(path: Path) -> int:
    """Bytes of the images in an HDF5 file; refuses chunks and other datasets that are too large."""
    found = [0]

    def visit(name: str, item: object) -> None:
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "uifcbV":
            return
        if item.external:
            raise InputError(
                f"{path}: the values of {name} are stored in another file. Export the images to "
                "one file."
            )
        size = item.dtype.itemsize * math.prod(item.shape or (0,))
        chunk = item.dtype.itemsize * math.prod(item.chunks or (0,))
        images = name.rpartition("/")[2] in IMAGE_SETS
        if (images and min(chunk, size) > MOST_CHUNK) or (not images and size > MOST_BESIDE):
            raise InputError(
                f"{path}: the dataset {name} declares {size:,} bytes that are read at once, more "
                "than memory may hold. Check the file, or save it in chunks of one image."
            )
        found[0] += size if images else 0

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return found[0]


def _png(path: Path) -> int:
    """Bytes of the pixels of a PNG by its header (RFC 2083)."""
    with path.open("rb") as file:
        header = file.read(26)
    if header[:8] != b"\x89PNG\r\n\x1a\n" or len(header) < 26:
        return 0
    width, height, bits, colour = struct.unpack(">IIBB", header[16:26])
    check_image_size(path, (height, width))
    return width * height * max(bits // 8, 1) * {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}.get(colour, 4)


def _ser(path: Path) -> int:
    """Bytes of the images in a .ser file; refuses more than the file can hold.

    (All offsets of a damaged file may point to one image.)
    """
    with path.open("rb") as file:
        head = file.read(34)
        if len(head) < 34:
            return 0
        version = struct.unpack("<H", head[4:6])[0]
        kind, count = struct.unpack("<I", head[6:10])[0], struct.unpack("<I", head[18:22])[0]
        long = version > 528
        file.seek(struct.unpack("<Q" if long else "<I", head[22 : 30 if long else 26])[0])
        first = file.read(8 if long else 4)
        if kind != 0x4122 or len(first) < (8 if long else 4):  # spectra, or cut off
            return 0
        file.seek(struct.unpack("<Q" if long else "<I", first)[0] + 40)
        element = file.read(10)
    if len(element) < 10:
        return 0
    code, cols, rows = struct.unpack("<HII", element)
    check_image_size(path, (rows, cols))
    size = count * rows * cols * SER_BYTES.get(code, 1)
    if size > path.stat().st_size:
        raise InputError(
            f"{path}: its header promises {count} images of {rows} x {cols} pixels, more than fit "
            f"into the {path.stat().st_size:,} bytes of the file. It is cut off or broken; copy it "
            "again."
        )
    return size


def _emi(path: Path) -> int:
    """Bytes of the .ser files that belong to an .emi file."""
    parts = ser_files(path)
    for part in parts:
        if not part.is_file():
            raise InputError(f"{part}: this is not a regular file.")
    return sum(_ser(part) for part in parts)


CHECKS: Mapping[str, Callable[[Path], int]] = {
    ".emd": _hdf5,
    ".hspy": _hdf5,
    ".png": _png,
    ".ser": _ser,
    ".emi": _emi,
}
"""Functions for the declared size of a file, by its ending."""
