"""Pixel size of image files: as given, by their headers, or measured on a lattice."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from temnet.config.card import KnownLattice
from temnet.errors import InputError
from temnet.inference.checks.lattice import ALTERNATIVES, USUAL, series_spots
from temnet.inference.checks.lattice_comparison import (
    STEP,
    LatticeTable,
    explanations,
    proposals,
)
from temnet.inference.lattice_calibration import header_warning, measure_sampling
from temnet.inference.lattice_spots import MOST_FRAMES
from temnet.inference.reading.header import SAMPLING_RANGE
from temnet.inference.reading.image_file import ImageFile
from temnet.records import ImageSeries

LOGGER = logging.getLogger(__name__)

AT_ONCE = 2**27
"""Most bytes of frames on which the pixel size is measured together."""

SIZES = (0.03, 0.6)
"""Pixel sizes that are tried where nothing is known of them [Å]."""

LEAST_GAIN = 1.0
"""Least mean gain of a spot by which a pixel size is measured; see `Explanation`."""

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
    measured = _Measured(spacing, found.sampling, found.uncertainty, len(found.spots))
    return _with_calibration(series, measured, used)


@dataclass(frozen=True)
class _Measured:
    """A pixel size by the planes of a lattice, as `ImageSeries.metadata` has it."""

    spacing: float
    sampling: float
    uncertainty: float
    spots: int


def _with_calibration(series: ImageSeries, found: _Measured, used: bool) -> ImageSeries:
    """The series with a measured pixel size, which replaces the given one if it is used."""
    calibration = {**vars(found), "taken": used}
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


def with_pixel_size_of_materials(
    series: ImageSeries, lattices: Sequence[KnownLattice], given: float | None
) -> ImageSeries:
    """The series with the pixel size at which known crystals explain its lattice.

    Args:
        series: The images.
        lattices: The crystals.
        given: Pixel size by the header [Å], near which it is searched; None if it is unknown.

    Raises:
        InputError: If no lattice stands out, none of the crystals explains it, or several pixel
            sizes do.
    """
    spots = series_spots(series, limited=given is not None)
    if not len(spots):
        raise InputError(
            f"{series.name}: no lattice stands out, so that the pixel size cannot be measured. Set "
            "images.sampling in Å."
        )
    low, high = np.log(SIZES)
    scales = None if given is not None else np.exp(np.arange(low, high, STEP)) / series.sampling
    found = proposals(explanations(spots, LatticeTable(lattices), scales), ALTERNATIVES)
    near = [one for one in found if given is not None and abs(one.fitted - 1) <= USUAL]
    found = near[:1] or found
    if not found or found[0].mean_gain < LEAST_GAIN:
        spacings = ", ".join(f"{one:.2f}" for one in spots.spacings[:3])
        unit = "Å" if given is not None else "pixels"
        raise InputError(
            f"{series.name}: the lattice, of {spacings} {unit}, fits none of the materials that "
            "the network was trained on. Set images.sampling in Å, or images.spacing."
        )
    if len(found) > 1:
        sizes = [
            f"{one.fitted * series.sampling:.4g} Å ({' and '.join(one.materials)})" for one in found
        ]
        raise InputError(
            f"{series.name}: several pixel sizes explain the lattice: {', '.join(sizes)}. Set "
            "images.sampling, or images.spacing to the distance of the planes, in Å."
        )
    best = found[0]
    sampling = best.fitted * series.sampling
    spacing = float(spots.spacings[int(np.argmax(best.explained))]) * best.fitted
    measured = _Measured(
        round(spacing, 3), sampling, best.uncertainty * sampling, int(best.explained.sum())
    )
    return _with_calibration(series, measured, True)
