"""Regions without image, of one value: borders of an aligned movie, corners of a rotated one.

A measured image has noise, so that a region of exactly one value is very improbable.  How
improbable depends on the value: at 0.05 electrons per pixel, squares of 15 x 15 empty pixels are
common.  So a window (a square, or a piece of a line) counts as filled only if the probability that
all measured pixels in it have its value is below `FALSE_ALARMS` in the whole image; the pixels
around the region give that probability.  Natural plateaus, such as saturated columns or flat vacuum
in a few grey values, are recognised by their surroundings, which approach their value gradually.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from temnet.images.unseen import dilated, eroded, roughness

FALSE_ALARMS = 1e-8
"""Fraction of images without filled regions in which one is found, for independent pixels."""

SMALLEST = 4
"""Shortest side of a filled square [pixels]."""

SHORTEST = 12
"""Shortest filled piece of a line one pixel wide."""

SHAPES = 7
"""Number of shapes of windows, each of which may begin at any pixel."""

MOST_VALUES = 16
"""Most values of one image that are searched for regions, those with the most windows first."""

CONNECTED = 0.25
"""If a smaller fraction of the measured pixels has a region's value, all pixels of that value that
are connected with its windows belong to it.  (Above 0.59 pixels are connected through the
image.)"""

RING = 8
"""Width of the ring around a region that shows how common its value is [pixels]."""

BESIDE, BEYOND, NEAR, FAR = (1, 1), (2, 9), (2, 3), (6, 9)
"""Ranges of distance of the pixels that are compared with the value of the region."""

FEWEST_PIXELS = 64
"""Regions of a value are ignored if none has this many pixels: saturated columns can be smaller."""

GRADUAL = 0.6
"""Pixels directly beside a natural plateau differ from it by less than this fraction of the
difference of pixels farther away.  Beside filled regions of real images it is 0.75 to 1.2."""

REACHED = (0.25, 0.1)
"""At a natural plateau of the image's largest value, such as saturated columns, more than the
second fraction of the pixels directly beside it differ from it by less than the first fraction of
the difference farther away.  (Not used at the smallest value: an image stretched to all grey values
has many pixels near 0, the value that fills borders.)"""

INTERPOLATED = {"regions": 8, "pixels": 2e-3, "apart": 3.0, "gradual": 0.8}
"""A region whose adjacent pixels are mixed with its value, as after a rotation, is accepted if
there are at most this many regions, it holds at least this fraction of the image, its value lies
this many standard deviations from the mean around it, and the next pixels are not mixed."""

FEWEST = 16
"""Fewest pixels beside a region for these comparisons."""

USUAL = (0.02, 0.85)
"""If more than the first fraction of the pixels around a region have its value, its outline must be
smooth.  If more than the second fraction have it, no region counts as filled: images of so few
counts show no columns, and the few counts around vacuum are the specimen."""

MOST_OF_IMAGE = 0.25
"""Regions larger than this fraction of the image must always have a smooth outline."""

ROUGH = (9, 1.0)
"""Vacuum in counts, and plateaus of smooth images in a few grey values, have rough outlines: a
square of this side [pixels] that rolls along the outline on either side misses more than this many
pixels for each pixel of the outline.  Borders, discs and outlines drawn by hand are below 0.4, in
counts of 0.2 to 1 electron per pixel below 1."""

STEPS = (1, 2, 3)
"""Distances of neighbours at which the frequency of equal values is measured: in enlarged images
pixels are equal within two or three pixels."""

PRIOR = 5.0
"""Weight of the frequency of single pixels in that of pixels whose neighbours have the value."""

BLENDED = 4
"""Rings of pixels around a region that may hold values mixed with its own."""

MIXED = (2.0, 0.05)
"""A ring belongs to the region if its mean differs from the image beside it by this many standard
deviations, and by this fraction of the difference of the region's value."""


def find_unseen(image: np.ndarray) -> np.ndarray | None:
    """Pixels of all regions that are filled with one value, or hold no numbers.

    Args:
        image: (row, col) float32.

    Returns:
        (row, col) bool, including the rings around regions that are mixed with their values; None
        without any regions, and for an image of a single value.
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
    """Values that fill a smallest window, at most `MOST_VALUES`."""
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
    """Fewest pixels of a filled window whose value has the probability ``chance`` in each pixel."""
    if chance >= 1:
        return size + 1
    return math.ceil(math.log(SHAPES * size / FALSE_ALARMS) / -math.log(chance))


def _windows(same: np.ndarray, needed: int) -> np.ndarray | None:
    """All rectangles and lines of at least ``needed`` pixels, and stripes at the border."""
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
    """Heights and widths of windows of at least ``needed`` pixels.

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
        of: The image and the value; None for pixels that are not numbers.
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
    """The surroundings of a region, all arrays of one part of the image.

    Attributes:
        shells: (row, col) distance from the region in rings of pixels, up to the outermost one in
            use; 0 beyond, inside, and in other regions.
        same: (row, col) bool, pixels of the region's value.
        image: (row, col) values, None if the region holds no numbers.
        value: The value of the region.
        largest: Whether that is the largest value of the image.
    """

    shells: np.ndarray
    same: np.ndarray
    image: np.ndarray | None
    value: float
    largest: bool

    def at(self, distances: tuple[int, int]) -> np.ndarray:
        """Finite values from the first distance to the last."""
        assert self.image is not None
        values = self.image[(self.shells >= distances[0]) & (self.shells <= distances[1])]
        return values[np.isfinite(values)].astype(np.float64)  # sums of float32 may overflow


def _likely(same: np.ndarray) -> np.ndarray | None:
    """Candidate regions, if the pixels of one value are equally probable everywhere."""
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
    """The part of a mask that is connected with ``core`` along rows and columns."""
    labels, count = ndimage.label(same)
    keep = np.zeros(count + 1, bool)
    keep[labels[core]] = True
    keep[0] = False
    return keep[labels]


def _judged(region: np.ndarray, around: _Surroundings, size: int, large: bool) -> np.ndarray | None:
    """The part of a region that is filled by the evidence of its surroundings, None without any.

    Args:
        region: (row, col) bool.
        around: Its surroundings.
        size: Pixels of the whole image.
        large: Whether its border may be interpolated, see `INTERPOLATED`.
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
    """Whether a region is vacuum or flat specimen, by how common its value is and its outline."""
    asked = chance > USUAL[0] or int(np.count_nonzero(region)) > MOST_OF_IMAGE * size
    return chance > USUAL[1] or (asked and roughness(region, ROUGH[0]) > ROUGH[1])


def _reached(around: _Surroundings, beyond: float) -> bool:
    """Whether many pixels beside a region are near its value but not equal to it."""
    apart = np.abs(around.at(BESIDE) - around.value)
    near = (apart > 0) & (apart < REACHED[0] * beyond)
    return bool(near.mean() > REACHED[1]) if near.size else False


def _difference(around: _Surroundings, distances: tuple[int, int]) -> float:
    """Mean difference between a region's value and the pixels at some distances, 0 without any."""
    values = around.at(distances)
    return float(np.abs(values - around.value).mean()) if len(values) else 0.0


def _shells(region: np.ndarray, count: int) -> np.ndarray:
    """Distance from a region in rings of pixels, up to ``count``; 0 inside and beyond."""
    shells = np.zeros(region.shape, np.int8)
    reached = region
    for number in range(1, count + 1):
        wider = dilated(dilated(reached, 3, 0), 3, 1)[1:-1, 1:-1]
        shells[wider & ~reached] = number
        reached = wider
    return shells


def _usual(around: _Surroundings, size: int) -> tuple[float, int]:
    """Frequency of a region's value around it, and fewest pixels of a filled window.

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
    """Views of all pixels with neighbours at a distance, and of three neighbours of each."""
    low, high = slice(None, -step), slice(step, None)
    return (low, low), (low, high), (high, low), (high, high)


def _joint(corners: list[np.ndarray], single: float) -> float:
    """Frequency of squares with four true corners among those whose first three are true."""
    three = corners[0] & corners[1] & corners[2]
    four = np.count_nonzero(three & corners[3])
    return (four + PRIOR * single) / (np.count_nonzero(three) + PRIOR)


def _mixed(around: _Surroundings) -> np.ndarray:
    """(row, col) bool: rings around a region whose values are mixed with its value."""
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
