"""What the training of a network has cost, as its card tells it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from temnet.config.experiment import Experiment
from temnet.csv_tables import Row
from temnet.reporting.page import UNKNOWN
from temnet.reporting.run_results import counted

Cost = dict[str, Any]


def training_cost(experiment: Experiment, log: Sequence[Row]) -> Cost:
    """The block ``cost`` of a card, but for what the network began with.

    Args:
        experiment: The settings of the training.
        log: Rows of log.csv, one for each epoch that was run.

    Returns:
        ``epochs``, ``images_per_epoch``, ``presentations`` (their product), ``training_images``,
        ``specimens`` and, where every epoch was timed, ``seconds``.
    """
    times = [float(row.get("seconds", math.nan)) for row in log]
    timed = {"seconds": round(sum(times), 1)} if all(map(math.isfinite, times)) else {}
    return {**_counts(experiment, len(log)), **timed}


def planned_cost(experiment: Experiment) -> Cost:
    """What the settings alone tell; nothing where training may have ended early."""
    training = experiment.training
    if training.early_stopping is not None or training.start_from is not None:
        return {}
    return _counts(experiment, training.epochs)


def _counts(experiment: Experiment, epochs: int) -> Cost:
    data, size = experiment.data, experiment.training.epoch_size
    fresh = -(-epochs // data.image_epochs) * size
    images = fresh if data.source == "fresh" else data.training
    return {
        "epochs": epochs,
        "images_per_epoch": size,
        "presentations": epochs * size,
        "training_images": images,
        "specimens": -(-images // data.exit_wave_reuse),
    }


def total(cost: Mapping[str, Any], name: str) -> float | None:
    """Presentations or seconds, with those of the network that the training began with.

    Returns:
        None where a part of it is not known.

    >>> total({"seconds": 10, "start": {"seconds": 5}}, "seconds"), total({}, "seconds")
    (15, None)
    """
    own = cost.get(name)
    if own is None or "start" not in cost:
        return own
    before = cost["start"].get(name)
    return None if before is None else own + before


def cost_sentence(cost: Mapping[str, Any]) -> str:
    """What a network was taught on, and for how long."""
    if not cost:
        return "What its training has cost is not recorded."
    text = (
        f"Taught on {counted(cost['training_images'], 'image')} of "
        f"{counted(cost['specimens'], 'specimen')} in {counted(cost['epochs'], 'epoch')} of "
        f"{cost['images_per_epoch']:,}: {counted(cost['presentations'], 'presentation')}"
    )
    if "seconds" in cost:
        text += f" in {hours(cost['seconds'])}"
    if "start" not in cost:
        return f"{text}."
    start = cost["start"]
    if start.get("presentations") is None:
        return f"{text}, after those of {start['network']}, whose number is not recorded."
    return (
        f"{text}, after {counted(start['presentations'], 'presentation')} of {start['network']}, "
        "which it began with."
    )


def hours(seconds: float | None) -> str:
    """A time in hours, or in minutes where it is short.

    >>> hours(9000), hours(90), hours(None)
    ('2.5 hours', '1.5 minutes', '–')
    """
    if seconds is None:
        return UNKNOWN
    return f"{seconds / 3600:.1f} hours" if seconds >= 6000 else f"{seconds / 60:.1f} minutes"
