"""Training on several devices, by the engines that Keras' backends bring along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from temnet.config.experiment import Experiment
from temnet.errors import InputError


@contextmanager
def devices(experiment: Experiment) -> Iterator[int]:
    """Within it, a model that is made and trained uses the devices that the settings ask for.

    With `training.distribution: data_parallel` every device has all weights and a part of each
    batch: `tf.distribute.MirroredStrategy` on TensorFlow, Keras' own distribution on JAX.  On
    TensorFlow each device cuts the gradients of its own part (`training.clip_norm`).

    Args:
        experiment: The settings.

    Returns:
        A context that gives the number of devices.

    Raises:
        InputError: The batch cannot be shared out evenly, or the backend has no such engine.
    """
    if experiment.training.distribution == "none":
        yield 1
        return
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        names = [device.name for device in tf.config.list_logical_devices(kind)]
        _check(experiment, len(names))
        with tf.distribute.MirroredStrategy(names).scope():
            yield len(names)
    elif backend == "jax":
        names = keras.distribution.list_devices()
        _check(experiment, len(names))
        before = keras.distribution.distribution()
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=names))
        try:
            yield len(names)
        finally:
            keras.distribution.set_distribution(before)
    else:
        raise InputError(
            f"training.distribution: data_parallel needs Keras on TensorFlow or JAX; it runs on "
            f"{backend}."
        )


def _check(experiment: Experiment, count: int) -> None:
    size = experiment.training.batch_size
    if size % count:
        raise InputError(
            f"training.batch_size {size} cannot be shared out over {count} devices; set it to "
            f"{max(size // count, 1) * count} or {(size // count + 1) * count}."
        )
