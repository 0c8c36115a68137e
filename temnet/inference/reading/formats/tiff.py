"""TIFF files: which pages are the measurement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set_choice import Candidate, choice_note, measurements
from temnet.inference.reading.formats.declared_size import check_image_size
from temnet.inference.reading.formats.large_files import Mapped
from temnet.inference.reading.formats.tiff_image_count import files_of_set, page_list, promise_of
from temnet.inference.reading.formats.tiff_pages import TiffPages, page_candidate, page_is_there
from temnet.inference.reading.formats.tiff_partial import Reader, read_partial


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
            members = survey.set_of if survey else 1
            return read_partial(path, file, (entries, end), members, lazy, small, reader)
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
    if survey.several:
        signal = _with_size(signal, signals)
    return {**signal, "notes": notes, "lazy": stay}


def _with_size(signal: dict[str, Any], signals: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A data set with the units of another of its size, such as its preview, where it has none."""
    if any(axis.get("units") for axis in signal["axes"][-2:]):
        return signal
    shape = tuple(np.shape(signal["data"])[-2:])
    for other in signals:
        axes = other["axes"][-2:]
        sizes = tuple(axis.get("size") for axis in axes)
        if sizes == shape and all(axis.get("units") for axis in axes):
            return {**signal, "axes": [*signal["axes"][:-2], *axes]}
    return signal


def _count(series: Any) -> int:
    """How many images a series holds."""
    page = series.keyframe
    image = page.imagelength * page.imagewidth * page.samplesperpixel
    return math.prod(series.shape) // max(image, 1)


def _survey(path: Path, file: tifffile.TiffFile, end: int | None) -> _Survey | None:
    """What an intact file holds; None where its list of pages breaks off."""
    if end is not None:
        return None
    first = file.pages.first
    members = files_of_set(first.description)
    if members > 1:
        page = page_candidate(first, len(file.pages))
        return _Survey((page,), (0,), 0, False, members)
    series = file.series
    candidates = tuple(page_candidate(one.keyframe, _count(one)) for one in series)
    best = measurements(candidates)
    chosen = series[best[0]]
    check_image_size(path, (chosen.keyframe.imagelength, chosen.keyframe.imagewidth))
    if chosen.keyframe.is_tiled:
        check_image_size(path, (chosen.keyframe.tilelength, chosen.keyframe.tilewidth))
    kinds = {(series[number].shape, series[number].dtype) for number in best}
    if len(kinds) > 1 or len(chosen.shape) != 2:
        best = best[:1]
    silent = best[0] != 0 or candidates[0].coloured or first.samplesperpixel > 1
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
    return all(page is not None and page_is_there(page, size) for page in series.pages)


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
            pages = TiffPages(path, numbers, (len(numbers),))
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
        return TiffPages(path, [page.index for page in series.pages], series.shape[:-2])
