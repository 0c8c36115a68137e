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

DOUBT, ONE_FRAME_DOUBT = 0.4, 2.3
"""A shift further from the last one must beat a nearer one by this many standard deviations of
the number of votes, which is binomial: the first always, the second by one over the root of the
number of frames on the larger side, since what is missed by chance differs from frame to frame.
None of 240 simulated movies jumped by a period: crystals at rest that fill 36 to 51 Å, 3 or 12
frames, 15 or 30 % of the columns missed, five or ten invented, a scatter of 0.2 Å."""

LEAST_DOUBT, MOST_DOUBT = 0.06, 0.3
"""Bounds of this margin, as fractions of the most votes: with thousands of columns the bins and
the image's border weigh more than chance, with a handful chance is all there is.  A particle 30 Å
across loses a tenth of its votes by a period."""

LEAST_OVERLAP = 0.25
"""Frames that share less of the field than this are not given more weight for it."""

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
    peaks: Peaks,
    frame_count: int,
    max_drift: float,
    usable: np.ndarray | None = None,
    extent: tuple[float, float] | None = None,
) -> np.ndarray:
    """Shift of the specimen in each frame against the first usable one.

    Each frame's columns vote for shifts against those of the frames before it, so that columns
    may come and go.  A crystal shifted by a period looks almost like itself: of shifts with
    about as many votes the one nearest to the last frame's is taken, so that of a crystal that
    fills the image drift of less than half a period per frame is followed, and more is only
    believed where the outline tells.  Each step is then looked at again with several frames on
    both sides, and each frame compared with the whole movie, which keeps errors from adding up.

    Args:
        peaks: Columns of all frames.
        frame_count: Number of frames.
        max_drift: Largest drift between consecutive frames [Å].
        usable: (frame_count,) bool; `usable_frames` by default.
        extent: Height and width of the image [Å].  Where it is given, votes count against how
            much two frames show of the same place: else a crystal that fills the image and has
            drifted is pulled back by a period, for the sake of the larger overlap.

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
        drift[frame] = drift[last]
        drift[frame] += _shift(points, drift, before, [frame], max_drift * (frame - last), extent)
    drift = _checked(points, drift, max_drift, extent)
    drift = _refined(points, drift, extent)
    drift -= drift[frames[0]]
    for axis in (0, 1):
        drift[:, axis] = np.interp(np.arange(frame_count), frames, drift[frames, axis])
    return drift


def _checked(
    points: dict[int, np.ndarray],
    drift: np.ndarray,
    max_drift: float,
    extent: tuple[float, float] | None,
) -> np.ndarray:
    """Drift after each step was seen with several frames on both sides of it.

    A single frame may by chance meet those before it better a period away; of ten that is not
    likely.
    """
    frames = list(points)
    checked = drift.copy()
    for place in range(1, len(frames)):
        before = frames[max(0, place - REMEMBERED) : place]
        after = frames[place : place + REMEMBERED]
        last, frame = before[-1], after[0]
        checked[frames[place:]] -= checked[frame] - checked[last]
        reach = max_drift * (frame - last)
        checked[frames[place:]] += _shift(points, checked, before, after, reach, extent)
    return checked


def _refined(
    points: dict[int, np.ndarray], drift: np.ndarray, extent: tuple[float, float] | None
) -> np.ndarray:
    """Drift after each frame was compared with frames from all over the movie."""
    frames = list(points)
    chosen = frames[:: -(-len(frames) // COMPARED)]
    refined = drift.copy()
    for frame in frames:
        others = [other for other in chosen if other != frame]
        if others:
            refined[frame] += _shift(points, drift, others, [frame], REFINEMENT, extent)
    return refined


def _shift(
    points: dict[int, np.ndarray],
    drift: np.ndarray,
    others: list[int],
    frames: list[int],
    reach: float,
    extent: tuple[float, float] | None,
) -> np.ndarray:
    """(2,) shift [Å] of some frames together against others, beyond the drift that is known."""
    reference = [points[other] - drift[other] for other in others]
    moved = np.concatenate([points[frame] - drift[frame] for frame in frames])
    votes = _votes(reference, moved, reach) / len(frames)
    offsets = (drift[frames, None] - drift[None, others]).reshape(-1, 2)
    votes /= _overlap(offsets, len(votes), extent)
    return _best_shift(votes, reach, max(len(others), len(frames)), len(moved) / len(frames))


def _best_shift(votes: np.ndarray, reach: float, frame_count: int, seen: float) -> np.ndarray:
    """(2,) nearest shift [Å] with about the most votes, at most ``reach`` long.

    Args:
        votes: From `_votes`.
        reach: Longest shift [Å].
        frame_count: Number of frames on the larger side of the comparison.
        seen: Number of columns of a frame.
    """
    middle = len(votes) // 2
    candidates = np.argwhere((votes == maximum_filter(votes, 3)) & (votes > 0))
    offsets, heights = _vertices(votes, candidates)
    shifts = (candidates - middle + offsets) * BIN
    lengths = np.linalg.norm(shifts, axis=1)
    inside = lengths <= max(reach, BIN)
    if not np.any(inside):
        return np.zeros(2)
    shifts, lengths, heights = shifts[inside], lengths[inside], heights[inside]
    best = heights.max()
    missed = np.sqrt(best * np.clip(1 - best / seen, 0, 1))
    doubt = (DOUBT + ONE_FRAME_DOUBT / np.sqrt(frame_count)) * missed
    doubt = np.clip(doubt, LEAST_DOUBT * best, MOST_DOUBT * best)
    good = heights >= best - doubt
    return shifts[good][np.argmin(lengths[good])]


def _overlap(
    offsets: np.ndarray, size: int, extent: tuple[float, float] | None
) -> np.ndarray | float:
    """(size, size) part of the field that a frame shares with the others on average, by shift.

    Args:
        offsets: (frames, 2) the frame's shift against each of the others before it is changed [Å].
        size: Number of bins of the votes along each side.
        extent: Height and width of the image [Å].
    """
    if extent is None:
        return 1.0
    shifts = (np.arange(size) - size // 2) * BIN
    row, col = (
        np.maximum(1 - np.abs(offsets[:, axis, None] + shifts) / extent[axis], 0) for axis in (0, 1)
    )
    return np.maximum(row.T @ col / len(offsets), LEAST_OVERLAP)


def _votes(reference: list[np.ndarray], points: np.ndarray, reach: float) -> np.ndarray:
    """(2 m + 1, 2 m + 1) number of points that meet one of a reference frame, by shift.

    A vote is a Gaussian of height one in the difference of two positions, the mean over the
    reference frames is taken; the middle is no shift.
    """
    known = np.concatenate(reference)
    bins = int(np.ceil(reach / BIN)) + 1
    spread = int(np.ceil(4 * SCATTER / BIN))
    pad = bins + spread
    low = np.minimum(known.min(axis=0), points.min(axis=0))
    high = np.maximum(known.max(axis=0), points.max(axis=0))
    shape = np.ceil((high - low) / BIN).astype(int) + 1
    counted = _histogram(points, low, shape)
    known = np.pad(_histogram(known, low, shape), pad)
    # counts[s] = sum over x of known[x - s] counted[x]
    counts = fftconvolve(known, counted[::-1, ::-1], mode="valid")[::-1, ::-1]
    height = 2 * np.pi * (SCATTER / BIN) ** 2 / len(reference)
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


def _vertices(votes: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tops of parabolas through maxima and their neighbours, along rows and columns.

    Heights are compared with each other: on the bins alone, one whose top falls between two of
    them would seem 3 % lower than one whose top does not.

    Args:
        votes: (rows, cols).
        places: (N, 2) maxima.

    Returns:
        (N, 2) offsets from the places [bins], within half a bin; (N,) heights.
    """
    padded = np.pad(votes, 1, mode="reflect")
    centre = padded[tuple(places.T + 1)]
    offsets, heights = np.zeros(places.shape), centre.copy()
    for axis, step in enumerate(np.eye(2, dtype=int)):
        before, after = (padded[tuple((places + 1 + sign * step).T)] for sign in (-1, 1))
        bend, slope = before - 2 * centre + after, (after - before) / 2
        curved = bend < 0
        offsets[curved, axis] = np.clip(-slope[curved] / bend[curved], -0.5, 0.5)
        heights += offsets[:, axis] * (slope + offsets[:, axis] * bend / 2)
    return offsets, heights
