"""TIFF files that are cut off: the images that are whole.

The beginning of a file that was cut off while it was copied is still valid.  The number of images
that it should hold comes from its description and from its list of pages (`tiff_image_count`); an
image is whole if all of its bytes are in the file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set import Axis, DataSet, Tags, Values
from temnet.inference.reading.formats.data_set_choice import choice_note, measurements
from temnet.inference.reading.formats.declared_size import check_image_size
from temnet.inference.reading.formats.large_files import Mapped, is_large
from temnet.inference.reading.formats.rosettasciio import data_sets
from temnet.inference.reading.formats.tiff_image_count import Promise, promise_of
from temnet.inference.reading.formats.tiff_pages import TiffPages, page_candidate, page_is_whole

UNIT_GAP = 16
"""Bytes that may lie between the last image and the next entry of the list of pages."""

PAGE_ENTRY = 16
"""Bytes of padding and of the pointer to the next page behind a page's last value."""

NOTHING_WHOLE = (
    "{}: this is not an image that can be read: the file is cut off, and no image in it is whole. "
    "Copy it again."
)


def read_partial(
    path: Path, file: tifffile.TiffFile, listed: tuple[int, int | None], members: int
) -> DataSet:
    """The whole images of a file of which something is missing.

    Args:
        path: The file.
        file: The file, open.
        listed: Entries of its list of pages, and where that breaks off
            (`temnet.inference.reading.formats.tiff_image_count.page_list`).
        members: Number of files in the set that it is one of, by its description; 1 for a file
            by itself.

    Raises:
        InputError: If no image is whole, or it is unknown which are.
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
        raise InputError(f"{path}: the file is cut off and holds no grey images. Copy it again.")
    size = path.stat().st_size
    promise = promise_of(pages[0].description) or _promise_by_gap(pages, found, end)
    mapped = _contiguous(path, file, found, promise, size)
    whole = [page.index for page in found if page_is_whole(page, size)]
    count = max(len(whole), mapped.shape[0] if mapped is not None else 0)
    broken = end is not None
    open_end = broken and len(pages) == 1 and _more_follows(pages[0], size)
    outer, note = _kept(path, count, len(found), promise, members, broken, open_end)
    kept = math.prod(outer)
    data: Values
    if mapped is None:
        data = TiffPages(path, whole[:kept], outer)
    else:
        data = mapped.viewed(lambda values: values[:kept].reshape(*outer, *first.shape))
    total = kept * math.prod(first.shape) * first.dtype.itemsize
    lazy = is_large(size) or is_large(total)
    if not lazy:
        images = [data[index] for index in np.ndindex(*outer)]
        data = np.stack(images).reshape(*outer, *first.shape)
    axes, tags = _described(path, first, foreign=members > 1)
    names = promise.names if promise is not None else ("",)
    axes = (*map(Axis, names[-len(outer) :] if outer else ()), *axes)
    notes = (note,) if len(groups) == 1 else (note, choice_note(candidates, chosen))
    return DataSet(data, axes, tags, notes=notes, lazy=lazy)


def _promise_by_gap(pages: Sequence[Any], found: Sequence[Any], end: int | None) -> Promise | None:
    """Number of images before the place where the list of pages should have continued."""
    last = found[-1]
    if end is None or len(found) != 1 or last.index != len(pages) - 1 or not last.dataoffsets:
        return None
    size = math.prod(last.shape) * last.dtype.itemsize
    count, rest = divmod(end - last.dataoffsets[0], size)
    contiguous = last.is_contiguous and last.compression == 1
    return Promise((count,), ("",)) if contiguous and count > 1 and rest <= UNIT_GAP else None


def _more_follows(page: Any, size: int) -> bool:
    """Whether a file of ``size`` bytes has more bytes than belong to its only page."""
    ends = [
        start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    ]
    ends += [tag.valueoffset + tag.valuebytecount for tag in page.tags]
    return size > max(ends) + PAGE_ENTRY


def _contiguous(
    path: Path, file: tifffile.TiffFile, found: Sequence[Any], promise: Promise | None, size: int
) -> Mapped | None:
    """Images in one contiguous piece after the only page, as ImageJ and tifffile write them."""
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
    """Sizes of the axes before rows and columns that are kept, and a sentence about them.

    Raises:
        InputError: If no image is whole, or the number of images in the original is unknown.
    """
    if count < 1:
        raise InputError(NOTHING_WHOLE.format(path))
    if members > 1:
        note = (
            f"by its description this file is one of {members} that belong together; only the "
            f"{count} images in this file were read"
        )
        return (count,), note
    if promise is None and open_end:
        raise InputError(
            f"{path}: the file is cut off: its list of pages breaks off after the first one, so "
            "that the number of images is unknown. Copy it again."
        )
    if promise is None:
        more = f"more than {found}" if broken else f"{found}"
        promised = f"its list of pages has {more} and {count} of them are whole"
        return (count,), f"the file is cut off: {promised}; those were read"
    inner = math.prod(promise.sizes[1:])
    if count < inner:
        raise InputError(
            f"{path}: the file is cut off: its header promises {promise.count} images and only "
            f"{count} are whole, less than one series of {inner}. Copy it again."
        )
    kept = (count // inner, *promise.sizes[1:])
    note = (
        f"the file is cut off or was changed: its header promises {promise.count} images and "
        f"{count} are whole; {math.prod(kept)} were read"
    )
    return kept, note


def _described(path: Path, page: Any, foreign: bool) -> tuple[tuple[Axis, ...], Tags]:
    """Axes of rows and columns and the tags of a page, by RosettaSciIO where it can read them."""
    if not foreign:
        try:
            found = data_sets(path, lazy=True)
        except Exception:  # readers raise any kind of exception on a broken header
            found = []
        for one in found:
            if tuple(one.data.shape[-2:]) == tuple(page.shape):
                return one.axes[-2:], one.tags
    return (Axis("height"), Axis("width")), {tag.name: tag.value for tag in page.tags}
