"""Pixel size from the lattice of a crystal of known spacing, by the spots in the power spectrum."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from scipy import stats

from temnet.errors import InputError
from temnet.inference.lattice_spots import Spots, find_spots

LOGGER = logging.getLogger(__name__)

HEADER_TOLERANCE = 0.02
"""Headers that differ from the lattice by more than this fraction cause a warning."""

EXPECTED_WITHIN = 0.15
"""Rings are searched within this fraction of the expected pixel size: neighbouring rings of common
lattices are 15 % ({111} and {200} of fcc) or more apart."""

RING_WIDTH = 0.05
"""Spots whose frequencies differ by less than this fraction belong to one ring; this allows for
distortion by projector lenses (1 to 2 %) and for strain."""

FAINTEST = 0.02
"""Spots with less than this fraction of the power of the strongest spot in a ring are ignored."""

INCONSISTENT = 0.01
"""Spots that scatter more than noise does in this fraction of cases show a distortion."""


@dataclass(frozen=True)
class Calibration:
    """A pixel size measured on a lattice.

    Attributes:
        sampling: Pixel size [Å].
        uncertainty: Its standard error [Å] due to noise, or, if spots differ by more than noise
            explains, with the standard deviation over the spots.  An error of the given spacing is
            not included.
        spots: (N, 2) float64, (row, col) frequencies of the ring's spots [cycles per pixel], one
            of each opposite pair.
        distortion: Half the relative difference between the largest and the smallest pixel size
            among the spots; 0 for a single one.
    """

    sampling: float
    uncertainty: float
    spots: np.ndarray
    distortion: float


def measure_sampling(
    images: np.ndarray, spacing: float, expected: float | None = None
) -> Calibration:
    """Pixel size from the spots of a lattice and the distance between its planes.

    The spots are those of `temnet.inference.lattice_spots`.

    Args:
        images: (row, col) or (frame, row, col), finite, square pixels.
        spacing: Distance between the planes of the ring [Å].
        expected: Approximate pixel size [Å].  The strongest ring within 15 % of it is used; without
            it the strongest of all.

    Returns:
        The pixel size [Å] with its standard error.

    Raises:
        InputError: If the spacing is not a length, the images are too small, or no spots stand out.
    """
    _check(spacing, expected)
    spots = find_spots(images)
    if len(spots) == 0:
        raise InputError(
            "no lattice stands out in the power spectrum of the image, so that its pixel size "
            "cannot be measured. Set images.sampling in Å, or give an image of a crystal."
        )
    lengths = np.linalg.norm(spots.frequencies, axis=1)
    return _combined(
        spots.select(_choose_ring(lengths, spots.strengths, spacing, expected)), spacing
    )


def header_warning(header: float, calibration: Calibration) -> str | None:
    """A sentence on a header's pixel size that the lattice contradicts, None if they agree.

    Args:
        header: Pixel size in the header [Å].
        calibration: The pixel size by the lattice.

    >>> header_warning(0.201, Calibration(0.2, 0.0002, np.zeros((1, 2)), 0.0))
    >>> header_warning(0.21, Calibration(0.2, 0.0002, np.zeros((1, 2)), 0.0))
    'the given pixel size is 0.21 Å, but the lattice gives 0.2 ± 0.0002 Å (5.0 % less)'
    """
    difference = header / calibration.sampling - 1
    if abs(difference) <= HEADER_TOLERANCE:
        return None
    word = "less" if difference > 0 else "more"
    return (
        f"the given pixel size is {header:.4g} Å, but the lattice gives {calibration.sampling:.4g} "
        f"± {calibration.uncertainty:.2g} Å ({100 * abs(difference):.1f} % {word})"
    )


def _check(spacing: float, expected: float | None) -> None:
    for name, value in (("spacing", spacing), ("expected pixel size", expected)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"the {name} must be a length above 0 Å; got {value}.")


def _choose_ring(
    lengths: np.ndarray, strengths: np.ndarray, spacing: float, expected: float | None
) -> np.ndarray:
    """(N,) bool: spots of the ring with the most power; see `measure_sampling`."""
    usable = np.ones(len(lengths), bool)
    if expected is not None:
        usable = np.abs(spacing * lengths / expected - 1) <= EXPECTED_WITHIN
        if not np.any(usable):
            found = spacing * lengths[np.argmax(strengths)]
            raise InputError(
                f"no spots of a spacing of {spacing:g} Å stand out near the expected pixel size of "
                f"{expected:.4g} Å; the strongest spots would mean {found:.4g} Å. Check the "
                "spacing and the pixel size."
            )
    together = np.abs(lengths[:, None] / lengths - 1) <= RING_WIDTH
    together &= usable[:, None] & usable
    best = together[np.argmax(together @ strengths)]
    return best & (strengths >= FAINTEST * strengths[best].max())


def _combined(spots: Spots, spacing: float) -> Calibration:
    """The pixel size that the spots of a ring agree on, or their mean if they disagree."""
    samplings = spacing * np.linalg.norm(spots.frequencies, axis=1)
    variances = spacing**2 * spots.variances
    weights = 1 / variances
    mean = np.sum(weights * samplings) / np.sum(weights)
    variance = 1 / np.sum(weights)
    distortion = np.ptp(samplings) / (samplings.max() + samplings.min())
    count = len(samplings)
    scatter = np.sum(weights * (samplings - mean) ** 2)
    if count > 1 and stats.chi2.sf(scatter, count - 1) < INCONSISTENT:
        # Not chance: the pixel size depends on direction or position.
        mean = samplings.mean()
        variance += samplings.var(ddof=1)
        LOGGER.warning(
            "the spots of the lattice differ in frequency by ± %.1f %%: the image is distorted or "
            "strained, its pixels are not square, or it shows several lattices",
            100 * distortion,
        )
    return Calibration(float(mean), float(np.sqrt(variance)), spots.frequencies, float(distortion))
