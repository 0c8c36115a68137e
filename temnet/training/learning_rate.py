"""Schedules of the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras

from temnet.config.learning.training import Training
from temnet.tables.csv_tables import read_table
from temnet.training.callbacks import Logs


def learning_rate(
    training: Training,
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate: a linear rise, then half a cosine down to a fraction, or constant.

    With the schedule `plateau` it is a number, which the callback `Plateau` lowers.

    Args:
        training: Settings of the schedule and the number of steps.
    """
    if training.schedule == "plateau":
        return training.learning_rate
    total = training.epochs * training.steps_per_epoch
    warmup = round(training.warmup_fraction * total)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=training.learning_rate / (warmup + 1),
        decay_steps=max(total - warmup, 1),
        alpha=training.final_learning_rate_fraction if training.schedule == "cosine" else 1.0,
        warmup_target=training.learning_rate,
        warmup_steps=warmup,
    )


def plateaus(scores: Sequence[float], epochs: int) -> int:
    """Number of times that ``epochs`` scores in a row stayed at or below the best one.

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

    The rate depends only on the scores in the log, so that a resumed training continues as if it
    had not been stopped.

    Args:
        log: The file of `CsvLog`; that callback has to come before this one.
        rate: The first learning rate.
        factor: Multiplies the rate at each plateau.
        epochs: Length of a plateau: epochs without growth.
        monitor: The score.
    """

    def __init__(
        self, log: str | Path, rate: float, factor: float, epochs: int, monitor: str = "peak_f1"
    ) -> None:
        super().__init__()
        self.log, self.rate, self.factor, self.epochs = Path(log), rate, factor, epochs
        self.monitor = monitor

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Sets the rate of the epoch."""
        rows = read_table(self.log) if self.log.exists() else []
        scores = [float(row[self.monitor]) for row in rows if row["epoch"] < epoch]
        self.model.optimizer.learning_rate = self.rate * self.factor ** plateaus(
            scores, self.epochs
        )
