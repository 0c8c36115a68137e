"""Filling masked pixels of an image so that the normalisation around them does not change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from temnet.images.resample import reflect_index
from temnet.images.unseen import unpack, wide_part

WIDE = 3
"""Regions that hold a square with this side [pixels] are filled with the mirror image of their
surroundings; in thinner ones each pixel gets the median of its neighbours."""

NEARER = (1.0, 0.5, 0.25, 0.0)
"""Where the mirror image is masked too, the source moves nearer to the border of the mask, by these
fractions of its distance."""

KEPT_PLANS = 2
"""Number of plans that are kept for the next images."""


@dataclass(frozen=True)
class _Plan:
    """Sources of the values of masked pixels, by flat indices.

    Attributes:
        mirrored: (N,) int64, masked pixels that get the value of another pixel.
        sources: (N,) int64, those other pixels.
        thin: (M,) int64, masked pixels that get the median of their neighbours.
        mask: (row, col) bool, all masked pixels.
    """

    mirrored: np.ndarray
    sources: np.ndarray
    thin: np.ndarray
    mask: np.ndarray


@lru_cache(maxsize=KEPT_PLANS)
def _plan(packed: bytes, shape: tuple[int, int]) -> _Plan:
    """The plan for a mask as `temnet.images.unseen.pack` packs it."""
    mask = unpack(packed, shape)
    wide = wide_part(mask, WIDE, beyond=True) & mask
    if np.all(mask) or not np.any(wide):
        nothing = np.zeros(0, np.int64)
        return _Plan(nothing, nothing, np.flatnonzero(mask), mask)
    mirrored, sources = mirror_image(mask, wide)
    return _Plan(mirrored, sources, np.flatnonzero(mask & ~wide), mask)


def mirror_image(mask: np.ndarray, wide: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of a mask and their mirror images at the border of the mask.

    A region filled in this way has the mean and the contrast of its surroundings, and no edges.
    Each pixel is reflected at the nearest pixel outside; the image's own border reflects, too.

    Args:
        mask: (row, col) bool, with at least one pixel that is not masked.
        wide: (row, col) bool, the masked pixels to fill.

    Returns:
        Flat indices of the pixels, (N,) int64, and of their sources outside the mask.

    >>> mask = np.zeros((1, 6), bool)
    >>> mask[:, :3] = True
    >>> mirror_image(mask, mask)[1].tolist()
    [5, 4, 3]
    """
    rows, cols = mask.shape
    nearest = ndimage.distance_transform_edt(mask, return_distances=False, return_indices=True)
    place = np.stack(np.nonzero(wide))
    border = nearest[:, place[0], place[1]].astype(np.int64)
    step = (border - place).astype(float)
    step -= step / np.maximum(np.hypot(*step), 1)  # the border pixel itself comes first
    source = np.full(place.shape[1], -1, np.int64)
    left = np.arange(place.shape[1])
    for part in NEARER:
        row, col = border[:, left] + np.rint(part * step[:, left]).astype(np.int64)
        row, col = reflect_index(row, rows), reflect_index(col, cols)
        there = ~mask[row, col]
        source[left[there]] = (row * cols + col)[there]
        left = left[~there]
    return place[0] * cols + place[1], source


def inpainted(image: np.ndarray, packed: bytes) -> np.ndarray:
    """An image with its masked pixels filled from their surroundings.

    Args:
        image: (row, col) float32.
        packed: The mask, as `temnet.images.unseen.pack` packs it.

    Returns:
        A new image; NaN if all of it is masked.
    """
    plan = _plan(packed, image.shape)
    filled = image.copy()
    flat = filled.reshape(-1)
    flat[plan.mirrored] = image.reshape(-1)[plan.sources]
    if plan.thin.size:
        good = np.where(plan.mask, np.nan, image)
        left = plan.thin
        reach = 1
        while left.size and not plan.mask.all():
            flat[left] = median(neighbours(good, left, reach))
            left, reach = left[np.isnan(flat[left])], reach + 1
        if left.size:
            flat[left] = np.nan
    return filled


def neighbours(image: np.ndarray, index: np.ndarray, reach: int) -> np.ndarray:
    """(N, (2 reach + 1)² - 1) values around the pixels at flat indices; the border reflects."""
    rows, cols = image.shape
    steps = np.arange(-reach, reach + 1)
    row_step, col_step = (part.ravel() for part in np.meshgrid(steps, steps, indexing="ij"))
    others = (row_step != 0) | (col_step != 0)
    row = reflect_index(index[:, None] // cols + row_step[others], rows)
    col = reflect_index(index[:, None] % cols + col_step[others], cols)
    return image[row, col]


def median(values: np.ndarray) -> np.ndarray:
    """(N,) float32 median of the finite values in each line, NaN without any.

    >>> median(np.array([[3.0, np.nan, 1.0, np.nan], [5.0, 2.0, np.nan, 9.0]])).tolist()
    [2.0, 5.0]
    """
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    line = np.arange(len(ordered))
    low = ordered[line, np.maximum(count - 1, 0) // 2]
    high = ordered[line, np.minimum(count // 2, ordered.shape[1] - 1)]
    return np.where(count > 0, (low + high) / 2, np.nan).astype(np.float32)
