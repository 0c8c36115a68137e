"""Callbacks that look at how the score grows; a training that goes on decides as one in one go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from temnet.csv_tables import read_table
from temnet.training.callbacks import Checkpoint
from temnet.training.state import TrainingState


def plateaus(scores: Sequence[float], epochs: int) -> int:
    """How often in a row of scores none was higher than the best for ``epochs`` epochs.

    >>> plateaus([0.1, 0.3, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4], 2)
    3
    """
    best, since, count = -float("inf"), 0, 0
    for score in scores:
        since = 0 if score > best else since + 1
        best = max(best, score)
        if since == epochs:
            since, count = 0, count + 1
    return count


class Plateau(keras.callbacks.Callback):
    """Lowers the learning rate each time that a score has stopped growing.

    The rate follows from the scores in the log alone, those of earlier parts of a training
    included.

    Args:
        log: The file that `CsvLog` writes; that callback has to stand before this one.
        rate: The first learning rate.
        factor: What it is multiplied by at each plateau.
        epochs: Epochs without growth that are a plateau.
        monitor: The score.
    """

    def __init__(
        self, log: str | Path, rate: float, factor: float, epochs: int, monitor: str = "peak_f1"
    ) -> None:
        super().__init__()
        self.log, self.rate, self.factor, self.epochs = Path(log), rate, factor, epochs
        self.monitor = monitor

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets the rate of the epoch."""
        rows = read_table(self.log) if self.log.exists() else []
        scores = [float(row[self.monitor]) for row in rows if row["epoch"] < epoch]
        self.model.optimizer.learning_rate = self.rate * self.factor ** plateaus(
            scores, self.epochs
        )


def stalled(state: TrainingState, epochs: int | None) -> bool:
    """Whether the score of a training has not grown for ``epochs`` epochs."""
    if epochs is None or state.grown_epoch is None:
        return False
    return state.epochs - 1 - state.grown_epoch >= epochs


class EarlyStop(keras.callbacks.Callback):
    """Ends a training that has not become better for some epochs.

    Args:
        checkpoint: Knows which epoch was best; it has to stand before this one.
        epochs: How many epochs are waited.
    """

    def __init__(self, checkpoint: Checkpoint, epochs: int) -> None:
        super().__init__()
        self.checkpoint, self.epochs = checkpoint, epochs

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the checkpoint."""
        if stalled(self.checkpoint.state, self.epochs):
            self.model.stop_training = True
