"""How the specimen moved through a movie, from the columns that were found in its frames."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from temnet.movies.periods import judge_steps
from temnet.movies.votes import BIN, count_votes, overlap, peaks_of
from temnet.records import Peaks

LOGGER = logging.getLogger(__name__)

FEWEST_PEAKS = 3
"""Fewer columns than this say nothing about a shift."""

FEWEST_FRACTION = 0.3
"""Frames with less than this fraction of the median number of columns are not used: blurred,
blank or torn ones."""

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


@dataclass(frozen=True)
class Drift:
    """How the specimen moved.

    Attributes:
        shifts: (frame_count, 2) float64 [Å]; a column's place in the specimen is its position
            minus the shift.  Frames that are not usable get what lies between their neighbours.
        notes: What is doubtful, a sentence each, which the log has too.
    """

    shifts: np.ndarray
    notes: tuple[str, ...] = ()


def follow_drift(
    peaks: Peaks,
    frame_count: int,
    max_drift: float,
    usable: np.ndarray | None = None,
    extent: tuple[float, float] | None = None,
) -> Drift:
    """Shift of the specimen in each frame against the first usable one.

    Each frame's columns vote for shifts against those of the frames before it, so that columns
    may come and go.  A crystal shifted by a period looks almost like itself: of shifts with
    about as many votes the one nearest to the last frame's is taken.  Each step is then judged
    again with several frames on both sides.  Of a crystal that fills the image this follows drift
    of less than half a period per frame; of more than that where the gaps between its columns
    tell it (`temnet.movies.periods`), and where they do not tell a warning is given.  Last,
    each frame is compared with the whole movie, which keeps errors from adding up.

    Args:
        peaks: Columns of all frames.
        frame_count: Number of frames.
        max_drift: Largest drift between consecutive frames [Å].
        usable: (frame_count,) bool; `usable_frames` by default.
        extent: Height and width of the image [Å].  Where it is given, votes count against how
            much two frames show of the same place: else a crystal that fills the image and has
            drifted is pulled back by a period, for the sake of the larger overlap.
    """
    usable = usable_frames(peaks, frame_count) if usable is None else usable
    frames = np.flatnonzero(usable)
    drift = np.zeros((frame_count, 2))
    if len(frames) < 2:
        return Drift(drift)
    order = np.argsort(peaks.frame, kind="stable")
    ends = np.searchsorted(peaks.frame[order], np.arange(frame_count + 1))
    points = {
        frame: peaks.positions[order[ends[frame] : ends[frame + 1]]] for frame in frames.tolist()
    }
    for place, frame in enumerate(frames.tolist()[1:], start=1):
        last = int(frames[place - 1])
        before = frames[max(0, place - REMEMBERED) : place].tolist()
        drift[frame] = drift[last]
        drift[frame] += _shift(points, drift, before, [frame], max_drift * (frame - last), extent)
    drift = _checked(points, drift, max_drift, extent)
    drift, notes = _by_gaps(points, drift, max_drift, extent)
    drift = _refined(points, drift, extent)
    drift -= drift[frames[0]]
    for axis in (0, 1):
        drift[:, axis] = np.interp(np.arange(frame_count), frames, drift[frames, axis])
    return Drift(drift, notes)


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


def _by_gaps(
    points: dict[int, np.ndarray],
    drift: np.ndarray,
    max_drift: float,
    extent: tuple[float, float] | None,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Drift after its steps were judged by the gaps between the columns, and what to say of it."""
    frames = list(points)
    found = judge_steps([points[frame] for frame in frames], drift[frames], extent, max_drift)
    if np.any(found.change):
        steps = np.diff(drift[frames], axis=0) + found.change[1:]
        judged = drift.copy()
        for place, (frame, step) in enumerate(zip(frames[1:], steps, strict=True), start=1):
            before = frames[max(0, place - REMEMBERED) : place]
            judged[frame] = judged[before[-1]] + step
            judged[frame] += _shift(points, judged, before, [frame], REFINEMENT, extent)
        drift = judged
    notes = []
    if np.any(found.doubtful):
        doubtful = np.array(frames)[found.doubtful]
        notes.append(
            f"the drift may be off by a period of the lattice ({found.period:.2f} Å or more per "
            f"frame) at {len(doubtful)} of {len(frames) - 1} steps, from frame {doubtful[0]} on: "
            "the crystal fills the image and drifts by nearly half a period between frames, and "
            "its gaps do not tell by which. Comings and goings are then not those of the "
            "specimen; take more frames per second or an image with an edge of the crystal"
        )
        LOGGER.warning("%s", notes[0])
    return drift, tuple(notes)


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
    votes = count_votes(reference, moved, reach) / len(frames)
    offsets = (drift[frames, None] - drift[None, others]).reshape(-1, 2)
    votes /= overlap(offsets, len(votes), extent)
    return _best_shift(votes, reach, max(len(others), len(frames)), len(moved) / len(frames))


def _best_shift(votes: np.ndarray, reach: float, frame_count: int, seen: float) -> np.ndarray:
    """(2,) nearest shift [Å] with about the most votes, at most ``reach`` long.

    Args:
        votes: From `count_votes`.
        reach: Longest shift [Å].
        frame_count: Number of frames on the larger side of the comparison.
        seen: Number of columns of a frame.
    """
    shifts, heights = peaks_of(votes)
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
