"""Alignment of the images of a focal series.

Defocus turns the contrast of some spatial frequencies and not of others, so that the correlation
of two foci of a crystal is often largest a sublattice off: on simulated MoS2 at 1e4 e/Å² and more,
shifted by up to 1.5 Å, its peak is wrong for 81 % of pairs, that of its absolute value for 86 %
and that of the squared cross spectrum, which knows no sign, for 17 %.  But at one frequency two
images of any thin object are alike or opposite, and the transfer functions that decide it depend
on the length of the frequency, and with astigmatism slowly on its direction.  So each ring of
frequencies, and each sector of a ring, is correlated by itself, and only the size of the
correlation counts: no pair of the same series is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import optimize
from scipy.ndimage import map_coordinates, maximum_filter, spline_filter

from temnet.errors import InputError
from temnet.inference.correlation import phases, windowed_spectra
from temnet.inference.focal_series.shifts import moved_back
from temnet.inference.lattice_spots import hann

MAX_SHIFT = 1.5
"""Default of the largest shift between the images of a series [Å]: about half a lattice vector.
Beyond it a crystal is equal to itself but for its edges and defects, and in small images the
nearer of two shifts is taken: in simulated MoS2 of 22 and 30 Å 5 of 36 shifts of 2.3 and 2.7 Å were
wrong without a warning, of 38 Å 0 of 150."""

BEYOND = 1.0
"""Shifts are searched this much farther than they may be [Å], to be found and refused."""

RING = 0.06
"""Width of the rings [1/Å]; a change of focus by 200 Å at 50 kV turns the contrast every
0.05 / Å at the frequency of 1 / Å, and slower below."""

SECTORS = 6
"""Sectors of half a ring; the other half is its mirror image."""

INDEPENDENT = 0.264
"""Independent frequencies for each on the grid, under Hann windows: (<w^2>^2 / <w^4>)^2."""

CHANCE = 2.0
"""Evidence that a group without signal gives by chance, with all the shifts there are to try."""

FLOOR = 0.01
"""White noise that every image is taken to have, in units of its variance: where the window's
tails are all there is, they are alike for every shift, and no evidence."""

STEP = 0.1
"""Shifts are tried in these steps [Å], a quarter of the finest detail that images share."""

USUAL_STEP = 1.5
"""Standard deviation of the shift from an image to the next, along rows and columns [Å]: of two
periods that explain the images alike the nearer is taken."""

REACH = 2
"""An image is compared with this many before it; those farther off share less."""

CANDIDATES = 12
"""Shifts of an image that are followed up."""

KEPT = 48
"""Series of shifts that are followed up."""

SAME = 0.5
"""Shifts closer than this [Å] are one; the smallest distance between sublattices is 1 Å."""

LEAST_MARGIN = 2.0
"""Logarithm of how much likelier the shifts must be than any others.  Of 144 simulated series of
MoS2 (100 to 1e5 e/Å², shifts of up to 1.5 Å, some of bare film) 46 got wrong shifts, all of them
with a margin below 1."""

LEAST_EVIDENCE = 2.0
"""Logarithm of the likelihood over that of a typical shift, below which there is nothing that
the images share; noise reaches 1.1."""


@dataclass(frozen=True)
class Alignment:
    """A focal series aligned to its first image.

    Attributes:
        images: (row, col, focus) float32 on the first image's pixels, the border reflected.
        shifts: (focus, 2) float64, how far each image lay from the first, (row, col) [Å].
        margin: Logarithm of how much likelier these shifts are than any others; infinite for a
            single image.
        border: Rows at the top and bottom and columns at the left and right, in pixels, that are
            not in all of the images.
    """

    images: np.ndarray
    shifts: np.ndarray
    margin: float
    border: tuple[int, int, int, int]


@dataclass(frozen=True)
class _Path:
    """One way to shift the images: steps of `STEP` from the first image, and how likely it is."""

    value: float
    steps: tuple[tuple[int, int], ...]


def align_series(images: np.ndarray, sampling: float, max_shift: float = MAX_SHIFT) -> Alignment:
    """Images of a focal series, shifted onto the first.

    Each pair of neighbouring images, and of their next neighbours, gives a map of how likely each
    shift is; the shifts of all images are found together, so that no pair contradicts another.
    The shift itself is done by Fourier transform, which changes no frequency's strength, with a
    border that reflects as everywhere before the network: positions stay those of the first
    image, and no pixels are lost.

    Args:
        images: (row, col, focus) in any linear grey values, finite.
        sampling: Pixel size [Å].
        max_shift: Largest believable shift between two of the images, along rows or columns [Å].

    Raises:
        InputError: If the images share too little to be aligned, two alignments are equally
            good, or the shifts are larger than ``max_shift``.
    """
    images = np.asarray(images, np.float32)
    if images.shape[-1] == 1:
        return Alignment(images, np.zeros((1, 2)), np.inf, (0, 0, 0, 0))
    maps = _likelihoods(images, sampling, max_shift + BEYOND)
    paths = _likely_paths(maps, images.shape[-1])
    margin = _check_paths(paths, maps, max_shift)
    shifts = _refined(np.array(paths[0].steps) * STEP, maps)
    # The window, which stays while the images move, pulls by 2 % in an image 20 Å wide: once
    # more with the images where they belong.
    maps = _likelihoods(moved_back(images, shifts / sampling), sampling, SAME)
    shifts = shifts + _refined(np.zeros_like(shifts), maps)
    aligned = moved_back(images, shifts / sampling)
    return Alignment(aligned, shifts, margin, _border(shifts / sampling))


def _border(shifts: np.ndarray) -> tuple[int, int, int, int]:
    """Pixels at the top, bottom, left and right that some image does not reach."""
    # An image that lay lower misses the first rows of its own; moved up, it lacks the last.
    low, high = np.ceil(-shifts.min(axis=0)), np.ceil(shifts.max(axis=0))
    return int(low[0]), int(high[0]), int(low[1]), int(high[1])


def _likelihoods(
    images: np.ndarray, sampling: float, reach: float
) -> Mapping[tuple[int, int], np.ndarray]:
    """Maps of evidence for the shift of a later image against an earlier one, for each pair.

    Returns:
        By (earlier, later): (shift, shift), logarithm of the likelihood, no shift in the middle,
        in steps of `STEP`.
    """
    window = np.outer(hann(images.shape[0]), hann(images.shape[1]))
    spectra, rows, cols = windowed_spectra(images, sampling, window)
    steps = int(np.ceil(reach / STEP))
    ring = np.floor(np.hypot(rows[:, None], cols) / RING).astype(int) - 1
    angle = np.mod(np.arctan2(rows[:, None], cols[None]), np.pi)
    sector = np.minimum((angle / np.pi * SECTORS).astype(int), SECTORS - 1)
    group = np.where(ring < 0, -1, ring * SECTORS + sector)
    return {
        (earlier, later): _likelihood(
            spectra[..., earlier], spectra[..., later], group, rows, cols, steps
        )
        for later in range(1, images.shape[-1])
        for earlier in range(max(0, later - REACH), later)
    }


def _likelihood(
    first: np.ndarray,
    second: np.ndarray,
    group: np.ndarray,
    rows: np.ndarray,
    cols: np.ndarray,
    steps: int,
) -> np.ndarray:
    """(2 steps + 1, 2 steps + 1) evidence for each shift of the second image.

    Two Gaussian signals of correlation c in n frequencies are likelier by (1 - c^2)^-n than if
    they had nothing in common.  The mean of the logarithms for rings and for their sectors is
    taken: rings know more, sectors are right also with astigmatism.
    """
    shifts = np.arange(-steps, steps + 1) * STEP
    along_rows, along_cols = phases(shifts, rows, cols)
    cross = np.conj(first) * second
    powers = np.abs(first) ** 2, np.abs(second) ** 2
    sums = [
        np.bincount(group.ravel() + 1, part.ravel())[1:]
        for part in (powers[0] + FLOOR, powers[1] + FLOOR, np.abs(cross), np.abs(cross) ** 2)
    ]
    total = np.zeros((len(shifts), len(shifts)))
    ring = np.zeros_like(total)
    for number in range(group.max() + 1):
        chosen = group == number
        inside = np.ix_(chosen.any(axis=1), chosen.any(axis=0))
        part = np.where(chosen[inside], cross[inside], 0)
        alike = (along_rows[:, inside[0][:, 0]] @ part @ along_cols[inside[1][0]]).real
        ring += alike
        total += _evidence(alike, *(values[number] for values in sums)) / 2
        if number % SECTORS == SECTORS - 1:
            whole = slice(number - SECTORS + 1, number + 1)
            total += _evidence(ring, *(values[whole].sum() for values in sums)) / 2
            ring[:] = 0
    return total


def _evidence(
    alike: np.ndarray, first: float, second: float, both: float, square: float
) -> np.ndarray:
    """Logarithm of the likelihood of a group of frequencies, by shift; 0 for mere chance.

    Args:
        alike: Real part of the sum of the cross spectrum, by shift.
        first: Sum of the first image's power, with the floor.
        second: Sum of the second image's power, with the floor.
        both: Sum of the size of the cross spectrum.
        square: Sum of its square.
    """
    if square == 0:
        return np.zeros_like(alike)
    count = INDEPENDENT * both**2 / square
    return np.maximum(-count * np.log1p(-(alike**2) / (first * second)) - CHANCE, 0)


def _likely_paths(maps: Mapping[tuple[int, int], np.ndarray], count: int) -> list[_Path]:
    """Ways to shift the images, the likeliest first.

    Image after image, each path so far is continued by the maxima of the joint evidence of the
    images before.
    """
    size = len(maps[0, 1])
    middle = size // 2
    # Shifts of a pair that are beyond its map are ruled out.
    padded = {pair: np.pad(m, middle, constant_values=-1e6) for pair, m in maps.items()}
    offsets = np.arange(-middle, middle + 1) * STEP
    paths = [_Path(0.0, ((0, 0),))]
    for later in range(1, count):
        grown = []
        for path in paths:
            row, col = np.array(path.steps[-1]) * STEP
            joint = -((offsets[:, None] - row) ** 2 + (offsets - col) ** 2) / (2 * USUAL_STEP**2)
            for earlier in range(max(0, later - REACH), later):
                top, left = middle - np.array(path.steps[earlier])
                joint += padded[earlier, later][top : top + size, left : left + size]
            places = np.argwhere(joint == maximum_filter(joint, 5))
            values = joint[tuple(places.T)]
            for best in np.argsort(-values)[:CANDIDATES]:
                step = (int(places[best, 0]) - middle, int(places[best, 1]) - middle)
                grown.append(_Path(path.value + float(values[best]), (*path.steps, step)))
        paths = sorted(grown, key=lambda path: -path.value)[:KEPT]
    return paths


def _check_paths(
    paths: list[_Path], maps: Mapping[tuple[int, int], np.ndarray], max_shift: float
) -> float:
    """The margin between the best path and the next; a path that is too uncertain is refused.

    Raises:
        InputError: See `align_series`.
    """
    best = np.array(paths[0].steps) * STEP
    last = len(best) - 1
    evidence = min(
        max(
            _at(maps[pair], best[pair[1]] - best[pair[0]]) - float(np.median(maps[pair]))
            for pair in maps
            if image in pair
        )
        for image in range(last + 1)
    )
    if evidence < LEAST_EVIDENCE:
        raise InputError(
            "The images of the focal series share too little to be aligned to each other; give "
            "images of a higher dose, or a series that is aligned and switch alignment off."
        )
    margin = np.inf
    for path in paths[1:]:
        other = np.array(path.steps) * STEP
        if np.abs(other - best).max() > SAME:
            margin = paths[0].value - path.value
            break
    if margin < LEAST_MARGIN:
        image = int(np.argmax(np.abs(other - best).max(axis=1)))
        raise InputError(
            f"Image {image + 1} of the focal series fits the others about as well with a shift of "
            f"{_words(best[image])} as with one of {_words(other[image])}; give a series that is "
            "aligned, and switch alignment off."
        )
    for earlier, later in combinations(range(last + 1), 2):
        apart = best[later] - best[earlier]
        if np.abs(apart).max() > max_shift:
            raise InputError(
                f"Image {later + 1} of the focal series seems to lie {_words(apart)} from image "
                f"{earlier + 1}, beyond the largest believable shift of {max_shift:g} Å; give a "
                "series that is aligned, or a larger limit if the stage drifted that far."
            )
    return float(margin)


def _words(shift: np.ndarray) -> str:
    return f"({shift[0]:.1f}, {shift[1]:.1f}) Å"


def _at(evidence: np.ndarray, shift: np.ndarray) -> float:
    """A map of evidence at any shift (2,) [Å]."""
    place = shift / STEP + len(evidence) // 2
    return float(map_coordinates(evidence, place[:, None], order=1, mode="nearest")[0])


def _refined(shifts: np.ndarray, maps: Mapping[tuple[int, int], np.ndarray]) -> np.ndarray:
    """(focus, 2) shifts [Å] between the steps, where the sum of all pairs' maps is highest."""
    pieces = {}
    for (earlier, later), evidence in maps.items():
        # A few steps around each pair's shift are enough for the spline.
        middle = len(evidence) // 2
        place = np.rint((shifts[later] - shifts[earlier]) / STEP).astype(int)
        corner = np.clip(place + middle - 8, 0, None)
        piece = evidence[corner[0] : corner[0] + 17, corner[1] : corner[1] + 17]
        pieces[earlier, later] = spline_filter(piece, mode="nearest"), corner - middle

    def cost(moves: np.ndarray) -> float:
        moved = shifts / STEP + np.concatenate([np.zeros((1, 2)), moves.reshape(-1, 2)])
        return -sum(
            map_coordinates(
                piece,
                (moved[later] - moved[earlier] - corner)[:, None],
                mode="nearest",
                prefilter=False,
            )[0]
            for (earlier, later), (piece, corner) in pieces.items()
        )

    start = np.zeros(2 * (len(shifts) - 1))
    found = optimize.minimize(
        cost, start, method="L-BFGS-B", bounds=[(-1, 1)] * len(start), options={"eps": 1e-3}
    )
    return shifts + np.concatenate([np.zeros((1, 2)), found.x.reshape(-1, 2)]) * STEP
