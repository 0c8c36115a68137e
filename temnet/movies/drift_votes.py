"""Votes for the shift between two sets of points, by which `temnet.movies.drift` measures drift."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.signal import fftconvolve

BIN = 0.15
"""Width of a bin of the histograms of positions [Å]; shifts are refined far below it."""

SCATTER = 0.3
"""Scatter of a column's position from frame to frame, per axis [Å]: the width of a vote."""

LEAST_OVERLAP = 0.25
"""Smallest overlap of two frames by which votes are divided."""


def peaks_of(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shifts at the maxima of votes.

    Args:
        votes: From `count_votes`.

    Returns:
        (N, 2) shifts [Å]; (N,) their votes.
    """
    candidates = np.argwhere((votes == maximum_filter(votes, 3)) & (votes > 0))
    offsets, heights = _vertices(votes, candidates)
    return (candidates - len(votes) // 2 + offsets) * BIN, heights


def overlap(
    offsets: np.ndarray, size: int, extent: tuple[float, float] | None
) -> np.ndarray | float:
    """Return (size, size) the fraction of the field that a frame shares with others, by shift.

    It is the mean over the other frames, at least `LEAST_OVERLAP`, and 1 if the extent is unknown.

    Args:
        offsets: (frames, 2) the frame's present shift against each of the others [Å].
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


def count_votes(reference: list[np.ndarray], points: np.ndarray, reach: float) -> np.ndarray:
    """Return (2 m + 1, 2 m + 1) the number of points that coincide with one of a frame, by shift.

    A vote is a Gaussian of height one in the difference of two positions.  Votes are averaged over
    the reference frames; the middle bin is a shift of zero.

    Args:
        reference: (N, 2) points of each reference frame [Å].
        points: (M, 2) [Å].
        reach: Longest shift [Å].
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
    """Return (rows, cols) the number of points in each bin, each point split among four bins.

    Splitting keeps the mean position, which a plain histogram rounds.
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

    Heights are compared with each other.  Taken from the bins alone, a top between two bins would
    seem 3 % lower than one in the middle of a bin.

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
