"""Cost of a training, from its log or from its settings."""

from __future__ import annotations

import math
from collections.abc import Sequence

from temnet.config.card import Cost
from temnet.config.learning.data import Data
from temnet.config.learning.training import Training
from temnet.reporting.page import UNKNOWN
from temnet.reporting.run_results import counted


def training_cost(data: Data, training: Training, seconds: Sequence[float]) -> Cost:
    """The cost of a finished training, without that of the network it started from.

    Args:
        data: Settings of the images.
        training: Settings of the training.
        seconds: (epoch,) time of each epoch [s]; NaN where it was not measured.
    """
    timed = round(sum(seconds), 1) if all(map(math.isfinite, seconds)) else None
    return _cost(data, training, len(seconds), timed)


def planned_cost(data: Data, training: Training) -> Cost | None:
    """The cost that follows from the settings alone; None if training may have ended early."""
    if training.early_stopping is not None or training.start_from is not None:
        return None
    return _cost(data, training, training.epochs, None)


def _cost(data: Data, training: Training, epochs: int, seconds: float | None) -> Cost:
    size = training.epoch_size
    fresh = -(-epochs // data.image_epochs) * size
    images = fresh if data.source == "fresh" else data.training
    return Cost(
        epochs=epochs,
        images_per_epoch=size,
        images_seen=epochs * size,
        training_images=images,
        specimens=-(-images // data.exit_wave_reuse),
        seconds=seconds,
    )


def cost_sentence(cost: Cost | None, network: str = "") -> str:
    """Images and time of the training of a network of that name."""
    if cost is None:
        return "The cost of its training is not recorded."
    text = (
        f"Trained on {counted(cost.training_images, 'image')} of "
        f"{counted(cost.specimens, 'specimen')} in {counted(cost.epochs, 'epoch')} of "
        f"{cost.images_per_epoch:,}: {cost.images_seen:,} images seen"
    )
    if cost.seconds is not None:
        text += f" in {hours(cost.seconds)}"
    if cost.start is None:
        return f"{text}."
    start = cost.start.network
    text += f"; it started from {'an earlier ' if start == network else ''}{start}"
    if cost.start.images_seen is None:
        return f"{text} (images seen not recorded)."
    return f"{text} ({cost.start.images_seen:,} images seen)."


def hours(seconds: float | None) -> str:
    """A time in hours, or in minutes where it is short.

    >>> hours(9000), hours(90), hours(None)
    ('2.5 hours', '1.5 minutes', '–')
    """
    if seconds is None:
        return UNKNOWN
    return f"{seconds / 3600:.1f} hours" if seconds >= 6000 else f"{seconds / 60:.1f} minutes"
