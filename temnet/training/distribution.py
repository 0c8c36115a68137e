"""Training on several devices, by the distribution engines of Keras' backends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from temnet.config.learning.training import Training
from temnet.errors import InputError


@contextmanager
def devices(training: Training) -> Iterator[int]:
    """Distributes models that are built and trained inside the block over devices.

    With `training.distribution: data_parallel` every device has all weights and a part of each
    batch: `tf.distribute.MirroredStrategy` on TensorFlow, Keras' own distribution on JAX.  On
    TensorFlow each device clips the gradients of its own part (`training.clip_norm`).

    Args:
        training: Uses `distribution` and `batch_size`.

    Yields:
        The number of devices.

    Raises:
        InputError: If the batch cannot be divided evenly, or the backend has no such engine.
    """
    if training.distribution == "none":
        yield 1
        return
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        names = [device.name for device in tf.config.list_logical_devices(kind)]
        _check(training.batch_size, len(names))
        with tf.distribute.MirroredStrategy(names).scope():
            yield len(names)
    elif backend == "jax":
        names = keras.distribution.list_devices()
        _check(training.batch_size, len(names))
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


def _check(size: int, count: int) -> None:
    if size % count:
        raise InputError(
            f"training.batch_size {size} cannot be divided among {count} devices; set it to "
            f"{max(size // count, 1) * count} or {(size // count + 1) * count}."
        )
