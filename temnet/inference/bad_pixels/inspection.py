"""One look at every image before any is used: what is unusable, doubtful, or to be replaced."""

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
"""Standard deviation over mean of grey values below which something was added to them: that of
40,000 electrons in a pixel.  Near `temnet.images.normalize.RELATIVE_FLOOR` images are blank."""

MOST_NAMED = 20
"""Numbers of broken images that a warning names."""

Place = tuple[Path, int]
"""The file of an image, and the image's number in it."""


@dataclass
class _Sums:
    """What is gathered over all images."""

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
    """What one look at every image found.

    Attributes:
        unusable: Numbers of a movie's images that are taken as blank.
        replaced: By image, its pixels that are filled when it is read, packed
            (`temnet.images.unseen.pack`); images in which nothing is filled are left out.
        unseen: By image, the pixels where no columns are found, packed.
        notes: Sentences on it for the reader of the results.
    """

    unusable: frozenset[int]
    replaced: Mapping[int, bytes]
    unseen: Mapping[int, bytes]
    notes: tuple[str, ...]


def inspect(
    read: Callable[[int], np.ndarray], place: Callable[[int], Place], order: np.ndarray
) -> Inspection:
    """Looks at every image once; refuses what is unusable, warns of what is doubtful.

    Args:
        read: From an image's number to (row, col) float32, with the user's masks filled.
        place: From an image's number to its file and its number there.
        order: (frame, focus) numbers of the images.

    Raises:
        InputError: An image that is not one of a movie's frames shows nothing, or none does.
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
            raise InputError(f"{file}: {reason}; mask them by images.mask, or cut them off.")
        if faults.replaced is not None:
            replaced[number] = known.setdefault(faults.replaced, faults.replaced)
        if faults.unseen is not None:
            unseen[number] = known.setdefault(faults.unseen, faults.unseen)
        _add(sums, number, image, faults)
    path = place(int(order[0, 0]))[0]
    if len(sums.flat) + len(sums.unusable) == order.size:
        raise InputError(f"{path}: all pixels have the same value; this image shows nothing.")
    notes = _notes(sums, order.size, place)
    for note in notes:
        LOGGER.warning("%s: %s", path, note)
    return Inspection(frozenset(sums.unusable), replaced, unseen, tuple(notes))


def _add(sums: _Sums, number: int, image: np.ndarray, faults: Faults) -> None:
    """Adds one usable image to what is gathered."""
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
    """The box of a mask's largest region that does not reach the image's border."""
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
    """Sentences on all images, without the name of the first file."""
    found = []
    if sums.flat:
        names = [f"{file.name}[{inside}]" for file, inside in map(place, sums.flat[:5])]
        more = f" and {len(sums.flat) - 5} more" if len(sums.flat) > 5 else ""
        found.append(f"{', '.join(names)}{more}: blank, all pixels the same")
    if sums.least_contrast < LEAST_CONTRAST:
        found.append(
            f"grey values scatter by only {100 * sums.least_contrast:.2g} % of their mean, so that "
            "columns may go unseen; if the camera adds a constant, subtract it"
        )
    if sums.with_region:
        found.append(_region_text(sums, count))
    if sums.most_broken:
        found.append(
            f"broken pixels in {sums.with_broken} of {count} images, at most {sums.most_broken} in "
            "one, were replaced by the pixels around them"
        )
    if sums.first_dazzling:
        number, (row, col) = sums.first_dazzling
        file, inside = place(number)
        found.append(
            f"in {sums.dazzling} of {count} images a spot is brighter or darker than all else by "
            f"far (in {file.name}[{inside}] at row {row}, column {col}), so that columns around it "
            "may go unseen; if it is no atom, mask it by images.mask"
        )
    if sums.most_saturated:
        found.append(
            f"up to {100 * sums.most_saturated:.2g} % of the pixels of an image are saturated; "
            "columns there are unreliable"
        )
    if sums.unusable:
        (file, reason), *others = sums.unusable.values()
        more = f", as {len(others)} more: images {_listed(list(sums.unusable)[1:])}"
        found.append(f"{file.name}: {reason}; this frame is taken as blank{more if others else ''}")
    return found


def _region_text(sums: _Sums, count: int) -> str:
    """How much of the images is no image, and what may belong to it."""
    text = (
        f"regions of one value or of no number, such as filled borders, in {sums.with_region} of "
        f"{count} images, at most {sums.largest_region} pixels in one, were masked: no columns are "
        "found there"
    )
    if sums.inner_box is None:
        return text
    return (
        f"{text}; where one is a scale bar or a label, mask all that belongs to it, as in "
        f"images.mask: [{list(sums.inner_box)}]"
    )


def _unusable_text(image: np.ndarray, faults: Faults, number: int) -> str:
    """How much of an image is broken, and how."""
    undefined = int(np.count_nonzero(~np.isfinite(image)))
    kind = "NaN or infinite" if undefined else "broken (of one value, or far outside all others)"
    fraction = max(faults.broken + faults.region, undefined) / image.size
    return f"{fraction:.2%} of the pixels of image {number} are {kind}, too many to be replaced"


def _listed(numbers: Sequence[int]) -> str:
    """The first of some numbers, as text.

    >>> _listed([3, 5])
    '3, 5'
    """
    shown = ", ".join(map(str, numbers[:MOST_NAMED]))
    return shown + (", and more" if len(numbers) > MOST_NAMED else "")
