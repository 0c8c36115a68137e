"""Peaks of maps of probabilities, with calibrated scores."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from temnet.inference.peaks import default_min_distance, find_peaks
from temnet.inference.score_calibration import ScoreCalibration
from temnet.models.network import Network
from temnet.records import Peaks


@dataclass(frozen=True)
class PeakFinder:
    """Settings of peak detection.

    Attributes:
        sampling: Pixel size of the maps [Å].
        threshold: Lowest calibrated score of a column.
        min_distance: Of peaks closer than this [Å] the one of higher score is kept.
        calibration: Calibration of the scores.
    """

    sampling: float
    threshold: float
    min_distance: float
    calibration: ScoreCalibration = ScoreCalibration()

    @classmethod
    def of(
        cls, network: Network, threshold: float | None = None, min_distance: float | None = None
    ) -> PeakFinder:
        """Settings for a network; threshold and distance are its own unless they are given."""
        card, width = network.card, network.labels.width
        return cls(
            sampling=network.sampling,
            threshold=card.threshold if threshold is None else threshold,
            min_distance=default_min_distance(width) if min_distance is None else min_distance,
            calibration=ScoreCalibration.of(card),
        )

    def with_threshold(self, threshold: float) -> PeakFinder:
        """The same settings with another threshold."""
        return replace(self, threshold=threshold)

    def uncalibrated(self) -> PeakFinder:
        """The same settings in uncalibrated scores."""
        lowest = self.calibration.before(self.threshold)
        return replace(self, threshold=lowest, calibration=ScoreCalibration())

    def find(self, probabilities: np.ndarray) -> Peaks:
        """The columns in one map (row, col, class + 1), the background last.

        Returns:
            Peaks of frame 0, by falling score; see `find_peaks`.
        """
        lowest = self.calibration.before(self.threshold)
        peaks = find_peaks(probabilities, self.sampling, lowest, self.min_distance)
        return self.calibration.peaks(peaks)
