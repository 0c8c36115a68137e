"""Scores as probabilities: of the peaks that score 0.8, eight in ten are columns.

A network is taught the heights of labels, and a peak is the highest of many pixels, so that what
it says itself is too much in noisy images.  Its card therefore keeps how the logits of its peaks
are stretched and moved, as in Platt's scaling (Advances in Large Margin Classifiers, 1999) for
whether there is a column, and in temperature scaling (Guo et al., ICML 2017, PMLR 70, 1321) for
its class.  Positions are those of the network's own maxima: stretched ones are flat at the top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from scipy.special import expit, logit, softmax

from temnet.errors import InputError
from temnet.records import Peaks

LEAST = 1e-7
"""What a probability is taken for at least, and one less it at most."""

ENTRY = "score_calibration"
"""Of a network's card."""


@dataclass(frozen=True)
class ScoreCalibration:
    """How the scores of a network are made probabilities.

    Attributes:
        slope: What the logarithm of the odds of a column is multiplied by.
        offset: What is then added to it.
        class_slope: What the logarithms of the classes' probabilities are multiplied by.
    """

    slope: float = 1.0
    offset: float = 0.0
    class_slope: float = 1.0

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> ScoreCalibration:
        """That of a network's card; without any, scores stay as they are.

        Raises:
            InputError: The card's entry is none that temnet has written.
        """
        values = card.get(ENTRY) or {}
        names = {field.name for field in fields(cls)}
        if not set(values) <= names or not all(np.isfinite(value) for value in values.values()):
            raise InputError(
                f"The network's card has the {ENTRY} {values}; expected numbers for "
                f"{', '.join(sorted(names))}. Copy the network's folder again."
            )
        return cls(**values)

    def entry(self) -> dict[str, dict[str, float]]:
        """For a network's card."""
        return {ENTRY: asdict(self)}

    def apply(self, score: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores and classes, calibrated.

        Args:
            score: (...,) what the network says of whether there is a column.
            classes: (..., class) what it says of each class, of the score in all.

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
