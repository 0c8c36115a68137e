"""TIFF files: which pages are the measurement, and which of them are whole.

A file that was cut off while it was copied still begins well.  How many images it should hold
comes from its description (`temnet.inference.tiff_promise`) and from where its list of pages
leads; an image counts as whole if all of its bytes are in the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temnet.errors import InputError
from temnet.inference.choice import Candidate, choice_note, measurements
from temnet.inference.declared import check_image_size
from temnet.inference.stored import Mapped
from temnet.inference.tiff_promise import (
    Promise,
    files_of_set,
    page_list,
    promise_of,
)

REDUCED = 0b101
"""Bits of a page's NewSubfileType: a smaller copy of another page, or a mask of it."""

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


@dataclass(frozen=True)
class _Survey:
    """What a TIFF holds.

    Attributes:
        candidates: Its series of equal pages.
        best: Which of them are the measurement: one, or all pages of a movie whose every page is
            a series of its own.
        total: Bytes of all images of the file.
        whole: Whether nothing is missing, so that its series can be read as they are.
        set_of: Number of files of which it is one, by its description.
    """

    candidates: tuple[Candidate, ...]
    best: tuple[int, ...]
    total: int
    whole: bool
    set_of: int = 1

    @property
    def chosen(self) -> int:
        """The first series of the measurement."""
        return self.best[0]

    @property
    def joined(self) -> bool:
        """Whether every page of the measurement is a series of its own."""
        return len(self.best) > 1

    @property
    def several(self) -> bool:
        """Whether the file also holds something else."""
        return len(self.candidates) > len(self.best)


class _Pages:
    """A TIFF's images, one page each, read by their number."""

    def __init__(self, path: Path, numbers: Sequence[int], outer: Sequence[int]) -> None:
        self._file = tifffile.TiffFile(path)
        self._numbers, self._outer = numbers, tuple(outer)
        page = self._file.pages[numbers[0]]
        self.shape, self.dtype = (*self._outer, *page.shape), page.dtype
        self.ndim = len(self.shape)

    def __getitem__(self, index: tuple[int, ...]) -> np.ndarray:
        number = int(np.ravel_multi_index(index, self._outer)) if index else 0
        return self._file.pages[self._numbers[number]].asarray()


def read_tiff(path: Path, lazy: bool, small: int, reader: Reader) -> dict[str, Any]:
    """A TIFF's measurement as a data set, as RosettaSciIO describes one.

    Args:
        path: The file.
        lazy: Whether its values stay in the file whatever their size.
        small: Bytes of images up to which they are read into memory.
        reader: RosettaSciIO's reader.

    Returns:
        ``data``, ``axes``, ``original_metadata``, ``notes`` (sentences on what was chosen and on
        what is missing), and ``lazy``: whether the values stay in the file.

    Raises:
        InputError: No image is whole, its images are stored as colours, or it declares more than
            memory can hold.
    """
    entries, end = page_list(path)
    with tifffile.TiffFile(path) as file:
        survey = _survey(path, file, end)
        if survey is None or not survey.whole:
            return _partial(path, file, (entries, end), survey, lazy, small, reader)
        if survey.candidates[survey.chosen].coloured:
            _refuse_colour_planes(path, file.series[survey.chosen].keyframe)
    stay = lazy or survey.total > small
    signals = reader(str(path), lazy=stay or survey.several)
    signal = signals[survey.chosen]
    if survey.joined:
        signal["axes"] = [{}, *signal["axes"][-2:]]
    if (stay or survey.several) and signal["data"].dtype.names is None:
        signal["data"] = _images(path, survey, stay)
    elif survey.joined:
        signal["data"] = np.stack([signals[number]["data"] for number in survey.best])
    notes = (choice_note(survey.candidates, survey.chosen),) if survey.several else ()
    return {**signal, "notes": notes, "lazy": stay}


def _count(series: Any) -> int:
    """How many images a series holds."""
    page = series.keyframe
    image = page.imagelength * page.imagewidth * page.samplesperpixel
    return math.prod(series.shape) // max(image, 1)


def _candidate(page: Any, count: int) -> Candidate:
    """A page and how many there are of its kind."""
    coloured = page.photometric in (
        tifffile.PHOTOMETRIC.RGB,
        tifffile.PHOTOMETRIC.PALETTE,
        tifffile.PHOTOMETRIC.YCBCR,
    )
    return Candidate(
        rows=page.imagelength,
        cols=page.imagewidth,
        bits=page.bitspersample,
        coloured=coloured,
        reduced=bool(page.subfiletype & REDUCED),
        count=count,
    )


def _survey(path: Path, file: tifffile.TiffFile, end: int | None) -> _Survey | None:
    """What an intact file holds; None where its list of pages breaks off."""
    if end is not None:
        return None
    first = file.pages.first
    members = files_of_set(first.description)
    if members > 1:
        page = _candidate(first, len(file.pages))
        return _Survey((page,), (0,), 0, False, members)
    series = file.series
    candidates = tuple(_candidate(one.keyframe, _count(one)) for one in series)
    best = measurements(candidates)
    chosen = series[best[0]]
    check_image_size(path, (chosen.keyframe.imagelength, chosen.keyframe.imagewidth))
    if chosen.keyframe.is_tiled:
        check_image_size(path, (chosen.keyframe.tilelength, chosen.keyframe.tilewidth))
    kinds = {(series[number].shape, series[number].dtype) for number in best}
    if len(kinds) > 1 or len(chosen.shape) != 2:
        best = best[:1]
    silent = best[0] != 0 or candidates[0].coloured
    promise = None if silent else promise_of(first.description)
    taken = sum(candidates[number].count for number in best)
    size = path.stat().st_size
    return _Survey(
        candidates=candidates,
        best=tuple(best),
        total=sum(one.nbytes for one in series),
        whole=all(_is_there(series[number], size) for number in best)
        and (promise is None or promise.count <= taken),
    )


def _is_there(series: Any, size: int) -> bool:
    """Whether all bytes of a series are in a file of ``size`` bytes."""
    if series.dataoffset is not None:
        return series.dataoffset + series.nbytes <= size
    return all(page is not None and _page_is_there(page, size) for page in series.pages)


def _page_is_there(page: Any, size: int) -> bool:
    """Whether all bytes of a page are in a file of ``size`` bytes."""
    pieces = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    return bool(pieces) and all(
        start > 0 and count > 0 and start + count <= size for start, count in pieces
    )


def _refuse_colour_planes(path: Path, page: Any) -> None:
    """Some programs store three or four grey images as the colours of one, which none can tell."""
    apart = page.planarconfig == tifffile.PLANARCONFIG.SEPARATE
    if apart and page.photometric == tifffile.PHOTOMETRIC.RGB:
        raise InputError(
            f"{path}: its {page.shape[0]} images are stored as red, green and blue of one "
            "picture; save them as a stack of grey images (photometric: minisblack)."
        )


def _images(path: Path, survey: _Survey, stay: bool) -> Any:
    """The measurement's values, mapped where they lie in one piece, else page by page.

    (RosettaSciIO's lazy TIFF copies the whole file for each frame that is asked for.)

    Raises:
        InputError: Its pages are no images one by one.
    """
    with tifffile.TiffFile(path) as file:
        if survey.joined:
            numbers = [file.series[number].pages[0].index for number in survey.best]
            pages = _Pages(path, numbers, (len(numbers),))
            return pages if stay else np.stack([pages[n,] for n in range(len(numbers))])
        series = file.series[survey.chosen]
        if not stay:
            return series.asarray()
        count = math.prod(series.shape[:-2])
        if series.dataoffset is not None and series.keyframe.is_memmappable:
            dtype = np.dtype(f"{file.byteorder}{series.dtype.char}")
            return Mapped(path, dtype, series.dataoffset, series.shape)
        if len(series.pages) != count:
            raise InputError(
                f"{path}: its pages are no images one by one, and the file is too large to be "
                "read whole; save it as a TIFF with one page for each image."
            )
        return _Pages(path, [page.index for page in series.pages], series.shape[:-2])


def _partial(
    path: Path,
    file: tifffile.TiffFile,
    listed: tuple[int, int | None],
    survey: _Survey | None,
    lazy: bool,
    small: int,
    reader: Reader,
) -> dict[str, Any]:
    """What is whole of a file of which something is missing."""
    entries, end = listed
    if entries < 1:
        raise InputError(NOTHING_WHOLE.format(path))
    pages: list[Any] = [file.pages[number] for number in range(entries)]
    kinds = list(dict.fromkeys((page.shape, str(page.dtype)) for page in pages))
    groups = [[p for p in pages if (p.shape, str(p.dtype)) == kind] for kind in kinds]
    candidates = [_candidate(group[0], len(group)) for group in groups]
    chosen = measurements(candidates)[0]
    found, first = groups[chosen], groups[chosen][0]
    check_image_size(path, (first.imagelength, first.imagewidth))
    if candidates[chosen].coloured or len(first.shape) != 2:
        raise InputError(f"{path}: the file is cut off, and holds no grey images; fetch it again.")
    size = path.stat().st_size
    promise = promise_of(pages[0].description) or _promise_by_gap(pages, found, end)
    mapped = _contiguous(path, file, found, promise, size)
    whole = [page.index for page in found if _page_is_there(page, size)]
    count = max(len(whole), mapped.shape[0] if mapped is not None else 0)
    open_end = survey is None and len(pages) == 1 and _more_follows(pages[0], size)
    outer, note = _kept(path, count, len(found), promise, survey, open_end)
    kept = math.prod(outer)
    if mapped is None:
        data: Any = _Pages(path, whole[:kept], outer)
    else:
        data = Mapped(path, mapped.dtype, mapped.offset, (*outer, *first.shape))
    stay = lazy or kept * math.prod(first.shape) * first.dtype.itemsize > small
    if not stay:
        frames = [data[tuple(np.unravel_index(n, outer)) if outer else ()] for n in range(kept)]
        data = np.stack(frames).reshape(*outer, *first.shape)
    axes, metadata = _described(path, first, reader, foreign=survey is not None)
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
    survey: _Survey | None,
    open_end: bool,
) -> tuple[tuple[int, ...], str]:
    """Size of the axes before rows and columns that are kept, and a sentence about it.

    Raises:
        InputError: No image is whole, or nobody can tell how many were meant.
    """
    if count < 1:
        raise InputError(NOTHING_WHOLE.format(path))
    if survey is not None and survey.set_of > 1:
        note = (
            f"this file is one of {survey.set_of} that belong together by its description; the "
            f"{count} images in this file alone were taken"
        )
        return (count,), note
    if promise is None and open_end:
        raise InputError(
            f"{path}: the file is cut off: its list of pages breaks off after the first, so that "
            "nobody can tell how many images there were; fetch it again."
        )
    if promise is None:
        more = f"{found}" if survey is not None else f"more than {found}"
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
