"""TIFF files: the pages that are the measurement, and how they are read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class _Survey:
    """The series of an intact TIFF, and which of them are read.

    Attributes:
        candidates: Its series of equal pages.
        best: Numbers of the series that are the measurement: one, or all pages of a movie in which
            each page is a series of its own.
        total: Bytes of all images in the file.
    """

    candidates: tuple[Candidate, ...]
    best: tuple[int, ...]
    total: int

    @property
    def chosen(self) -> int:
        """The first series of the measurement."""
        return self.best[0]

    @property
    def joined(self) -> bool:
        """Whether each page of the measurement is a series of its own."""
        return len(self.best) > 1

    @property
    def several(self) -> bool:
        """Whether the file holds other images too."""
        return len(self.candidates) > len(self.best)


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
        survey = _survey(path, file) if end is None and members == 1 else None
        if survey is None:
            return read_partial(path, file, (entries, end), members)
        if survey.candidates[survey.chosen].coloured:
            _refuse_colour_planes(path, file.series[survey.chosen].keyframe)
    lazy = is_large(path.stat().st_size) or is_large(survey.total)
    found = data_sets(path, lazy=lazy or survey.several)
    chosen = replace(found[survey.chosen], lazy=lazy)
    if survey.joined:
        chosen = replace(chosen, axes=(Axis(), *chosen.axes[-2:]))
    if (lazy or survey.several) and chosen.data.dtype.names is None:
        chosen = replace(chosen, data=_images(path, survey, lazy))
    elif survey.joined:
        stack = np.stack([np.asarray(found[number].data) for number in survey.best])
        chosen = replace(chosen, data=stack)
    if not survey.several:
        return chosen
    note = choice_note(survey.candidates, survey.chosen)
    return replace(_with_units(chosen, found), notes=(note,))


def _with_units(one: DataSet, found: Sequence[DataSet]) -> DataSet:
    """A data set with the units of another one of its size, such as its preview, if it has none."""
    if any(axis.unit for axis in one.axes[-2:]):
        return one
    for other in found:
        sizes = tuple(axis.size for axis in other.axes[-2:])
        if sizes == tuple(one.data.shape[-2:]) and all(axis.unit for axis in other.axes[-2:]):
            return replace(one, axes=(*one.axes[:-2], *other.axes[-2:]))
    return one


def _survey(path: Path, file: tifffile.TiffFile) -> _Survey | None:
    """The series of a file; None if one of the images is not whole."""
    first, series = file.pages.first, file.series
    candidates = tuple(page_candidate(one.keyframe, _image_count(one)) for one in series)
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
    size = path.stat().st_size
    whole = all(_is_whole(series[number], size) for number in best)
    if promise is not None:
        whole &= promise.count <= sum(candidates[number].count for number in best)
    return _Survey(candidates, tuple(best), sum(one.nbytes for one in series)) if whole else None


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


def _images(path: Path, survey: _Survey, lazy: bool) -> Values:
    """Values of the measurement: mapped where they are contiguous, else read page by page.

    (RosettaSciIO's lazy TIFF copies the whole file for each frame.)

    Raises:
        InputError: If the file stays on disk and a page is not one image.
    """
    with tifffile.TiffFile(path) as file:
        if survey.joined:
            numbers = [_page_number(file.series[number].pages[0]) for number in survey.best]
            pages = TiffPages(path, numbers, (len(numbers),))
            return pages if lazy else np.stack([pages[n,] for n in range(len(numbers))])
        series = file.series[survey.chosen]
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
