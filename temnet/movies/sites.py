"""Sites: places in a movie where a column may be, followed through the frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.spatial import cKDTree

from temnet.evaluation.matching import match
from temnet.movies.drift import peaks_of_frames, usable_frames, without_drift
from temnet.movies.field_of_view import View
from temnet.records import Peaks

BINS_PER_TOLERANCE = 7
"""Bins of the density per tolerance: 0.1 Å at the usual 0.7 Å."""

BLUR = 0.5
"""Standard deviation of the density's blur, in tolerances.  It is wide enough to make one hill of
a column's scatter and narrow enough to leave a valley between columns two tolerances apart."""

SEPARATION = 1.5
"""Smallest distance of two sites, in tolerances: more than the scatter of one column, less than
the distance of neighbouring columns."""

LEAST_SEEN = 0.5
"""Places in view for less than this fraction of the movie need as many columns as places in view
for this fraction.  Otherwise two false positives at the border would make a site."""

ROUNDS = 2
"""Number of times that columns are assigned to sites and sites moved to their columns' mean."""


@dataclass(frozen=True)
class Sites:
    """Places where columns were found, followed through a movie.

    Attributes:
        positions: (S, 2) float64 [Å] in the first usable frame, in raster order.
        class_index: (S,) int64, the class of most of the site's columns.
        presence: (S, F) bool, whether a column was found; False in frames that are not usable.
        in_view: (S, F) bool, whether the image showed the site, drift included.
        peak_site: (N,) int64, the site of each peak, or -1.
        usable: (F,) bool, frames in which enough columns were found.
        drift: (F, 2) [Å], shift of the specimen in each frame.
        view: Field of view of each image, or None if it is unknown.
        tolerance: Columns within this distance of a site belong to it [Å].
    """

    positions: np.ndarray
    class_index: np.ndarray
    presence: np.ndarray
    in_view: np.ndarray
    peak_site: np.ndarray
    usable: np.ndarray
    drift: np.ndarray
    view: View | None = None
    tolerance: float = 0.0

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def observed(self) -> np.ndarray:
        """(S, F) bool, whether the site was in view in a usable frame."""
        return self.in_view & self.usable

    def of(self, classes: Sequence[int]) -> Sites:
        """Return the sites whose columns are mostly of one of some classes."""
        keep = np.isin(self.class_index, classes)
        number = np.append(np.where(keep, np.cumsum(keep) - 1, -1), -1)  # -1 stays -1
        return replace(
            self,
            positions=self.positions[keep],
            class_index=self.class_index[keep],
            presence=self.presence[keep],
            in_view=self.in_view[keep],
            peak_site=number[self.peak_site],
        )

    def seen(self, places: np.ndarray) -> np.ndarray:
        """Return (N,) the fraction of usable frames in which places (N, 2) [Å] were in view."""
        frames = np.flatnonzero(self.usable)
        if self.view is None or not len(frames):
            return np.ones(len(places))
        moved = places[:, None] + self.drift[frames]
        return self.view.shows(moved, self.tolerance, frames).mean(axis=1)


def find_sites(
    peaks: Peaks,
    drift: np.ndarray,
    frame_count: int,
    tolerance: float,
    min_occupancy: float,
    view: View | None = None,
    usable: np.ndarray | None = None,
) -> Sites:
    """Find the sites of a movie.

    Sites are the maxima of the density of all columns, so that a chain of neighbours does not
    merge.  Each frame's columns are assigned to them one-to-one.

    Args:
        peaks: Columns of all frames.
        drift: (F, 2) drift of each frame [Å], from `follow_drift`.
        frame_count: Number of frames.
        tolerance: Columns within this distance of a site belong to it [Å].
        min_occupancy: Places occupied in a smaller fraction of the frames are dropped.
        view: Field of view of each image.  Without it every site is always in view; with it, a
            site within the tolerance of the border is not.
        usable: (F,) bool; `temnet.movies.drift.usable_frames` by default.

    Returns:
        The sites in raster order.
    """
    usable = usable_frames(peaks, frame_count) if usable is None else usable
    places = without_drift(peaks, drift)
    used = usable[peaks.frame]
    positions = _hills(places[used], tolerance)
    for _ in range(ROUNDS):
        peak_site = _assign(places, peaks.frame, positions, tolerance, usable)
        positions = _means(places, peak_site, positions)
        presence, in_view = _follow(peak_site, peaks.frame, positions, drift, tolerance, view)
        seen = np.maximum((in_view & usable).sum(axis=1), LEAST_SEEN * usable.sum())
        occupied = (presence & in_view).sum(axis=1)
        positions = positions[(occupied > 0) & (occupied >= min_occupancy * seen)]
    positions = positions[np.lexsort((positions[:, 1], positions[:, 0]))]
    peak_site = _assign(places, peaks.frame, positions, tolerance, usable)
    presence, in_view = _follow(peak_site, peaks.frame, positions, drift, tolerance, view)
    return Sites(
        positions=positions,
        class_index=majority(peak_site, peaks.class_index, len(positions)),
        presence=presence,
        in_view=in_view,
        peak_site=peak_site,
        usable=usable,
        drift=drift,
        view=view,
        tolerance=tolerance,
    )


def _hills(places: np.ndarray, tolerance: float) -> np.ndarray:
    """Return (S, 2) the maxima of the density of points, the densest of those too close together.

    It takes 0.3 s for 200 frames of 500 columns.  Of scikit-learn's methods, MeanShift and HDBSCAN
    find the same sites in 24 s and 76 s; DBSCAN merges chains of neighbours or splits sites.
    """
    if len(places) == 0:
        return np.zeros((0, 2))
    width = tolerance / BINS_PER_TOLERANCE
    low = places.min(axis=0) - tolerance
    shape = tuple(np.ceil((places.max(axis=0) + tolerance - low) / width).astype(int) + 1)
    density = np.zeros(shape)
    np.add.at(density, tuple(np.rint((places - low) / width).astype(int).T), 1.0)
    density = gaussian_filter(density, BLUR * BINS_PER_TOLERANCE, mode="constant")
    top = (density == maximum_filter(density, 3)) & (density > 0)
    tops = np.argwhere(top)
    tops = tops[np.argsort(-density[top], kind="stable")]
    positions = tops * width + low
    keep = np.ones(len(positions), bool)
    pairs = cKDTree(positions).query_pairs(SEPARATION * tolerance, output_type="ndarray")
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if keep[first]:
            keep[second] = False
    return positions[keep]


def _assign(
    places: np.ndarray,
    frame: np.ndarray,
    positions: np.ndarray,
    tolerance: float,
    usable: np.ndarray,
) -> np.ndarray:
    """Return (N,) the site of each peak, or -1 for no site or a frame that is not usable."""
    peak_site = np.full(len(places), -1, np.int64)
    for _, mine in peaks_of_frames(frame, np.flatnonzero(usable)):
        first, second = match(places[mine], positions, tolerance)
        peak_site[mine[first]] = second
    return peak_site


def _means(places: np.ndarray, peak_site: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return (S, 2) the mean place of each site's peaks; a site without peaks stays."""
    found = peak_site >= 0
    counts = np.bincount(peak_site[found], minlength=len(positions))
    sums = np.stack(
        [np.bincount(peak_site[found], places[found, axis], len(positions)) for axis in (0, 1)],
        axis=1,
    )
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], positions)


def _follow(
    peak_site: np.ndarray,
    frame: np.ndarray,
    positions: np.ndarray,
    drift: np.ndarray,
    tolerance: float,
    view: View | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (S, F) presence of a column, and whether the site was in view with its scatter."""
    shape = (len(positions), len(drift))
    presence = np.zeros(shape, bool)
    found = peak_site >= 0
    presence[peak_site[found], frame[found]] = True
    if view is None:
        return presence, np.ones(shape, bool)
    return presence, view.shows(positions[:, None] + drift, tolerance, np.arange(len(drift)))


def majority(peak_site: np.ndarray, class_index: np.ndarray, count: int) -> np.ndarray:
    """Return (S,) the most frequent class of each site's peaks; of equals the first."""
    votes = np.zeros((count, int(class_index.max(initial=0)) + 1), np.int64)
    found = peak_site >= 0
    np.add.at(votes, (peak_site[found], class_index[found]), 1)
    return np.argmax(votes, axis=1).astype(np.int64)
