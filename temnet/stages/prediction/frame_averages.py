"""Running averages of a movie's frames, before its columns are found."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from temnet.config.analysis.images import Images
from temnet.inference.column_finder import ColumnFinder
from temnet.inference.frames_needed import frames_needed
from temnet.inference.movie_drift.image_drift import ImageDrift, measure_drift
from temnet.inference.running_average import hidden_pixels, running_average
from temnet.records import ImageSeries
from temnet.reporting.files.prediction_rows import ImageDriftRow

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrameAverage:
    """How the frames of a movie were averaged.

    Attributes:
        number: Number of frames of each average, at least 2.
        drift: Drift of the specimen that was removed.
        single: The frames before.
    """

    number: int
    drift: ImageDrift
    single: ImageSeries


def average_frames(
    finder: ColumnFinder, series: ImageSeries, images: Images
) -> tuple[ImageSeries, FrameAverage | None]:
    """A movie of running averages, and how they were made; None if frames stay as they are.

    Args:
        finder: Finds the columns, where the number of frames is chosen by them.
        series: The movie, with aligned focal series.
        images: Settings; uses `average`.
    """
    count, wanted = len(series.images), images.average
    if count == 1 or wanted == 1:
        return series, None
    drift = measure_drift(series.images, series.sampling, hidden_pixels(series))
    if isinstance(wanted, str):
        needed = frames_needed(finder, series, drift.shifts)
        LOGGER.info(
            "%s: in averages of %d frame(s) a column that is there is found with a probability of "
            "%.0f %%",
            series.name,
            needed.number,
            100 * needed.probability,
        )
        number = needed.number
    else:
        number = min(wanted, count)
    if number == 1:
        return series, None
    notes = [f"each frame is the average of {number} frames around it; {drift.sentence}"]
    if not drift.measured:
        notes[0] += ", so that columns of a specimen that drifts are blurred"
    LOGGER.log(logging.INFO if drift.measured else logging.WARNING, "%s: %s", series.name, notes[0])
    averaged = running_average(series, number, drift.shifts)
    notes = [*series.metadata.get("notes", ()), *notes]
    averaged = replace(averaged, metadata={**series.metadata, "notes": notes})
    return averaged, FrameAverage(number, drift, series)


def image_drift_rows(drift: ImageDrift, file: str) -> Iterator[ImageDriftRow]:
    """Rows of image_drift.csv for a movie."""
    spread = drift.spread.tolist()
    for frame, (row, col) in enumerate(drift.shifts.tolist()):
        yield ImageDriftRow(file, frame, row, col, spread[frame])
