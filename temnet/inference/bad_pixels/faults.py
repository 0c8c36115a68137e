"""What measured nothing in one image: regions without image, broken pixels, rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from temnet.images.unseen import pack, wide_part
from temnet.inference.bad_pixels.inpainting import WIDE, mended
from temnet.inference.bad_pixels.outliers import (
    Limits,
    find_broken,
    find_broken_lines,
    possible_values,
)
from temnet.inference.bad_pixels.unseen_regions import find_unseen

MOST_BROKEN = 0.04
"""An image with more broken pixels than this fraction is not repaired: the limits by which they
are known hold up to 5 %."""

DAZZLING = 1.5
"""A spot that goes out so many times as far as the limit by which broken pixels are known, and was
not replaced because it ends softly, dims what is around it.  In measured images of lattices the
outermost pixel lies at a third of the limit.
"""

LEAST_SHOWN = 256
"""An image that shows fewer pixels is not used: a lattice is not seen in 16 x 16."""


@dataclass(frozen=True)
class Faults:
    """Pixels of an image that measured nothing.

    Attributes:
        replaced: All of them, packed (`temnet.images.unseen.pack`); None where there are none.
        unseen: The wide ones among them, where no columns are found, packed; None likewise.
        region: How many pixels the regions without image hold.
        broken: How many others there are.
        usable: Whether the rest of the image can be used.
        dazzling: Row and column of the outermost pixel of the others, where it is far outside all
            that the image holds and may be part of the specimen; else None.
    """

    replaced: bytes | None = None
    unseen: bytes | None = None
    region: int = 0
    broken: int = 0
    usable: bool = True
    dazzling: tuple[int, int] | None = None


def find_faults(image: np.ndarray) -> tuple[np.ndarray, Faults]:
    """An image with all that measured nothing filled, and what that was.

    Args:
        image: (row, col) float32.

    Returns:
        The image, itself where nothing is wrong or too much, and its faults.
    """
    regions = find_unseen(image)
    count = 0 if regions is None else int(np.count_nonzero(regions))
    if image.size - count < LEAST_SHOWN:
        return image, Faults(region=count, usable=False)
    filled = image if regions is None else mended(image, pack(regions))
    limits = possible_values(filled)
    broken = find_broken(filled, limits)
    if broken.size > MOST_BROKEN * image.size:
        return image, Faults(region=count, broken=broken.size, usable=False)
    mask = np.zeros(image.shape, bool) if regions is None else regions.copy()
    if broken.size:
        mask.reshape(-1)[broken] = True
        filled = mended(image, pack(mask))
    lines = find_broken_lines(filled, limits)
    if lines is not None:
        mask |= lines
        filled = mended(image, pack(mask))
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


def _dazzling(image: np.ndarray, limits: Limits) -> tuple[int, int] | None:
    """Row and column of the outermost pixel, where it is far outside all that an image holds."""
    low, middle, high = limits
    for place, reach in ((image.argmax(), high - middle), (image.argmin(), low - middle)):
        if np.isfinite(reach) and (image.flat[place] - middle) / reach > DAZZLING:
            row, col = np.unravel_index(place, image.shape)
            return int(row), int(col)
    return None
