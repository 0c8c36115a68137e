"""Faults of one image: regions without image, broken pixels, rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from temnet.images.unseen import pack, wide_part
from temnet.inference.bad_pixels.inpainting import WIDE, inpainted
from temnet.inference.bad_pixels.outliers import (
    Limits,
    find_broken,
    find_broken_lines,
    possible_values,
)
from temnet.inference.bad_pixels.scale_bars import find_scale_bars, with_holes_filled
from temnet.inference.bad_pixels.unseen_regions import find_unseen

MOST_BROKEN = 0.04
"""An image with a larger fraction of broken pixels is not repaired: the limits for broken pixels
are valid up to 5 %."""

DAZZLING = 1.5
"""A spot this many times farther from the median than the limit for broken pixels, and not replaced
because its edge is soft, dims its surroundings after normalisation.  In measured images of lattices
the outermost pixel lies at a third of the limit.
"""

LEAST_SHOWN = 256
"""An image with fewer pixels left is not used: 16 x 16 pixels show no lattice."""


@dataclass(frozen=True)
class Faults:
    """Pixels of an image that hold no measurement.

    Attributes:
        replaced: Mask of all of them, packed (`temnet.images.unseen.pack`); None without any.
        unseen: Mask of the wide ones among them, in which no columns are found, packed; None
            without any.
        region: Number of pixels in regions without image.
        broken: Number of other pixels that were replaced.
        usable: Whether the rest of the image can be used.
        dazzling: Row and column of the outermost remaining pixel, if it is far outside the range of
            the image and may be part of the specimen; else None.
    """

    replaced: bytes | None = None
    unseen: bytes | None = None
    region: int = 0
    broken: int = 0
    usable: bool = True
    dazzling: tuple[int, int] | None = None


def find_faults(image: np.ndarray) -> tuple[np.ndarray, Faults]:
    """An image with its faults filled, and the faults.

    Args:
        image: (row, col) float32.

    Returns:
        The filled image (the given one if it has no faults, or too many), and its faults.
    """
    regions = _without_image(image)
    count = 0 if regions is None else int(np.count_nonzero(regions))
    if image.size - count < LEAST_SHOWN:
        return image, Faults(region=count, usable=False)
    filled = image if regions is None else inpainted(image, pack(regions))
    limits = possible_values(filled)
    broken = find_broken(filled, limits)
    if broken.size > MOST_BROKEN * image.size:
        return image, Faults(region=count, broken=broken.size, usable=False)
    mask = np.zeros(image.shape, bool) if regions is None else regions.copy()
    if broken.size:
        mask.reshape(-1)[broken] = True
        filled = inpainted(image, pack(mask))
    lines = find_broken_lines(filled, limits)
    if lines is not None:
        mask |= lines
        filled = inpainted(image, pack(mask))
    dazzling = _dazzling(filled, limits)
    if filled is image:
        return image, Faults(dazzling=dazzling)
    unseen = wide_part(mask, WIDE)
    if regions is not None:
        unseen |= wide_part(regions, WIDE, beyond=True) & regions
    return filled, Faults(
        replaced=pack(mask),
        unseen=pack(unseen) if np.any(unseen) else None,
        region=count,
        broken=int(np.count_nonzero(mask)) - count,
        dazzling=dazzling,
    )


def _without_image(image: np.ndarray) -> np.ndarray | None:
    """(row, col) bool: regions of one value, letters in them, and scale bars; None without any."""
    found = [part for part in (find_unseen(image), find_scale_bars(image)) if part is not None]
    return with_holes_filled(np.logical_or.reduce(found)) if found else None


def _dazzling(image: np.ndarray, limits: Limits) -> tuple[int, int] | None:
    """Row and column of the outermost pixel, if it is far outside the range of the image."""
    low, middle, high = limits
    for place, reach in ((image.argmax(), high - middle), (image.argmin(), low - middle)):
        if np.isfinite(reach) and (image.flat[place] - middle) / reach > DAZZLING:
            row, col = np.unravel_index(place, image.shape)
            return int(row), int(col)
    return None
