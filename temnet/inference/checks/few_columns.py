"""Movies whose frames show far fewer columns than averages of frames would."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from temnet.inference.checks.finding import Finding
from temnet.inference.column_finder import ColumnFinder, FoundFrame
from temnet.inference.frames_needed import (
    ENOUGH,
    FEWEST,
    ConsecutiveHits,
    FramesNeeded,
    frames_needed,
)
from temnet.inference.movie_drift.image_drift import ImageDrift, measure_drift
from temnet.inference.running_average import hidden_pixels
from temnet.records import ImageSeries

FEWEST_FRAMES = 6
"""Shorter movies cannot be averaged and compared."""

GAIN = 0.1
"""Averages must raise the probability of finding a column by this to be worth a word."""

CHANCE = 2.5
"""And by so many standard errors: averages of many frames are few, and show few columns."""


class FewColumns:
    """Compares consecutive frames, and averages of frames where columns are often missed."""

    def __init__(
        self,
        finder: ColumnFinder,
        series: ImageSeries,
        averaged: int = 1,
        drift: ImageDrift | None = None,
    ) -> None:
        """Reads nothing yet.

        Args:
            finder: Finds the columns.
            series: The movie before its frames were averaged.
            averaged: Number of frames of the averages in which columns are found.
            drift: Drift by the images, where it is known.
        """
        self._finder, self._series, self._averaged = finder, series, averaged
        self._drift, self._seen = drift, ConsecutiveHits(averaged)
        self.needed: FramesNeeded | None = None

    def add(self, frame: FoundFrame) -> None:
        """Takes a frame with its columns; frames come in order."""
        self._seen.add(frame)

    @property
    def detection(self) -> float | None:
        """Probability that a column that is there is found; None if too few columns show it."""
        found = self._seen.hits
        return found.probability if found.there >= FEWEST else None

    def findings(self) -> Iterable[Finding]:
        """One finding where averages of frames would show far more columns."""
        found = self._seen.hits
        what = "single frames are" if self._averaged == 1 else "averages of so few frames are"
        if len(self._series.images) < FEWEST_FRAMES or found.probability >= ENOUGH:
            return
        drift = self._drift or measure_drift(
            self._series.images, self._series.sampling, hidden_pixels(self._series)
        )
        least = 2 * self._averaged
        needed = frames_needed(self._finder, self._series, drift.shifts, least)
        error = np.sqrt(found.probability * (1 - found.probability) / max(needed.there, 1))
        if needed.probability < found.probability + max(GAIN, CHANCE * error):
            return
        self.needed = needed
        yield Finding(
            "few columns",
            "warning",
            f"{what} too noisy; set images.average to {needed.number} (or auto), which "
            "averages frames before columns are found",
            f"a column that is there is found in {found.probability:.0%} of the frames, and in "
            f"{needed.probability:.0%} of averages of {needed.number}",
        )
