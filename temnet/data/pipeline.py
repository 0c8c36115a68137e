"""The ``tf.data`` pipeline, the only module of this package that needs TensorFlow."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from temnet.config.experiment import Experiment
from temnet.data.batch_settings import BatchSettings
from temnet.data.batches import batches
from temnet.data.prefetch import WaitClock, prefetched
from temnet.randomness import check_split


def make_dataset(
    experiment: Experiment,
    split: str = "training",
    folder: str | Path | None = None,
    start_epoch: int = 0,
    clock: WaitClock | None = None,
) -> tf.data.Dataset:
    """Batches of (images, labels, weights) for ``model.fit``.

    Args:
        experiment: The settings; batches have `training.batch_size` examples.
        split: ``training`` is endless, shuffled and augmented; others are one pass in order.
        folder: A stored set.  Without one, examples are simulated when needed, and a training
            image is never repeated.  With `data.source: fresh` and `data.image_epochs`, the
            folder of the renewed sets.
        start_epoch: Number of epochs already trained; the order continues after them.
        clock: Measures how long the reader waits for batches.

    Returns:
        A dataset of float32 images (batch, row, col, focus), labels (batch, row, col, class)
        and weights (batch, row, col).

    Raises:
        InputError: If the split does not exist or a section of the simulation is missing.
    """
    check_split(split)
    path = None if folder is None else Path(folder)
    settings = BatchSettings.of(experiment)
    rows, cols = settings.data.batch_shape(split)
    simulation = settings.simulation
    channels = (simulation.focus_count,), (len(simulation.labels.classes) + 1,), ()
    signature = tuple(tf.TensorSpec((None, rows, cols, *extra), tf.float32) for extra in channels)
    return tf.data.Dataset.from_generator(
        lambda: prefetched(lambda: batches(settings, split, path, start_epoch), clock),
        output_signature=signature,
    )
