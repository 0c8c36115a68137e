"""Drift measured from images in which hardly a column is found.

Two frames of 10 e/Å² share too little to be aligned to each other.  But each frame is compared
with the average of all others, moved back by the drift so far, and its drift with that of the
frames before and after it: a random walk about a steady velocity, whose step is measured too.  The
drift is found in rounds that begin with averages of a few frames, on a coarse grid.  A jump by a
period of the lattice is thousands of times less likely than a small step.

Two checks refuse a drift that is not there: the average with it has to be about as sharp as frames
that follow each other allow, and sharper than noise, and sharper than the average without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.inference.movie_drift.random_walk import Walk, likely_walk
from temnet.inference.movie_drift.spectra import (
    MOST_FREQUENCIES,
    Sharpness,
    Spectra,
    sharpness,
    spectra_of,
)
from temnet.records import Frames

STEPS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Standard deviations of a step along an axis that are tried [Å]."""

LOOSE_STEP = (0.25,)
"""The step of the first rounds that follow a wandering specimen [Å]: with so little evidence the
likeliest would be none."""

ALL = 10**9


@dataclass(frozen=True)
class Round:
    """A round of the search.

    Attributes:
        reach: Largest correction along an axis [Å].
        spacing: Of the grid of corrections [Å].
        window: Frames on either side whose average a frame is compared with.
        steps: Steps of the random walk that are tried [Å].
    """

    reach: float
    spacing: float
    window: int = ALL
    steps: tuple[float, ...] = STEPS


LAST = (Round(1.0, 0.1), Round(1.0, 0.1), Round(0.5, 0.05), Round(0.5, 0.05))

STEADY = (Round(2.4, 0.2), Round(2.4, 0.2), Round(2.4, 0.2), *LAST)
"""Rounds about a steady velocity, which finds a slow drift at the lowest dose."""

WANDERING = (
    *(Round(1.0, 0.2, window, LOOSE_STEP) for window in (4, 4, 6)),
    *(Round(1.4, 0.2, window, LOOSE_STEP) for window in (9, 13, 18)),
    *(Round(2.4, 0.2), Round(2.4, 0.2), *LAST),
)
"""Rounds that follow a specimen in any direction: at 10 e/Å² and steps of 0.25 Å along each axis
the error falls from 2.4 to 0.2 Å, in movies of 40 frames of a gold particle."""

LAGS = 8
"""Frames up to this far from each other determine the velocity."""

FASTEST, SPEED_SPACING = 1.1, 0.05
"""Velocities along an axis that are tried [Å per frame]: less than half a period of a lattice."""

SPEED_BAND = (0.15, 0.7)
"""Frequencies that determine the velocity [1/Å]: those of lattices."""

LEAST_SHARPNESS = 20.0
"""Least sharpness of the average in standard deviations of noise.  Movies of noise reach 8;
below 20 a particle that wanders by 0.1 Å per frame is followed to 0.4 Å only."""

LEAST_KEPT = 0.7
"""Least sharpness of the average relative to that of frames that follow each other: with a wrong
drift the first is below 0.4 of the second, with the right one 0.8 to 1.1."""

LIKELIER = 1.1
"""Factor by which another walk's log likelihood must be larger than that of a steady drift, which
has the smaller error where both are right."""

GAIN = (1.02, 3.0)
"""A drift counts if it makes the average sharper by this factor and these standard deviations."""

MOST_BYTES = 2**27
"""Transforms of frames that are held at a time; longer movies are measured in parts."""

SHARED = 16
"""Frames that neighbouring parts share; the last two share more."""

LEAST_PART = 4 * SHARED
"""Frames of a part at least."""

FEWEST_FRAMES = 3
"""Fewer frames have no drift that could be checked."""


@dataclass(frozen=True)
class ImageDrift:
    """Drift of the specimen by its images.

    Attributes:
        shifts: (frame, 2) shift of the specimen against its mean place [Å]; zero where it could
            not be measured or makes the average no sharper.
        spread: (frame,) standard deviation of the shift by the model [Å]; NaN where it could not
            be measured.
        measured: Whether the images show the drift, which may be none.
        sentence: What was found, without a capital letter and a full stop.
    """

    shifts: np.ndarray
    spread: np.ndarray
    measured: bool
    sentence: str


def measure_drift(
    images: Frames,
    sampling: float,
    hidden: Callable[[int], np.ndarray | None] = lambda number: None,
) -> ImageDrift:
    """Drift of a movie by its images.

    Frames are read once, in order, and only parts of long movies are held.

    Args:
        images: The movie.
        sampling: Pixel size [Å].
        hidden: From a frame's number to (row, col) bool, pixels without image; None for none.
    """
    count = len(images)
    unknown = np.zeros((count, 2)), np.full(count, np.nan)
    if count < FEWEST_FRAMES:
        return ImageDrift(*unknown, False, "the movie is too short to measure its drift")
    shifts, spread = unknown
    measured_to = 0
    for part in _parts(images):
        measured = _drift_of(spectra_of(images, sampling, part, hidden))
        if measured is None:
            zero = np.zeros((count, 2))
            return ImageDrift(zero, np.full(count, np.nan), False, NOT_MEASURED)
        found, error = measured
        shared = measured_to - part.start
        if shared > 0:
            found = found + np.median(shifts[part.start : measured_to] - found[:shared], axis=0)
        fresh = max(shared, 0) // 2
        shifts[part.start + fresh : part.stop] = found[fresh:]
        spread[part.start + fresh : part.stop] = error[fresh:]
        measured_to = part.stop
    if not np.any(shifts):
        return ImageDrift(shifts, spread, True, "the images show no drift")
    shifts = shifts - shifts.mean(axis=0)
    largest = float(np.ptp(shifts, axis=0).max())
    return ImageDrift(
        shifts, spread, True, f"the images show a drift over {largest:.2g} Å, which was removed"
    )


NOT_MEASURED = (
    "the drift cannot be measured from the images, which share too little, and is taken to be none"
)
"""Sentence on a movie whose drift is unknown."""


def _parts(images: Frames) -> list[range]:
    """Ranges of frames that are measured together; neighbours share `SHARED` frames at least.

    All have the same length, since the evidence grows with the number of frames.
    """
    count, rows, cols, foci = images.shape
    size = 8 * foci * min(rows * cols // 2, MOST_FREQUENCIES)
    length = max(MOST_BYTES // size, LEAST_PART)
    parts = [range(0, min(length, count))]
    while parts[-1].stop < count:
        stop = min(parts[-1].stop - SHARED + length, count)
        parts.append(range(stop - length, stop))
    return parts


def _drift_of(spectra: Spectra) -> tuple[np.ndarray, np.ndarray] | None:
    """(frame, 2) drift [Å] and (frame,) its standard deviation; None if it cannot be measured."""
    count = len(spectra.frames)
    still = np.zeros((count, 2))
    if spectra.there.sum() < FEWEST_FRAMES:
        return None
    velocity = _velocity(spectra)
    moving = velocity * (np.arange(count) - (count - 1) / 2)[:, None]
    found = [
        _follow(spectra, start, speed, rounds)
        for start, speed, rounds in (
            (moving, velocity, STEADY),
            (moving, velocity, WANDERING),
            (still, np.zeros(2), WANDERING),
        )
    ]
    best = found[0]
    for other in found[1:]:
        if other[1].log_likelihood > LIKELIER * max(best[1].log_likelihood, 0):
            best = other
    drift, walk = best
    drift = drift - drift[spectra.there].mean(axis=0)
    sharp, without = (sharpness(spectra, path, drift) for path in (drift, still))
    if not _believable(sharp):
        own = sharpness(spectra, still, still)
        return (still, walk.spread) if _believable(own) else None
    if sharp.value < GAIN[0] * without.value + GAIN[1]:
        return still, walk.spread
    return drift, walk.spread


def _believable(sharp: Sharpness) -> bool:
    return sharp.value >= LEAST_SHARPNESS and sharp.value >= LEAST_KEPT * sharp.near


def _velocity(spectra: Spectra) -> np.ndarray:
    """(2,) velocity that brings frames near to each other in time together best [Å per frame]."""
    speeds = np.arange(-FASTEST, FASTEST + SPEED_SPACING / 2, SPEED_SPACING)
    low, high = SPEED_BAND
    band = (spectra.radius >= low) & (spectra.radius <= high)
    noise = spectra.by_ring(np.mean(np.abs(spectra.frames) ** 2, axis=(0, 3)))
    total = np.zeros((len(speeds), len(speeds)))
    for lag in range(1, min(LAGS, len(spectra.frames) - 1) + 1):
        pairs = np.conj(spectra.frames[:-lag]) * spectra.frames[lag:]
        cross = np.where(band, np.sum(pairs, axis=(0, 3)) / np.maximum(noise, 1e-12), 0)
        total += spectra.correlations(cross, speeds * lag)
    best = np.unravel_index(int(np.argmax(total)), total.shape)
    return speeds[list(best)]


def _follow(
    spectra: Spectra, start: np.ndarray, velocity: np.ndarray, rounds: Sequence[Round]
) -> tuple[np.ndarray, Walk]:
    """(frame, 2) drift [Å] after all rounds, and the last walk."""
    drift = start
    for each in rounds:
        half = round(each.reach / each.spacing)
        offsets = np.arange(-half, half + 1) * each.spacing
        evidence = _evidence(spectra, drift, offsets, each.window)
        walk = likely_walk(evidence, offsets, drift, velocity, each.steps)
        drift = drift + walk.mean
    return drift, walk


def _evidence(spectra: Spectra, drift: np.ndarray, offsets: np.ndarray, window: int) -> np.ndarray:
    """(frame, offset, offset) logarithm of the likelihood of each correction of a frame's drift.

    Each frame is compared with the average of the others around it, weighted by the signal over
    the noise at each frequency; 0 for frames without contrast.
    """
    there = np.flatnonzero(spectra.there)
    moved = spectra.moved_back(drift)[there]
    count = len(there)
    low = np.maximum(np.arange(count) - window, 0)
    high = np.minimum(np.arange(count) + window + 1, count)
    power = np.sum(np.abs(moved) ** 2, axis=-1)
    templates, coherent = np.empty_like(moved), np.zeros(spectra.radius.shape)
    total, first, last = np.zeros_like(moved[0], np.complex128), 0, 0
    inside = np.zeros(spectra.radius.shape)
    for place in range(count):
        while last < high[place]:
            total, inside = total + moved[last], inside + power[last]
            last += 1
        while first < low[place]:
            total, inside = total - moved[first], inside - power[first]
            first += 1
        coherent += np.sum(np.abs(total) ** 2, axis=-1) - inside
        templates[place] = total - moved[place]
    frames = high - low
    signal, noise = spectra.levels(
        coherent / max(int(np.sum(frames * (frames - 1))), 1), power.mean(axis=0)
    )
    found = np.zeros((len(drift), len(offsets), len(offsets)), np.float32)
    for place, number in enumerate(there):
        others = frames[place] - 1
        weight = 2 * spectra.independent * signal / (signal * others + noise) / noise
        cross = weight * np.sum(np.conj(templates[place]) * moved[place], axis=-1)
        found[number] = spectra.correlations(cross, offsets)
    return found
