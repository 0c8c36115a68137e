"""The ``tf.data`` pipeline: the only place, beside training's own, that needs TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from temnet.config.experiment import Experiment
from temnet.data.batches import Batch, ordered_batches, training_batches
from temnet.errors import InputError
from temnet.randomness import SPLITS

PREFETCH = 4
"""Batches that are ready before they are asked for."""


def make_dataset(
    experiment: Experiment,
    split: str = "training",
    folder: str | Path | None = None,
    start_epoch: int = 0,
) -> tf.data.Dataset:
    """Batches of (images, labels, weights) for ``model.fit``.

    Args:
        experiment: The settings; batches have `training.batch_size` examples.
        split: ``training`` comes without end, shuffled and turned; others once, in order.
        folder: A stored set; without one, examples are simulated as they are needed and a
            training image is never repeated.
        start_epoch: Epochs that were trained already; the order goes on after them.

    Returns:
        A dataset of float32 images (batch, row, col, focus), labels (batch, row, col, class)
        and weights (batch, row, col).

    Raises:
        InputError: The split does not exist.
    """
    if split not in SPLITS:
        raise InputError(f"There is no split {split!r}; the splits are {', '.join(SPLITS)}.")
    path = None if folder is None else Path(folder)

    def batches() -> Iterator[Batch]:
        if split == "training":
            return training_batches(experiment, path, start_epoch)
        return ordered_batches(experiment, split, path)

    rows, cols = experiment.data.shape
    channels = (experiment.focus_count,), (len(experiment.class_names) + 1,), ()
    signature = tuple(tf.TensorSpec((None, rows, cols, *extra), tf.float32) for extra in channels)
    return tf.data.Dataset.from_generator(batches, output_signature=signature).prefetch(PREFETCH)
