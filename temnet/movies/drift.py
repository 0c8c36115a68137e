"""Drift of the specimen through a movie, measured from the columns found in its frames.

`follow_drift` measures it; positions without it are those of `without_drift`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from temnet.movies.drift_periods import judge_steps
from temnet.movies.drift_votes import BIN, count_votes, overlap, peaks_of
from temnet.records import Peaks

LOGGER = logging.getLogger(__name__)

FEWEST_PEAKS = 3
"""Fewer columns than this do not determine a shift."""

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
frames, 15 or 30 % of the columns missed, five or ten false positives, a scatter of 0.2 Å."""

LEAST_DOUBT, MOST_DOUBT = 0.06, 0.3
"""Bounds of this margin, as fractions of the most votes.  With thousands of columns the bins and
the image's border weigh more than chance; with a handful only chance matters.  A particle 30 Å
across loses a tenth of its votes by a period."""

REFINEMENT = 0.6
"""Largest correction in the comparison with the whole movie [Å], less than half of the smallest
distance between columns."""


def usable_frames(peaks: Peaks, frame_count: int) -> np.ndarray:
    """Return (frame_count,) bool, the frames with enough columns; the log names the others."""
    counts = np.bincount(peaks.frame, minlength=frame_count)
    median = np.median(counts[counts > 0]) if np.any(counts) else 0
    usable = counts >= max(FEWEST_PEAKS, FEWEST_FRACTION * median)
    if not np.all(usable):
        dropped = np.flatnonzero(~usable)
        LOGGER.warning(
            "%d of %d frames have too few columns and are excluded: %s%s",
            len(dropped),
            frame_count,
            ", ".join(str(frame) for frame in dropped[:20]),
            ", ..." if len(dropped) > 20 else "",
        )
    return usable


@dataclass(frozen=True)
class Drift:
    """Drift of the specimen.

    Attributes:
        shifts: (frame_count, 2) float64 [Å]; a column's place in the specimen is its position
            minus the shift.  Shifts of frames that are not usable are interpolated.
        notes: Doubts about the drift, one sentence each; they are logged too.
    """

    shifts: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DriftRow:
    """A line of drift.csv: a frame and the specimen's shift since the first usable one.

    Attributes:
        frame: Number of the frame, from 0.
        row_angstrom: Shift along the rows [Å].
        col_angstrom: Shift along the columns [Å].
        usable: Whether enough atomic columns were found in the frame; other frames are excluded,
            and their shift is interpolated.
    """

    frame: int
    row_angstrom: float
    col_angstrom: float
    usable: bool


def drift_rows(shifts: np.ndarray, usable: np.ndarray) -> Iterator[DriftRow]:
    """Lines of drift.csv.

    Args:
        shifts: (F, 2) [Å].
        usable: (F,) bool.
    """
    for frame, (row, col) in enumerate(shifts.tolist()):
        yield DriftRow(frame, row, col, bool(usable[frame]))


def peaks_of_frames(frame: np.ndarray, frames: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each of some frames with the indices (K,) of its peaks.

    Args:
        frame: (N,) int, frame of each peak.
        frames: (M,) int, the frames.
    """
    order = np.argsort(frame, kind="stable")
    starts, ends = (np.searchsorted(frame[order], frames + step) for step in (0, 1))
    for number, start, end in zip(frames.tolist(), starts, ends, strict=True):
        yield number, order[start:end]


def without_drift(peaks: Peaks, shifts: np.ndarray) -> np.ndarray:
    """Return (N, 2) positions of peaks [Å] in the first usable frame.

    Args:
        peaks: Columns of all frames.
        shifts: (F, 2) drift of each frame [Å].
    """
    return peaks.positions - shifts[peaks.frame]


def follow_drift(
    peaks: Peaks,
    frame_count: int,
    max_drift: float,
    usable: np.ndarray | None = None,
    extent: tuple[float, float] | None = None,
) -> Drift:
    """Measure the shift of the specimen in each frame against the first usable one.

    Each frame's columns vote for shifts against those of the frames before it, so that columns
    may appear and vanish.  A crystal shifted by a period looks almost like itself: of shifts with
    about as many votes the one nearest to the last frame's is taken.  Each step is then judged
    again with several frames on both sides.  In a crystal that fills the image this follows drift
    of less than half a period per frame, and more where the gaps between its columns determine
    the period (`temnet.movies.drift_periods`); otherwise a warning is logged.  Last, each frame
    is compared with the whole movie, which keeps errors from adding up.

    Args:
        peaks: Columns of all frames.
        frame_count: Number of frames.
        max_drift: Largest drift between consecutive frames [Å].
        usable: (frame_count,) bool; `usable_frames` by default.
        extent: Height and width of the image [Å].  If given, votes are divided by the overlap of
            the two frames.  Without it, the larger overlap pulls a crystal that fills the image
            back by a period.
    """
    usable = usable_frames(peaks, frame_count) if usable is None else usable
    frames = np.flatnonzero(usable)
    if len(frames) < 2:
        return Drift(np.zeros((frame_count, 2)))
    points = {frame: peaks.positions[mine] for frame, mine in peaks_of_frames(peaks.frame, frames)}
    drift = _stepwise(points, frame_count, max_drift, extent)
    drift = _checked(points, drift, max_drift, extent)
    drift, notes = _by_gaps(points, drift, max_drift, extent)
    drift = _refined(points, drift, extent)
    drift -= drift[frames[0]]
    for axis in (0, 1):
        drift[:, axis] = np.interp(np.arange(frame_count), frames, drift[frames, axis])
    return Drift(drift, notes)


def _stepwise(
    points: dict[int, np.ndarray],
    frame_count: int,
    max_drift: float,
    extent: tuple[float, float] | None,
) -> np.ndarray:
    """Return (frame_count, 2) the drift [Å], each frame compared with those before it."""
    frames = list(points)
    drift = np.zeros((frame_count, 2))
    for place in range(1, len(frames)):
        last, frame = frames[place - 1], frames[place]
        before = frames[max(0, place - REMEMBERED) : place]
        drift[frame] = drift[last]
        drift[frame] += _shift(points, drift, before, [frame], max_drift * (frame - last), extent)
    return drift


def _checked(
    points: dict[int, np.ndarray],
    drift: np.ndarray,
    max_drift: float,
    extent: tuple[float, float] | None,
) -> np.ndarray:
    """Return the drift after each step was compared with several frames on both sides of it.

    A single frame may by chance match those before it better a period away; ten frames hardly do.
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
    """Return the drift after judging its steps by the gaps between columns, and the doubts."""
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
            f"frame) at {len(doubtful)} of {len(frames) - 1} steps, from frame {doubtful[0]} on. "
            "The crystal fills the image and drifts by nearly half a period between frames, and "
            "its gaps do not determine the period. Transitions may then be errors of the drift. "
            "Record more frames per second, or an image with an edge of the crystal"
        )
        LOGGER.warning("%s", notes[0])
    return drift, tuple(notes)


def _refined(
    points: dict[int, np.ndarray], drift: np.ndarray, extent: tuple[float, float] | None
) -> np.ndarray:
    """Return the drift after each frame was compared with frames from all over the movie."""
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
    """Return (2,) the shift [Å] of some frames together against others, beyond known drift."""
    reference = [points[other] - drift[other] for other in others]
    moved = np.concatenate([points[frame] - drift[frame] for frame in frames])
    # A longer shift has no votes; after a gap of many frames its map would fill the memory.
    longest = np.ptp(np.concatenate([*reference, moved]), axis=0).max()
    votes = count_votes(reference, moved, min(reach, longest)) / len(frames)
    offsets = (drift[frames, None] - drift[None, others]).reshape(-1, 2)
    votes /= overlap(offsets, len(votes), extent)
    return _best_shift(votes, reach, max(len(others), len(frames)), len(moved) / len(frames))


def _best_shift(votes: np.ndarray, reach: float, frame_count: int, seen: float) -> np.ndarray:
    """Return (2,) the nearest shift [Å] with about the most votes, at most ``reach`` long.

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
