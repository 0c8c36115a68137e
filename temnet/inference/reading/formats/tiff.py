"""TIFF files: the pages that are the measurement, and how they are read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import tifffile

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set import Axis, DataSet, Values
from temnet.inference.reading.formats.data_set_choice import Candidate, choice_note, measurements
from temnet.inference.reading.formats.declared_size import check_image_size
from temnet.inference.reading.formats.large_files import Mapped, is_large
from temnet.inference.reading.formats.rosettasciio import data_sets
from temnet.inference.reading.formats.tiff_image_count import files_of_set, page_list, promise_of
from temnet.inference.reading.formats.tiff_pages import TiffPages, page_candidate, page_is_whole
from temnet.inference.reading.formats.tiff_partial import read_partial


def read_tiff(path: Path) -> DataSet:
    """The measurement in a TIFF; of a file that is cut off, the images that are whole.

    Args:
        path: The file.

    Raises:
        InputError: If no image is whole, the images are stored as colours, or the file declares
            more than memory can hold.
    """
    entries, end = page_list(path)
    with tifffile.TiffFile(path) as file:
        members = files_of_set(file.pages.first.description) if end is None else 1
        candidates = _candidates(file) if end is None and members == 1 else []
        best = _measurement(path, file, candidates) if candidates else []
        if not best:
            return read_partial(path, file, (entries, end), members)
        if candidates[best[0]].coloured:
            _refuse_colour_planes(path, file.series[best[0]].keyframe)
        total = sum(series.nbytes for series in file.series)
    lazy = is_large(path.stat().st_size) or is_large(total)
    several = len(candidates) > len(best)  # other images, too
    found = data_sets(path, lazy=lazy or several)
    chosen = replace(found[best[0]], lazy=lazy)
    if len(best) > 1:
        chosen = replace(chosen, axes=(Axis(), *chosen.axes[-2:]))
    if (lazy or several) and chosen.data.dtype.names is None:
        chosen = replace(chosen, data=_images(path, best, lazy))
    elif len(best) > 1:
        stack = np.stack([np.asarray(found[number].data) for number in best])
        chosen = replace(chosen, data=stack)
    if not several:
        return chosen
    return replace(_with_units(chosen, found), notes=(choice_note(candidates, best[0]),))


def _with_units(one: DataSet, found: Sequence[DataSet]) -> DataSet:
    """A data set with the units of another one of its size, such as its preview, if it has none."""
    if any(axis.unit for axis in one.axes[-2:]):
        return one
    for other in found:
        sizes = tuple(axis.size for axis in other.axes[-2:])
        if sizes == tuple(one.data.shape[-2:]) and all(axis.unit for axis in other.axes[-2:]):
            return replace(one, axes=(*one.axes[:-2], *other.axes[-2:]))
    return one


def _candidates(file: tifffile.TiffFile) -> list[Candidate]:
    """The series of equal pages in a file."""
    return [page_candidate(series.keyframe, _image_count(series)) for series in file.series]


def _measurement(path: Path, file: tifffile.TiffFile, candidates: Sequence[Candidate]) -> list[int]:
    """Numbers of the series that are the measurement; none if one of their images is not whole.

    They are one series, or all pages of a movie in which each page is a series of its own.
    """
    first, series = file.pages.first, file.series
    best = measurements(candidates)
    chosen = series[best[0]]
    page = chosen.keyframe
    check_image_size(path, (page.imagelength, page.imagewidth))
    if page.is_tiled:
        check_image_size(path, (page.tilelength, page.tilewidth))
    kinds = {(series[number].shape, series[number].dtype) for number in best}
    if len(kinds) > 1 or len(chosen.shape) != 2:
        best = best[:1]
    silent = best[0] != 0 or candidates[0].coloured or first.samplesperpixel > 1
    promise = None if silent else promise_of(first.description)
    count = sum(candidates[number].count for number in best)
    size = path.stat().st_size
    whole = all(_is_whole(series[number], size) for number in best)
    return best if whole and (promise is None or promise.count <= count) else []


def _image_count(series: tifffile.TiffPageSeries) -> int:
    """Number of images in a series."""
    page = series.keyframe
    image = page.imagelength * page.imagewidth * page.samplesperpixel
    return math.prod(series.shape) // max(image, 1)


def _is_whole(series: tifffile.TiffPageSeries, size: int) -> bool:
    """Whether all bytes of a series are in a file of ``size`` bytes."""
    if series.dataoffset is not None:
        return series.dataoffset + series.nbytes <= size
    return all(page is not None and page_is_whole(page, size) for page in series.pages)


def _refuse_colour_planes(path: Path, page: tifffile.TiffPage) -> None:
    """Refuses three or four grey images that a program stored as the colour planes of one."""
    apart = page.planarconfig == tifffile.PLANARCONFIG.SEPARATE
    if apart and page.photometric == tifffile.PHOTOMETRIC.RGB:
        raise InputError(
            f"{path}: its {page.shape[0]} images are stored as red, green and blue of one "
            "picture. Save them as a stack of grey images (photometric: minisblack)."
        )


def _images(path: Path, best: Sequence[int], lazy: bool) -> Values:
    """Values of some series: mapped where they are contiguous, else read page by page.

    (RosettaSciIO's lazy TIFF copies the whole file for each frame.)

    Raises:
        InputError: If the file stays on disk and a page is not one image.
    """
    with tifffile.TiffFile(path) as file:
        if len(best) > 1:
            numbers = [_page_number(file.series[number].pages[0]) for number in best]
            pages = TiffPages(path, numbers, (len(numbers),))
            return pages if lazy else np.stack([pages[n,] for n in range(len(numbers))])
        series = file.series[best[0]]
        if not lazy:
            return series.asarray()
        if series.dataoffset is not None and series.keyframe.is_memmappable:
            dtype = np.dtype(f"{file.byteorder}{series.dtype.char}")
            return Mapped(path, dtype, series.dataoffset, series.shape)
        if len(series.pages) != math.prod(series.shape[:-2]):
            raise InputError(
                f"{path}: its pages are not one image each, and the file is too large to be read "
                "whole. Save it as a TIFF with one page per image."
            )
        return TiffPages(path, [_page_number(page) for page in series.pages], series.shape[:-2])


def _page_number(page: tifffile.TiffPage | tifffile.TiffFrame | None) -> int:
    """Number of a page in its file."""
    assert page is not None  # of a whole series
    return page.index
