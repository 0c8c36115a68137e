"""How large the pixels of image files are: as they are told, or by a lattice in the images."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from temnet.errors import InputError
from temnet.inference.lattice_calibration import MOST_FRAMES, header_warning, measure_sampling
from temnet.inference.reading.header import SAMPLING_RANGE
from temnet.inference.reading.image_file import ImageFile
from temnet.records import ImageSeries

LOGGER = logging.getLogger(__name__)

PIXEL_ASPECT = 1e-3
"""Pixels whose sizes differ by less than this fraction are of one size."""


def told_pixels(opened: Sequence[ImageFile], sampling: float | None) -> tuple[float, float]:
    """Height and width of a pixel [Å], by the setting or by all headers.

    Args:
        opened: The files.
        sampling: The setting [Å per pixel]; None where the headers tell.

    Raises:
        InputError: A header does not tell, they disagree, or the size is out of range.
    """
    if sampling is not None:
        found = (float(sampling), float(sampling))
    else:
        found = _header_pixel_size(opened)
    _check_range(found, str(opened[0].path))
    height, width = found
    if abs(height - width) <= PIXEL_ASPECT * max(found):
        return height, height
    LOGGER.info("pixels of %.4g by %.4g Å are resampled to square ones", height, width)
    return found


def _header_pixel_size(opened: Sequence[ImageFile]) -> tuple[float, float]:
    """The pixel size on which all headers agree."""
    for file in opened:
        if file.pixel_size is None and file.unknown_unit:
            raise InputError(
                f"{file.path}: the pixel size is given in {file.unknown_unit!r}, which is no known "
                "unit of length; set images.sampling (or --sampling) to the pixel size in Å."
            )
        if file.pixel_size is None:
            raise InputError(
                f"{file.path}: the file does not say how large its pixels are; set "
                "images.sampling (or --sampling) to the pixel size in Å."
            )
    sizes = np.array([file.pixel_size for file in opened])
    low, high = sizes.min(axis=0), sizes.max(axis=0)
    if np.any(high - low > PIXEL_ASPECT * high):
        raise InputError(
            f"{opened[0].path}: the files' pixels differ in size ({low.min():.4g} to "
            f"{high.max():.4g} Å); predict them one by one."
        )
    return float(sizes[0, 0]), float(sizes[0, 1])


def plausible(pixel_size: tuple[float, float] | None) -> bool:
    """Whether a header's pixel size [Å] is there and may be that of an atomic-resolution image."""
    return pixel_size is not None and _out_of_range(pixel_size) is None


def _out_of_range(pixel_size: tuple[float, float]) -> float | None:
    """The height or width that cannot be that of an atomic-resolution image."""
    low, high = SAMPLING_RANGE
    return next((size for size in pixel_size if not low <= size <= high), None)


def _check_range(pixel_size: tuple[float, float], name: str) -> None:
    size = _out_of_range(pixel_size)
    if size is not None:
        low, high = SAMPLING_RANGE
        raise InputError(
            f"{name}: a pixel of {size:.4g} Å cannot be that of an atomic-resolution image "
            f"(expected {low} to {high:g} Å); set images.sampling to the right size."
        )


def measured_pixels(
    series: ImageSeries, spacing: float, told: float | None, taken: bool, memory: int
) -> ImageSeries:
    """The series with its pixel size by the lattice, or with a warning where that differs.

    Args:
        series: The images.
        spacing: Distance of the lattice planes [Å].
        told: Pixel size by the header or the settings [Å], None where there is none.
        taken: Whether the measured size is taken; else it only checks.
        memory: Most bytes of frames that are looked at together.

    Raises:
        InputError: It is to be taken and cannot be measured, or is out of range.
    """
    rows, cols = series.images.shape[1:3]
    most = int(np.clip(memory // (4 * rows * cols), 1, MOST_FRAMES))
    chosen = np.unique(np.linspace(0, len(series.images) - 1, most).round().astype(int))
    frames = np.stack([np.asarray(series.images[int(number)])[..., 0] for number in chosen])
    try:
        found = measure_sampling(frames, spacing, told)
    except InputError as error:
        if taken:
            raise InputError(f"{series.name}: {error}") from error
        LOGGER.warning("%s: the pixel size could not be checked: %s", series.name, error)
        return series
    if told is not None and (warning := header_warning(told, found)):
        LOGGER.warning("%s: %s", series.name, warning)
    calibration = {
        "spacing": spacing,
        "sampling": found.sampling,
        "uncertainty": found.uncertainty,
        "spots": len(found.spots),
        "taken": taken,
    }
    series = replace(series, metadata={**series.metadata, "calibration": calibration})
    if not taken:
        return series
    factor = found.sampling / series.sampling
    height, width = (size * factor for size in series.pixel_size)
    LOGGER.info(
        "%s: %.4g ± %.2g Å per pixel by the lattice", series.name, found.sampling, found.uncertainty
    )
    _check_range((height, width), series.name)
    return replace(series, sampling=found.sampling, pixel_size=(height, width))
