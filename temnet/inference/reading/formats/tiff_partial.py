"""TIFF files of which something is missing: the images that are whole.

A file that was cut off while it was copied still begins well.  How many images it should hold
comes from its description and from where its list of pages leads (`tiff_image_count`); an image
counts as whole if all of its bytes are in the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set_choice import choice_note, measurements
from temnet.inference.reading.formats.declared_size import check_image_size
from temnet.inference.reading.formats.large_files import Mapped
from temnet.inference.reading.formats.tiff_image_count import Promise, promise_of
from temnet.inference.reading.formats.tiff_pages import TiffPages, page_candidate, page_is_there

UNIT_GAP = 16
"""Bytes that may lie between the last image and the next entry of the list of pages."""

PAGE_ENTRY = 16
"""Bytes of padding and of the pointer to the next page behind a page's last value."""

NOTHING_WHOLE = (
    "{}: this is not an image that can be read: the file is cut off, and no image in it is whole; "
    "fetch it again."
)

Reader = Callable[..., list[dict[str, Any]]]
"""RosettaSciIO's reader of TIFF files."""


def read_partial(
    path: Path,
    file: tifffile.TiffFile,
    listed: tuple[int, int | None],
    members: int,
    lazy: bool,
    small: int,
    reader: Reader,
) -> dict[str, Any]:
    """What is whole of a file of which something is missing, as a data set.

    Args:
        path: The file.
        file: The file, open.
        listed: Entries of its list of pages, and where that breaks off
            (`temnet.inference.reading.formats.tiff_image_count.page_list`).
        members: Number of files of which it is one, by its description.
        lazy: Whether its values stay in the file whatever their size.
        small: Bytes of images up to which they are read into memory.
        reader: RosettaSciIO's reader.

    Returns:
        As `temnet.inference.reading.formats.tiff.read_tiff`.

    Raises:
        InputError: No image is whole, or nobody can tell which are.
    """
    entries, end = listed
    if entries < 1:
        raise InputError(NOTHING_WHOLE.format(path))
    pages: list[Any] = [file.pages[number] for number in range(entries)]
    kinds = list(dict.fromkeys((page.shape, str(page.dtype)) for page in pages))
    groups = [[p for p in pages if (p.shape, str(p.dtype)) == kind] for kind in kinds]
    candidates = [page_candidate(group[0], len(group)) for group in groups]
    chosen = measurements(candidates)[0]
    found, first = groups[chosen], groups[chosen][0]
    check_image_size(path, (first.imagelength, first.imagewidth))
    if candidates[chosen].coloured or len(first.shape) != 2:
        raise InputError(f"{path}: the file is cut off, and holds no grey images; fetch it again.")
    size = path.stat().st_size
    promise = promise_of(pages[0].description) or _promise_by_gap(pages, found, end)
    mapped = _contiguous(path, file, found, promise, size)
    whole = [page.index for page in found if page_is_there(page, size)]
    count = max(len(whole), mapped.shape[0] if mapped is not None else 0)
    broken = end is not None
    open_end = broken and len(pages) == 1 and _more_follows(pages[0], size)
    outer, note = _kept(path, count, len(found), promise, members, broken, open_end)
    kept = math.prod(outer)
    if mapped is None:
        data: Any = TiffPages(path, whole[:kept], outer)
    else:
        data = Mapped(path, mapped.dtype, mapped.offset, (*outer, *first.shape))
    stay = lazy or kept * math.prod(first.shape) * first.dtype.itemsize > small
    if not stay:
        frames = [data[tuple(np.unravel_index(n, outer)) if outer else ()] for n in range(kept)]
        data = np.stack(frames).reshape(*outer, *first.shape)
    axes, metadata = _described(path, first, reader, foreign=members > 1)
    names = promise.names if promise is not None else ("",)
    notes = [note] if len(groups) == 1 else [note, choice_note(candidates, chosen)]
    return {
        "data": data,
        "axes": [{"name": name} for name in names[-len(outer) :] if outer] + axes,
        "original_metadata": metadata,
        "notes": tuple(notes),
        "lazy": stay,
    }


def _promise_by_gap(pages: Sequence[Any], found: Sequence[Any], end: int | None) -> Promise | None:
    """How many images lie before the place where the list of pages should have gone on."""
    last = found[-1]
    if end is None or len(found) != 1 or last.index != len(pages) - 1 or not last.dataoffsets:
        return None
    size = math.prod(last.shape) * last.dtype.itemsize
    count, rest = divmod(end - last.dataoffsets[0], size)
    contiguous = last.is_contiguous and last.compression == 1
    return Promise((count,), ("",)) if contiguous and count > 1 and rest <= UNIT_GAP else None


def _more_follows(page: Any, size: int) -> bool:
    """Whether a file of ``size`` bytes goes on behind all that belongs to its only page."""
    ends = [
        start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    ]
    ends += [tag.valueoffset + tag.valuebytecount for tag in page.tags]
    return size > max(ends) + PAGE_ENTRY


def _contiguous(
    path: Path, file: tifffile.TiffFile, found: Sequence[Any], promise: Promise | None, size: int
) -> Mapped | None:
    """Images that lie behind the only page in one piece, as ImageJ and tifffile write them."""
    page = found[0]
    if promise is None or len(found) != 1 or not (page.is_contiguous and page.is_memmappable):
        return None
    offset = page.dataoffsets[0]
    image = math.prod(page.shape) * page.dtype.itemsize
    whole = min((size - offset) // image, promise.count)
    if whole < 2:
        return None
    dtype = np.dtype(f"{file.byteorder}{page.dtype.char}")
    return Mapped(path, dtype, offset, (whole, *page.shape))


def _kept(
    path: Path,
    count: int,
    found: int,
    promise: Promise | None,
    members: int,
    broken: bool,
    open_end: bool,
) -> tuple[tuple[int, ...], str]:
    """Size of the axes before rows and columns that are kept, and a sentence about it.

    Raises:
        InputError: No image is whole, or nobody can tell how many were meant.
    """
    if count < 1:
        raise InputError(NOTHING_WHOLE.format(path))
    if members > 1:
        note = (
            f"this file is one of {members} that belong together by its description; the "
            f"{count} images in this file alone were taken"
        )
        return (count,), note
    if promise is None and open_end:
        raise InputError(
            f"{path}: the file is cut off: its list of pages breaks off after the first, so that "
            "nobody can tell how many images there were; fetch it again."
        )
    if promise is None:
        more = f"more than {found}" if broken else f"{found}"
        promised = f"its list of pages has {more} and {count} of them are whole"
        return (count,), f"the file is cut off: {promised}; those were taken"
    inner = math.prod(promise.sizes[1:])
    if count < inner:
        raise InputError(
            f"{path}: the file is cut off: its header promises {promise.count} images and only "
            f"{count} are whole, less than one series of {inner}; fetch it again."
        )
    kept = (count // inner, *promise.sizes[1:])
    note = (
        f"the file is cut off or was changed: its header promises {promise.count} images and "
        f"{count} are whole; {math.prod(kept)} were taken"
    )
    return kept, note


def _described(
    path: Path, page: Any, reader: Reader, foreign: bool
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Axes of rows and columns and the tags of a page, by RosettaSciIO where it can."""
    tags = {tag.name: tag.value for tag in page.tags}
    if not foreign:
        try:
            signals = reader(str(path), lazy=True)
        except Exception:  # a broken header leads readers to whatever it does
            signals = []
        for signal in signals:
            if tuple(np.shape(signal["data"])[-2:]) == tuple(page.shape):
                return list(signal["axes"])[-2:], signal["original_metadata"]
    return [{"name": "height"}, {"name": "width"}], tags
