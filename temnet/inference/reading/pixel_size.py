"""Pixel size of image files: as given, by their headers, or measured on a lattice."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from temnet.errors import InputError
from temnet.inference.lattice_calibration import header_warning, measure_sampling
from temnet.inference.lattice_spots import MOST_FRAMES
from temnet.inference.reading.header import SAMPLING_RANGE
from temnet.inference.reading.image_file import ImageFile
from temnet.records import ImageSeries

LOGGER = logging.getLogger(__name__)

AT_ONCE = 2**27
"""Most bytes of frames on which the pixel size is measured together."""

PIXEL_ASPECT = 1e-3
"""Pixel sizes that differ by less than this fraction are equal."""


def given_pixel_size(opened: Sequence[ImageFile], sampling: float | None) -> tuple[float, float]:
    """Height and width of a pixel [Å], by the setting or by the headers of all files.

    Args:
        opened: The files.
        sampling: The setting [Å per pixel]; None to use the headers.

    Raises:
        InputError: If a header has no pixel size, headers disagree, or the size is out of range.
    """
    found = (float(sampling),) * 2 if sampling is not None else _common_pixel_size(opened)
    _check_range(found, str(opened[0].path))
    height, width = found
    if abs(height - width) <= PIXEL_ASPECT * max(found):
        return height, height
    LOGGER.info("pixels of %.4g by %.4g Å are resampled to square pixels", height, width)
    return found


def _common_pixel_size(opened: Sequence[ImageFile]) -> tuple[float, float]:
    """The pixel size that all headers give."""
    for file in opened:
        if file.pixel_size is None:
            fault = "the file does not give its pixel size"
            if file.unknown_unit:
                unit = repr(file.unknown_unit)
                fault = f"the pixel size is given in {unit}, which is not a known unit of length"
            raise InputError(
                f"{file.path}: {fault}. Set images.sampling (or --sampling) to the pixel size in Å."
            )
    sizes = np.array([file.pixel_size for file in opened])
    low, high = sizes.min(axis=0), sizes.max(axis=0)
    if np.any(high - low > PIXEL_ASPECT * high):
        raise InputError(
            f"{opened[0].path}: the pixel sizes of the files differ ({low.min():.4g} to "
            f"{high.max():.4g} Å). Predict the files one by one."
        )
    return float(sizes[0, 0]), float(sizes[0, 1])


def plausible(pixel_size: tuple[float, float] | None) -> bool:
    """Whether a header gives a pixel size [Å] that an atomic-resolution image can have."""
    return pixel_size is not None and _out_of_range(pixel_size) is None


def _out_of_range(pixel_size: tuple[float, float]) -> float | None:
    """The height or width that an atomic-resolution image cannot have, None if both are fine."""
    low, high = SAMPLING_RANGE
    return next((size for size in pixel_size if not low <= size <= high), None)


def _check_range(pixel_size: tuple[float, float], name: str) -> None:
    size = _out_of_range(pixel_size)
    if size is not None:
        low, high = SAMPLING_RANGE
        raise InputError(
            f"{name}: a pixel size of {size:.4g} Å is out of range for atomic resolution (expected "
            f"{low} to {high:g} Å). Set images.sampling (or --sampling) to the pixel size in Å."
        )


def with_measured_pixel_size(
    series: ImageSeries, spacing: float, given: float | None, used: bool
) -> ImageSeries:
    """The series with its pixel size measured on the lattice, or with a warning if that differs.

    Args:
        series: The images.
        spacing: Distance of the lattice planes [Å].
        given: Pixel size by the header or the settings [Å], None if it is unknown.
        used: Whether the measured size replaces the given one; else it is only compared.

    Raises:
        InputError: If the size is to be used, but cannot be measured or is out of range.
    """
    rows, cols = series.images.shape[1:3]
    most = int(np.clip(AT_ONCE // (4 * rows * cols), 1, MOST_FRAMES))
    chosen = np.unique(np.linspace(0, len(series.images) - 1, most).round().astype(int))
    frames = np.stack([np.asarray(series.images[int(number)])[..., 0] for number in chosen])
    try:
        found = measure_sampling(frames, spacing, given)
    except InputError as error:
        if used:
            raise InputError(f"{series.name}: {error}") from error
        LOGGER.warning("%s: the pixel size could not be checked: %s", series.name, error)
        return series
    if given is not None and (warning := header_warning(given, found)):
        LOGGER.warning("%s: %s", series.name, warning)
    calibration = {
        "spacing": spacing,
        "sampling": found.sampling,
        "uncertainty": found.uncertainty,
        "spots": len(found.spots),
        "taken": used,
    }
    series = replace(series, metadata={**series.metadata, "calibration": calibration})
    if not used:
        return series
    factor = found.sampling / series.sampling
    height, width = (size * factor for size in series.pixel_size or (series.sampling,) * 2)
    LOGGER.info(
        "%s: the lattice gives %.4g ± %.2g Å per pixel",
        series.name,
        found.sampling,
        found.uncertainty,
    )
    _check_range((height, width), series.name)
    return replace(series, sampling=found.sampling, pixel_size=(height, width))
