"""Inspection of every image before any is used: unusable, doubtful, or with pixels to replace."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import ndimage

from temnet.errors import InputError
from temnet.images.unseen import unpack
from temnet.inference.bad_pixels.faults import Faults, find_faults
from temnet.inference.bad_pixels.saturation import saturated_fraction
from temnet.inference.masks import Box

LOGGER = logging.getLogger(__name__)

LEAST_CONTRAST = 5.0e-3
"""Standard deviation over mean of grey values below which the camera added a constant: that of
40,000 electrons per pixel.  Near `temnet.images.normalize.RELATIVE_FLOOR` images count as blank."""

MOST_NAMED = 20
"""Most broken images that a warning lists."""

Place = tuple[Path, int]
"""The file of an image, and the image's number in it."""


@dataclass
class _Sums:
    """Sums and extremes over all images."""

    unusable: dict[int, tuple[Path, str]] = field(default_factory=dict)
    flat: list[int] = field(default_factory=list)
    least_contrast: float = math.inf
    most_saturated: float = 0.0
    most_broken: int = 0
    with_broken: int = 0
    largest_region: int = 0
    with_region: int = 0
    inner_box: Box | None = None
    dazzling: int = 0
    first_dazzling: tuple[int, tuple[int, int]] | None = None


@dataclass(frozen=True)
class Inspection:
    """Results of the inspection.

    Attributes:
        unusable: Numbers of a movie's images that are replaced by blank ones.
        replaced: By image, the mask of pixels that are filled when it is read, packed
            (`temnet.images.unseen.pack`); images without such pixels are left out.
        unseen: By image, the mask of pixels where no columns are found, packed.
        notes: Sentences for the log and for the report.
    """

    unusable: frozenset[int]
    replaced: Mapping[int, bytes]
    unseen: Mapping[int, bytes]
    notes: tuple[str, ...]


def inspect(
    read: Callable[[int], np.ndarray], place: Callable[[int], Place], order: np.ndarray
) -> Inspection:
    """Inspects every image once, refuses unusable ones, and warns of doubtful ones.

    Args:
        read: From an image's number to (row, col) float32, with the user's masks filled.
        place: From an image's number to its file and its number there.
        order: (frame, focus) numbers of the images.

    Raises:
        InputError: If an image that is not a frame of a movie is unusable, or all images are.
    """
    movie = len(order) > 1 and order.shape[1] == 1
    sums = _Sums()
    replaced: dict[int, bytes] = {}
    unseen: dict[int, bytes] = {}
    known: dict[bytes, bytes] = {}  # one copy of a border that all frames have
    for number in map(int, order.ravel()):
        raw = read(number)
        image, faults = find_faults(raw)
        if not faults.usable:
            file, inside = place(number)
            sums.unusable[number] = file, _unusable_text(raw, faults, inside)
            if movie and len(sums.unusable) < order.size:
                continue
            file, reason = next(iter(sums.unusable.values()))
            raise InputError(f"{file}: {reason}. Mask them (images.mask) or crop the image.")
        if faults.replaced is not None:
            replaced[number] = known.setdefault(faults.replaced, faults.replaced)
        if faults.unseen is not None:
            unseen[number] = known.setdefault(faults.unseen, faults.unseen)
        _add(sums, number, image, faults)
    path = place(int(order[0, 0]))[0]
    if len(sums.flat) + len(sums.unusable) == order.size:
        raise InputError(f"{path}: the image is blank: all pixels have the same value.")
    notes = _notes(sums, order.size, place)
    for note in notes:
        LOGGER.warning("%s: %s", path, note)
    return Inspection(frozenset(sums.unusable), replaced, unseen, tuple(notes))


def _add(sums: _Sums, number: int, image: np.ndarray, faults: Faults) -> None:
    """Adds one usable image to the sums."""
    if image.min() == image.max():
        sums.flat.append(number)
    else:
        spread, mean = image.std(dtype=np.float64), abs(image.mean(dtype=np.float64))
        sums.least_contrast = min(sums.least_contrast, spread / mean if mean else math.inf)
    sums.most_saturated = max(sums.most_saturated, saturated_fraction(image))
    sums.most_broken = max(sums.most_broken, faults.broken)
    sums.with_broken += faults.broken > 0
    if faults.dazzling is not None:
        sums.dazzling += 1
        sums.first_dazzling = sums.first_dazzling or (number, faults.dazzling)
    sums.largest_region = max(sums.largest_region, faults.region)
    sums.with_region += faults.region > 0
    if faults.region and sums.with_region == 1 and faults.unseen is not None:
        sums.inner_box = _inner_box(unpack(faults.unseen, image.shape))


def _inner_box(mask: np.ndarray) -> Box | None:
    """The box of the largest region of a mask that does not touch the border of the image."""
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    inner = [
        (int(sizes[number]), (rows.start, rows.stop, cols.start, cols.stop))
        for number, (rows, cols) in enumerate(ndimage.find_objects(labels), start=1)
        if rows.start > 0 and cols.start > 0
        if rows.stop < mask.shape[0] and cols.stop < mask.shape[1]
    ]
    return max(inner)[1] if inner else None


def _notes(sums: _Sums, count: int, place: Callable[[int], Place]) -> list[str]:
    """Sentences on all images."""
    found = []
    if sums.flat:
        names = [f"{file.name}[{inside}]" for file, inside in map(place, sums.flat[:5])]
        more = f" and {len(sums.flat) - 5} more" if len(sums.flat) > 5 else ""
        found.append(f"{', '.join(names)}{more}: blank, all pixels the same")
    if sums.least_contrast < LEAST_CONTRAST:
        found.append(
            f"the standard deviation of grey values is only {100 * sums.least_contrast:.2g} % of "
            "their mean, so that columns may be missed; if the camera adds a constant, subtract it"
        )
    if sums.with_region:
        found.append(_region_text(sums, count))
    if sums.most_broken:
        found.append(
            f"broken pixels in {sums.with_broken} of {count} images, at most {sums.most_broken} "
            "per image, were replaced by their neighbours"
        )
    if sums.first_dazzling:
        number, (row, col) = sums.first_dazzling
        file, inside = place(number)
        found.append(
            f"in {sums.dazzling} of {count} images a spot is far brighter or darker than the rest "
            f"(in {file.name}[{inside}] at row {row}, column {col}), so that columns around it may "
            "be missed; if it is not an atom, mask it (images.mask)"
        )
    if sums.most_saturated:
        found.append(
            f"up to {100 * sums.most_saturated:.2g} % of the pixels of an image are saturated; "
            "columns there are unreliable"
        )
    if sums.unusable:
        (file, reason), *others = sums.unusable.values()
        more = f", and so are {len(others)} more: images {_listed(list(sums.unusable)[1:])}"
        found.append(f"{file.name}: {reason}; the frame is left blank{more if others else ''}")
    return found


def _region_text(sums: _Sums, count: int) -> str:
    """A sentence on regions without image, with a mask to set for a label."""
    text = (
        f"regions of one value or without numbers, such as filled borders, in {sums.with_region} "
        f"of {count} images, at most {sums.largest_region} pixels per image, were masked: no "
        "columns are found there"
    )
    if sums.inner_box is None:
        return text
    return (
        f"{text}; if one of them belongs to a scale bar or a label, mask all of that, as in "
        f"images.mask: [{list(sums.inner_box)}]"
    )


def _unusable_text(image: np.ndarray, faults: Faults, number: int) -> str:
    """A sentence on the fraction of broken pixels in an image."""
    undefined = int(np.count_nonzero(~np.isfinite(image)))
    kind = "NaN or infinite" if undefined else "broken (of one value, or far out of range)"
    fraction = max(faults.broken + faults.region, undefined) / image.size
    return f"{fraction:.2%} of the pixels of image {number} are {kind}, too many to be replaced"


def _listed(numbers: Sequence[int]) -> str:
    """The first few numbers, as text.

    >>> _listed([3, 5])
    '3, 5'
    """
    shown = ", ".join(map(str, numbers[:MOST_NAMED]))
    return shown + (", and more" if len(numbers) > MOST_NAMED else "")
