"""How the specimen moved through a movie, from the columns that were found in its frames."""

from __future__ import annotations

import logging

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.signal import fftconvolve

from temnet.records import Peaks

LOGGER = logging.getLogger(__name__)

FEWEST_PEAKS = 3
"""Fewer columns than this say nothing about a shift."""

FEWEST_FRACTION = 0.3
"""Frames with less than this fraction of the median number of columns are not used: blurred,
blank or torn ones."""

BIN = 0.15
"""Width of a bin of the histograms of positions [Å]; shifts are refined far below it."""

SCATTER = 0.3
"""Scatter of a column's position from frame to frame, per axis [Å]: the width of a vote."""

REMEMBERED = 10
"""Frames that the next one is compared with."""

COMPARED = 50
"""Frames, spread over the movie, that each frame is compared with in the end."""

DOUBT = 1.0
"""A shift further from the last one must beat a nearer one by this many root votes.  On simulated
movies of particles and full fields (30 % of columns missed, 10 invented per frame) 0 and 0.5 jump
by a lattice period where 1 does not, and 2 misses more true jumps."""

LEAST_SHARE = 0.7
"""A nearer shift that has less than this fraction of the most votes is never taken."""

REFINEMENT = 0.6
"""Largest correction in the comparison with the whole movie [Å], less than half of the smallest
distance between columns."""


def usable_frames(peaks: Peaks, frame_count: int) -> np.ndarray:
    """(frame_count,) bool: frames in which enough columns were found to work with.

    Frames that are not are named in the log.
    """
    counts = np.bincount(peaks.frame, minlength=frame_count)
    median = np.median(counts[counts > 0]) if np.any(counts) else 0
    usable = counts >= max(FEWEST_PEAKS, FEWEST_FRACTION * median)
    if not np.all(usable):
        dropped = np.flatnonzero(~usable)
        LOGGER.warning(
            "%d of %d frames have too few columns and are left out: %s%s",
            len(dropped),
            frame_count,
            ", ".join(str(frame) for frame in dropped[:20]),
            ", ..." if len(dropped) > 20 else "",
        )
    return usable


def measure_drift(
    peaks: Peaks, frame_count: int, max_drift: float, usable: np.ndarray | None = None
) -> np.ndarray:
    """Shift of the specimen in each frame against the first usable one.

    Each frame's columns vote for shifts against those of the frames before it, so that columns
    may come and go.  A crystal shifted by a period looks almost like itself: of shifts with
    about as many votes the one nearest to the last frame's is taken, so that drift of less than
    half a period is right even where the crystal fills the image, and more is only believed
    where the outline tells.  Then each frame is compared with the whole movie, which keeps errors
    from adding up.

    Args:
        peaks: Columns of all frames.
        frame_count: Number of frames.
        max_drift: Largest drift between consecutive frames [Å].
        usable: (frame_count,) bool; `usable_frames` by default.

    Returns:
        (frame_count, 2) float64 [Å]; a column's place in the specimen is its position minus the
        drift.  Frames that are not usable get what lies between their neighbours.
    """
    usable = usable_frames(peaks, frame_count) if usable is None else usable
    frames = np.flatnonzero(usable)
    drift = np.zeros((frame_count, 2))
    if len(frames) < 2:
        return drift
    points = {frame: peaks.positions[peaks.frame == frame] for frame in frames.tolist()}
    for place, frame in enumerate(frames.tolist()[1:], start=1):
        last = int(frames[place - 1])
        before = frames[max(0, place - REMEMBERED) : place].tolist()
        reference = [points[other] - drift[other] for other in before]
        reach = max_drift * (frame - last)
        drift[frame] = drift[last] + _shift(reference, points[frame] - drift[last], reach)
    drift = _refined(points, drift)
    drift -= drift[frames[0]]
    for axis in (0, 1):
        drift[:, axis] = np.interp(np.arange(frame_count), frames, drift[frames, axis])
    return drift


def _refined(points: dict[int, np.ndarray], drift: np.ndarray) -> np.ndarray:
    """Drift after each frame was compared with frames from all over the movie."""
    frames = list(points)
    chosen = frames[:: -(-len(frames) // COMPARED)]
    corrected = {frame: points[frame] - drift[frame] for frame in frames}
    refined = drift.copy()
    for frame in frames:
        reference = [corrected[other] for other in chosen if other != frame]
        if reference:
            refined[frame] += _shift(reference, corrected[frame], REFINEMENT)
    return refined


def _shift(reference: list[np.ndarray], points: np.ndarray, reach: float) -> np.ndarray:
    """(2,) shift [Å] of points against those of several frames, at most ``reach`` long."""
    votes = _votes(np.concatenate(reference), points, reach) / len(reference)
    middle = len(votes) // 2
    row, col = np.indices(votes.shape) - middle
    distance = np.hypot(row, col) * BIN
    inside = distance <= max(reach, BIN)
    best = votes[inside].max()
    enough = max(best - DOUBT * np.sqrt(best), LEAST_SHARE * best)
    peak = (votes >= enough) & (votes == maximum_filter(votes, 3)) & inside
    if best <= 0 or not np.any(peak):
        return np.zeros(2)
    candidates = np.argwhere(peak)
    nearest = candidates[np.argmin(distance[peak])]
    shift = (nearest - middle + _vertex(votes, nearest)) * BIN
    length = float(np.hypot(*shift))
    return shift * min(1.0, reach / length) if length > 0 else shift


def _votes(reference: np.ndarray, points: np.ndarray, reach: float) -> np.ndarray:
    """(2 m + 1, 2 m + 1) number of points that meet a reference point, by shift.

    A vote is a Gaussian of height one in the difference of two positions; the middle is no shift.
    """
    bins = int(np.ceil(reach / BIN)) + 1
    spread = int(np.ceil(4 * SCATTER / BIN))
    pad = bins + spread
    low = np.minimum(reference.min(axis=0), points.min(axis=0))
    high = np.maximum(reference.max(axis=0), points.max(axis=0))
    shape = np.ceil((high - low) / BIN).astype(int) + 1
    counted = _histogram(points, low, shape)
    known = np.pad(_histogram(reference, low, shape), pad)
    # counts[s] = sum over x of known[x - s] counted[x]
    counts = fftconvolve(known, counted[::-1, ::-1], mode="valid")[::-1, ::-1]
    height = 2 * np.pi * (SCATTER / BIN) ** 2
    votes = gaussian_filter(np.maximum(counts, 0), SCATTER / BIN, mode="constant") * height
    return votes[spread:-spread, spread:-spread]


def _histogram(points: np.ndarray, low: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """(rows, cols) float64 number of points in each bin, each shared by the nearest four.

    Sharing keeps the mean position, which a plain histogram rounds.
    """
    place = (points - low) / BIN
    corner = np.minimum(place.astype(int), shape - 1)
    part = place - corner
    counts = np.zeros(shape + 1)
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1])
            np.add.at(counts, (corner[:, 0] + down, corner[:, 1] + right), weight)
    return counts


def _vertex(votes: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(2,) offset of the top of parabolas through a maximum and its neighbours [bins]."""
    offset = np.zeros(2)
    for axis in (0, 1):
        if not 0 < place[axis] < votes.shape[axis] - 1:
            continue
        step = np.eye(2, dtype=int)[axis]
        before, top, after = (votes[tuple(place + k * step)] for k in (-1, 0, 1))
        bend = before - 2 * top + after
        if bend < 0:
            offset[axis] = np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
    return offset
