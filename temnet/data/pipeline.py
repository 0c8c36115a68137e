"""The ``tf.data`` pipeline: the only place, beside training's own, that needs TensorFlow."""

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
        split: ``training`` comes without end, shuffled and augmented; others once, in order.
        folder: A stored set; without one, examples are simulated as they are needed and a
            training image is never repeated.  With `data.source: fresh` and
            `data.image_epochs`, where the sets that are renewed are kept.
        start_epoch: Epochs that were trained already; the order goes on after them.
        clock: Told how long the reader waits for batches.

    Returns:
        A dataset of float32 images (batch, row, col, focus), labels (batch, row, col, class)
        and weights (batch, row, col).

    Raises:
        InputError: The split does not exist.
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
