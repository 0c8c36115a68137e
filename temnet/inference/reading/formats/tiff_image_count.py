"""Number of images that a TIFF should hold, by its description and by its list of pages."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_PAGES = 10_000_000
"""Longer lists of pages are circular."""

IMAGEJ_AXES = {"frames": "time", "slices": "depth", "channels": "channel"}
"""ImageJ's axes before rows and columns, slowest first, with RosettaSciIO's names for them."""

OME_AXES = {"T": "time", "Z": "depth", "C": "channel"}
"""OME's axes before rows and columns, with RosettaSciIO's names for them."""


@dataclass(frozen=True)
class Promise:
    """The images that a file should hold.

    Attributes:
        sizes: Size of each axis before rows and columns, the last one fastest.
        names: Names of these axes, empty if unknown.
    """

    sizes: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of images."""
        return math.prod(self.sizes)


def promise_of(description: str) -> Promise | None:
    r"""The images that the description of the first page promises, None if it gives no number.

    >>> promise_of("ImageJ=1.53t\nimages=6\nslices=2\nframes=3\n")
    Promise(sizes=(3, 2), names=('time', 'depth'))
    """
    for begin, read in DESCRIPTIONS.items():
        if description and begin in description[:4096]:
            return read(description)
    return None


def _by_imagej(description: str) -> Promise | None:
    """By ImageJ's lines of keys and values."""
    lines = dict(line.partition("=")[::2] for line in description.splitlines())
    images = _number(lines.get("images"))
    if images < 1:
        return None
    sizes = {name: _number(lines.get(key)) for key, name in IMAGEJ_AXES.items()}
    axes = {name: size for name, size in sizes.items() if size > 1}
    if not axes or math.prod(axes.values()) != images:
        return Promise((images,), ("",)) if images > 1 else None
    return Promise(tuple(axes.values()), tuple(axes))


def _by_ome(description: str) -> Promise | None:
    """By the first element Pixels of OME-XML."""
    pixels = re.search(r"<(?:\w+:)?Pixels\b[^>]*>", description)
    if pixels is None:
        return None
    order = re.search(r'DimensionOrder="XY([ZCT]{3})"', pixels[0])
    slow = reversed(order[1]) if order else "TCZ"
    sizes = {
        axis: _number(found[1])
        for axis in slow
        if (found := re.search(rf'\bSize{axis}="(\d+)"', pixels[0]))
    }
    samples = re.search(r'SamplesPerPixel="(\d+)"', description)
    if samples and _number(samples[1]) > 1:  # colours of one page
        sizes["C"] = max(sizes.get("C", 1) // _number(samples[1]), 1)
    axes = {OME_AXES[axis]: size for axis, size in sizes.items() if size > 1}
    return Promise(tuple(axes.values()), tuple(axes)) if axes else None


def _by_tifffile(description: str) -> Promise | None:
    """By the shape of the whole array, rows and columns last, as tifffile writes it."""
    try:
        found = json.loads(description)
        shape = tuple(int(size) for size in found["shape"])
        axes = str(found.get("axes", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if axes and axes[-2:] != "YX":
        return None
    sizes = shape[:-2] if axes or shape[-1:] not in ((3,), (4,)) else ()
    kept = tuple(size for size in sizes if size > 1)
    return Promise(kept, ("",) * len(kept)) if kept else None


DESCRIPTIONS: Mapping[str, Callable[[str], Promise | None]] = {
    "ImageJ=": _by_imagej,
    "<OME": _by_ome,
    '"shape"': _by_tifffile,
}
"""Function that reads a description, by a word in its beginning."""


def files_of_set(description: str) -> int:
    """Number of files in the set that an OME-TIFF belongs to, 1 for any other file."""
    if "<OME" not in description[:4096]:
        return 1
    return max(len(set(re.findall(r'\bFileName="([^"]+)"', description))), 1)


def page_list(path: Path) -> tuple[int, int | None]:
    """Whole entries of a TIFF's list of pages, and the offset at which it leads out of the file.

    Each entry holds the offset of the next one, 0 in the last (TIFF 6.0 and BigTIFF).

    Returns:
        Number of whole entries; offset of the missing entry, None if the list is complete.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        if len(head) < 8 or head[:2] not in (b"II", b"MM"):
            return 0, None  # not a TIFF, which the reader reports
        order = "<" if head[:2] == b"II" else ">"
        big = struct.unpack(f"{order}H", head[2:4])[0] == 43
        number, place, tag = (
            (f"{order}Q", f"{order}Q", 20) if big else (f"{order}H", f"{order}I", 12)
        )
        place_bytes, number_bytes = struct.calcsize(place), struct.calcsize(number)
        (where,) = struct.unpack_from(place, head, 8 if big else 4)
        seen = 0
        while where and seen < MOST_PAGES:
            file.seek(where)
            text = file.read(number_bytes)
            if len(text) < number_bytes:
                return seen, where
            (tags,) = struct.unpack(number, text)
            follows = where + number_bytes + tag * tags
            if follows + place_bytes > size:
                return seen, where
            file.seek(follows)
            (where,) = struct.unpack(place, file.read(place_bytes))
            seen += 1
    return seen, None


def _number(text: str | None) -> int:
    """A whole number, 0 if the text is not one."""
    return int(text) if text is not None and text.strip().isdecimal() else 0
