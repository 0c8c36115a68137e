"""Strain for the page: of the sites of the last frames, at the mean of their positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from temnet.config.analysis.occupancy import Occupancy
from temnet.live.messages import Found
from temnet.movies.drift import follow_drift
from temnet.movies.sites import find_sites
from temnet.records import Peaks
from temnet.strain.site_means import site_means
from temnet.strain.strain_map import strain_map

SHOWN = ("e_xx", "e_yy", "e_xy", "rotation", "dilatation")
"""Quantities of the layer, as in `temnet.strain`."""

LEAST_SHARE = 0.5
"""Sites that were found in a smaller share of the frames are left out."""


def strain_json(recent: Sequence[Found]) -> Mapping[str, object]:
    """The strain of sites, in the place of the newest frame.

    Args:
        recent: Frames of one shape and pixel size, the newest last.

    Returns:
        Values for JSON: the newest frame, the number of frames, one list for each of row and col
        [pixels of the frame] and of `SHOWN`, and their standard errors in ``errors``; null without
        a value.

    Raises:
        InputError: If no lattice fits the columns.
    """
    newest = recent[-1].frame
    extent = tuple(np.array(newest.head.shape) * newest.pixel_size)
    peaks, error = _averaged(recent, extent)  # type: ignore[arg-type]
    strain = strain_map(peaks, position_error=error, field=extent)  # type: ignore[arg-type]
    pixels = peaks.positions / np.asarray(newest.pixel_size)
    return {
        "frame": newest.number,
        "frames": len(recent),
        "row": _list(pixels[:, 0], 3),
        "col": _list(pixels[:, 1], 3),
        **{name: _list(strain.value(name), 5) for name in SHOWN},
        "errors": {name: _list(strain.error(name), 5) for name in SHOWN},
    }


def _averaged(
    recent: Sequence[Found], extent: tuple[float, float]
) -> tuple[Peaks, np.ndarray | None]:
    """Mean columns in the place of the newest frame, and their standard errors [Å]."""
    count = len(recent)
    if count == 1:
        return recent[0].shown, None
    # The newest frame comes first, since drift counts from the first one.
    frames = [
        replace(one.shown, frame=np.full(len(one.shown), number, np.int64))
        for number, one in enumerate(reversed(recent))
    ]
    peaks = Peaks.concatenate(frames)
    settings = Occupancy()
    drift = follow_drift(peaks, count, settings.max_drift, extent=extent)
    sites = find_sites(peaks, drift.shifts, count, settings.tolerance, LEAST_SHARE)
    means = site_means(peaks, sites.peak_site)
    return means.peaks, means.error


def _list(values: np.ndarray, digits: int) -> list[float | None]:
    return [round(one, digits) if np.isfinite(one) else None for one in values.tolist()]
