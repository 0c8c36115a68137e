"""Scores as probabilities: of the peaks that score 0.8, eight in ten are columns.

A network is trained on the heights of labels, and a peak is the highest of many pixels, so that
its own scores are too high in noisy images.  Its card therefore keeps how the logits of its peaks
are stretched and moved, as in Platt's scaling (Advances in Large Margin Classifiers, 1999) for
whether there is a column, and in temperature scaling (Guo et al., ICML 2017, PMLR 70, 1321) for
its class.  Positions are those of the network's own maxima: stretched ones are flat at the top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit, softmax

from temnet.config.card import Card
from temnet.records import Peaks
from temnet.score_records import Calibration

LEAST = 1e-7
"""Probabilities are clipped to this, and to one less this."""


@dataclass(frozen=True)
class ScoreCalibration(Calibration):
    """The calibration of a network's scores, and how it is applied."""

    @classmethod
    def of(cls, card: Card) -> ScoreCalibration:
        """The calibration on a network's card; without one, scores stay as they are."""
        own = card.score_calibration
        return cls() if own is None else cls(own.slope, own.offset, own.class_slope)

    def apply(self, score: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores and classes, calibrated.

        Args:
            score: (...,) predicted probability of a column of any class.
            classes: (..., class) predicted probability of each class, with the score as their sum.

        Returns:
            The same as float64 probabilities.

        >>> one = ScoreCalibration(slope=2.0).apply(np.array([0.5, 0.8]), np.array([[0.5], [0.8]]))
        >>> one[0].round(3).tolist()
        [0.5, 0.941]
        """
        if self == ScoreCalibration():
            return np.asarray(score, float), np.asarray(classes, float)
        probability = expit(self.slope * logit(np.clip(score, LEAST, 1 - LEAST)) + self.offset)
        share = softmax(self.class_slope * np.log(np.maximum(classes, LEAST)), axis=-1)
        return probability, share * probability[..., None]

    def peaks(self, peaks: Peaks) -> Peaks:
        """Peaks with the network's own scores, calibrated."""
        score, classes = self.apply(peaks.score, peaks.probabilities)
        return replace(peaks, score=score, probabilities=classes)

    def before(self, probability: float) -> float:
        """The network's own score that becomes a probability.

        >>> round(ScoreCalibration(slope=2.0).before(0.941), 2)
        0.8
        """
        if self == ScoreCalibration():
            return probability
        kept = np.clip(probability, LEAST, 1 - LEAST)
        return float(expit((logit(kept) - self.offset) / self.slope))
