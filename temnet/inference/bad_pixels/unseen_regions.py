"""Regions of one value in an image: borders of an aligned movie, corners of a turned one, cut-outs.

A measured image has noise, so that a region of exactly one value is most improbable.  How
improbable depends on the value: in an image of 0.05 electrons per pixel squares of 15 x 15 empty
pixels are usual.  So a window (a square, or a piece of a line) counts as filled only where the
chance that measured pixels are all of its value, which the pixels around the region tell, is below
`FALSE_ALARMS` in the whole image; and natural plateaus, as of saturated columns or flat vacuum
in a few grey values, are known by their surroundings, which come up to their value gradually.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from temnet.images.unseen import dilated, eroded, roughness

FALSE_ALARMS = 1e-8
"""Images without any filled region in which one is found, if pixels are independent."""

SMALLEST = 4
"""Shortest side of a filled square [pixels]."""

SHORTEST = 12
"""Shortest piece of a line, one pixel wide, that is filled."""

SHAPES = 7
"""Shapes of windows, each of which may begin at any pixel."""

MOST_VALUES = 16
"""Values of one image that regions are looked for of, those with the most windows first."""

CONNECTED = 0.25
"""Where a smaller fraction than this of the measured pixels has a region's value, all that is
connected with its windows belongs to it.  (Above 0.59 pixels are connected through the image.)"""

RING = 8
"""Pixels around a region that tell how usual its value is."""

BESIDE, BEYOND, NEAR, FAR = (1, 1), (2, 9), (2, 3), (6, 9)
"""Distances of the pixels whose values are compared with that of the region."""

FEWEST_PIXELS = 64
"""Where no region of a value is as large, they are left alone: saturated columns can be smaller."""

GRADUAL = 0.6
"""Pixels right beside a natural plateau differ from it by less than this fraction of what pixels
farther away do.  Beside filled regions of real images it is 0.75 to 1.2."""

REACHED = (0.25, 0.1)
"""Of a natural plateau at the image's largest value, as of saturated columns, more than the second
fraction of the pixels right beside it comes as near to it as the first fraction of what pixels
farther away do.  (Not asked of the least value: an image stretched to all grey values has many
pixels near 0, with which borders are filled.)"""

INTERPOLATED = {"regions": 8, "pixels": 2e-3, "apart": 3.0, "gradual": 0.8}
"""Where the pixels right beside a region are mixed with its value, as after a rotation, it is one
of at most so many, holds at least this fraction of the image, and its value lies so many standard
deviations of the image around it from that; the next pixels are not mixed."""

FEWEST = 16
"""Pixels beside a region by which it is judged."""

USUAL = (0.02, 0.85)
"""Where more than the first fraction of the pixels around a region have its value, its outline has
to be smooth.  Where more than the second one have it, nothing is taken for filled: images of so few
counts show no columns, and the few of them around a specimen in vacuum are the specimen."""

MOST_OF_IMAGE = 0.25
"""Regions of more than this fraction of the image have to be smooth in any case."""

ROUGH = (9, 1.0)
"""Vacuum in counts, and plateaus of smooth images in a few grey values, have ragged outlines: a
square of so many pixels that rolls along theirs on either side leaves out more than so many pixels
for each one of the outline.  Borders, discs and outlines drawn by hand are below 0.4, in counts of
0.2 to 1 electron per pixel below 1."""

STEPS = (1, 2, 3)
"""Distances of the neighbours that tell how often pixels share a value: images that were enlarged
share it within two or three pixels."""

PRIOR = 5.0
"""Weight of the frequency of single pixels in that of a pixel whose neighbours have the value."""

BLENDED = 4
"""Rings of pixels around a region that are searched for values mixed with its own."""

MIXED = (2.0, 0.05)
"""A ring of pixels belongs to the region where its mean differs so much from the image beside it,
in standard deviations of that, and by this fraction of what the region's value differs."""


def find_unseen(image: np.ndarray) -> np.ndarray | None:
    """Pixels of all regions that are filled with one value, or with no number.

    Args:
        image: (row, col) float32.

    Returns:
        (row, col) bool with the rings around the regions that are mixed with their values; None
        where there are none, and of an image of one value only.
    """
    found = None
    undefined = ~np.isfinite(image)
    if np.any(undefined):
        found = _regions(undefined, None, np.zeros_like(undefined))
    for value in _values(image):
        same = image == value
        if np.all(same):
            return None
        done = np.zeros_like(same) if found is None else found
        regions = _regions(same, (image, value), done)
        if regions is not None:
            found = regions if found is None else found | regions
    return found


def _values(image: np.ndarray) -> list[float]:
    """Values that fill any of the smallest windows, at most `MOST_VALUES`."""
    right, down = image[:, 1:] == image[:, :-1], image[1:] == image[:-1]
    starts = []
    if np.any(right[1:] & right[:-1]):
        square = right[1:] & right[:-1] & down[:, :-1]
        square = eroded(eroded(square, SMALLEST - 1, 0), SMALLEST - 1, 1)
        starts.append(image[: square.shape[0], : square.shape[1]][square])
    for axis, pairs in ((1, right), (0, down)):
        line = eroded(pairs, SHORTEST - 1, axis)
        if np.any(line):
            starts.append(image[: line.shape[0], : line.shape[1]][line])
    if not starts:
        return []
    values, counts = np.unique(np.concatenate(starts), return_counts=True)
    return values[np.argsort(-counts)[:MOST_VALUES]].tolist()


def _needed(chance: float, size: int) -> int:
    """Pixels that a filled window has at least, where each has its value by some chance."""
    if chance >= 1:
        return size + 1
    return math.ceil(math.log(SHAPES * size / FALSE_ALARMS) / -math.log(chance))


def _windows(same: np.ndarray, needed: int) -> np.ndarray | None:
    """All rectangles and pieces of lines of so many pixels, and stripes along the border."""
    found = np.zeros_like(same)
    for height, width in _shapes(needed):
        window = eroded(eroded(same, height, 0), width, 1)
        if np.any(window):
            found |= dilated(dilated(window, height, 0), width, 1)
    length = max(needed, SHORTEST)
    for axis in (0, 1):
        line = eroded(same, length, axis)
        if np.any(line):
            found |= dilated(line, length, axis)
        across = same.shape[axis]
        full = np.all(same, axis=axis)
        for turned in (full, full[::-1]):
            width = int(np.argmin(turned)) if not np.all(turned) else 0
            if width * across >= needed:
                stripe = found if axis == 1 else found.T
                stripe[: width if turned is full else 0] = True
                stripe[len(full) - width if turned is not full else len(full) :] = True
    return found if np.any(found) else None


def _shapes(needed: int) -> list[tuple[int, int]]:
    """Heights and widths of windows of so many pixels.

    >>> _shapes(100)
    [(10, 10), (5, 20), (20, 5), (3, 34), (34, 3)]
    """
    side = max(math.ceil(math.sqrt(needed)), SMALLEST)
    shapes = [(side, side)]
    for ratio in (2, 4) if side > SMALLEST else ():  # pieces of lines are as small
        short = -(-side // ratio)
        long = max(-(-needed // short), ratio * side // 2)
        shapes += [(short, long), (long, short)]
    return shapes


def _regions(
    same: np.ndarray, of: tuple[np.ndarray, float] | None, done: np.ndarray
) -> np.ndarray | None:
    """The filled regions among the pixels of one value.

    Args:
        same: (row, col) bool, the pixels of this value.
        of: The image and the value; None for what is no number.
        done: (row, col) bool, regions of other values.
    """
    core = _likely(same)
    if core is None:
        return None
    labels, count = ndimage.label(core)
    top = None if of is None else np.nanmax(of[0])
    regions, largest = np.zeros_like(same), 0
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        around = tuple(slice(max(part.start - FAR[1], 0), part.stop + FAR[1]) for part in box)
        region, excluded = labels[around] == number, (core | done)[around]
        surroundings = _Surroundings(
            shells=np.where(excluded, 0, _shells(region, FAR[1])),
            same=same[around],
            image=None if of is None else of[0][around],
            value=math.nan if of is None else of[1],
            largest=of is not None and of[1] == top,
        )
        large = count <= INTERPOLATED["regions"] and (
            int(np.count_nonzero(region)) >= INTERPOLATED["pixels"] * same.size
        )
        judged = _judged(region, surroundings, same.size, large)
        if judged is not None:
            regions[around] |= judged
            largest = max(largest, int(np.count_nonzero(judged & surroundings.same)))
    fewest = 1 if of is None else FEWEST_PIXELS
    return regions if largest >= fewest else None


@dataclass(frozen=True)
class _Surroundings:
    """What lies around a region, all arrays of one part of the image.

    Attributes:
        shells: (row, col) distance from the region, in rings of pixels up to the outermost that
            is processed; 0 beyond, inside, and where another region is.
        same: (row, col) bool, pixels of the region's value.
        image: (row, col) values, None where the region holds no numbers.
        value: The region's.
        largest: Whether that is the largest one of the image.
    """

    shells: np.ndarray
    same: np.ndarray
    image: np.ndarray | None
    value: float
    largest: bool

    def at(self, distances: tuple[int, int]) -> np.ndarray:
        """Values from the first distance to the last."""
        assert self.image is not None
        values = self.image[(self.shells >= distances[0]) & (self.shells <= distances[1])]
        return values[np.isfinite(values)].astype(np.float64)  # sums of float32 may overflow


def _likely(same: np.ndarray) -> np.ndarray | None:
    """What may be filled, if the pixels of one value lie anywhere with the same chance."""
    core = None
    needed = 0
    for _ in range(4):
        left = same.size if core is None else same.size - np.count_nonzero(core)
        rest = np.count_nonzero(same) if core is None else np.count_nonzero(same & ~core)
        before, needed = needed, _needed((rest + 1) / (left + 2), same.size)
        if needed == before:
            break
        windows = _windows(same, needed)
        if windows is None:
            break
        core = windows if core is None else core | windows
        if (rest + 1) / (left + 2) < CONNECTED:
            core = _connected(core, same)
    return core


def _connected(core: np.ndarray, same: np.ndarray) -> np.ndarray:
    """All of a mask that is connected with some of its pixels along rows and columns."""
    labels, count = ndimage.label(same)
    keep = np.zeros(count + 1, bool)
    keep[labels[core]] = True
    keep[0] = False
    return keep[labels]


def _judged(region: np.ndarray, around: _Surroundings, size: int, large: bool) -> np.ndarray | None:
    """A region as far as its surroundings say that it is filled.

    Args:
        region: (row, col) bool.
        around: Its surroundings.
        size: Pixels of the whole image.
        large: Whether it may be interpolated, see `INTERPOLATED`.
    """
    chance, needed = _usual(around, size)
    windows = _windows(around.same & region, needed)
    if windows is None:
        return None
    if around.image is not None and _is_natural(region, chance, size):
        return None
    region = _connected(windows, around.same & region) if chance < CONNECTED else windows
    if around.image is None:
        return region
    far = around.at(BEYOND)
    if len(far) < FEWEST:
        return region
    beside, beyond, near, distant = (
        _difference(around, distances) for distances in (BESIDE, BEYOND, NEAR, FAR)
    )
    apart = abs(float(far.mean()) - around.value) > INTERPOLATED["apart"] * float(far.std())
    mixed = large and apart and near >= INTERPOLATED["gradual"] * distant
    abrupt = beside >= GRADUAL * beyond and not (around.largest and _reached(around, beyond))
    return region | _mixed(around) if abrupt or mixed else None


def _is_natural(region: np.ndarray, chance: float, size: int) -> bool:
    """Whether a region is empty or flat specimen, by how usual its value is and by its outline."""
    asked = chance > USUAL[0] or int(np.count_nonzero(region)) > MOST_OF_IMAGE * size
    return chance > USUAL[1] or (asked and roughness(region, ROUGH[0]) > ROUGH[1])


def _reached(around: _Surroundings, beyond: float) -> bool:
    """Whether many pixels beside a region come near to its value without having it."""
    apart = np.abs(around.at(BESIDE) - around.value)
    near = (apart > 0) & (apart < REACHED[0] * beyond)
    return bool(near.mean() > REACHED[1]) if near.size else False


def _difference(around: _Surroundings, distances: tuple[int, int]) -> float:
    """Mean difference of a region's value from those at some distances, 0 without any."""
    values = around.at(distances)
    return float(np.abs(values - around.value).mean()) if len(values) else 0.0


def _shells(region: np.ndarray, count: int) -> np.ndarray:
    """Distance from a region, counted in rings of pixels up to ``count``; 0 inside and beyond."""
    shells = np.zeros(region.shape, np.int8)
    reached = region
    for number in range(1, count + 1):
        wider = dilated(dilated(reached, 3, 0), 3, 1)[1:-1, 1:-1]
        shells[wider & ~reached] = number
        reached = wider
    return shells


def _usual(around: _Surroundings, size: int) -> tuple[float, int]:
    """How often pixels around a region have its value, and pixels that a filled window needs.

    Args:
        around: The region's surroundings.
        size: Pixels of the whole image.
    """
    ring = (around.shells >= 1) & (around.shells <= RING)
    there = around.same & ring
    single = (np.count_nonzero(there) + 1) / (np.count_nonzero(ring) + 2)
    needed = size + 1
    for step in STEPS:
        joint = _joint([there[view] for view in _corners(step)], single)
        if around.image is not None:
            first, *others = (around.image[view] for view in _corners(step))
            inside = np.logical_and.reduce([ring[view] for view in _corners(step)])
            joint = max(joint, _joint([inside, *(first == other for other in others)], single))
        needed = min(needed, step**2 * _needed(max(single, joint), size))
    return single, needed


def _corners(step: int) -> tuple[tuple[slice, slice], ...]:
    """Views of all pixels that have neighbours at a distance: they themselves and three others."""
    low, high = slice(None, -step), slice(step, None)
    return (low, low), (low, high), (high, low), (high, high)


def _joint(corners: list[np.ndarray], single: float) -> float:
    """How often all four corners of a square are true where the first three are."""
    three = corners[0] & corners[1] & corners[2]
    four = np.count_nonzero(three & corners[3])
    return (four + PRIOR * single) / (np.count_nonzero(three) + PRIOR)


def _mixed(around: _Surroundings) -> np.ndarray:
    """(row, col) bool: rings around a region whose values are mixed with its own."""
    far = around.at(FAR)
    last = 0
    if len(far) >= FEWEST:
        middle = float(far.mean())
        least = max(MIXED[0] * float(far.std()), MIXED[1] * abs(middle - around.value))
        for number in range(1, BLENDED + 1):
            ring = around.at((number, number))
            if len(ring) >= FEWEST and abs(float(ring.mean()) - middle) > least:
                last = number
    return (around.shells > 0) & (around.shells <= last)
