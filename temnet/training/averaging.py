"""The optimizer's moving average of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Gives the model its averaged weights inside the block, and its own ones back afterwards.

    Both sets are copied, so that the model's own weights return bit for bit (Keras'
    `SwapEMAWeights` adds and subtracts them, which rounds).  Without an average, or before the
    first step, nothing changes.  The statistics of batch normalisation are already averages over
    steps and stay as they are.

    Args:
        model: A model, compiled or not, outside a training step.
    """
    pairs = _pairs(model)
    own = [_copy(variable) for variable, _ in pairs]
    for variable, average in pairs:
        # A copy, since JAX would share the average's array and delete it after a prediction.
        variable.assign(_copy(average))
    try:
        yield
    finally:
        for (variable, _), value in zip(pairs, own, strict=True):
            variable.assign(value)


def _copy(variable: keras.Variable) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(variable))


def _pairs(model: keras.Model) -> list[tuple]:
    """(variable, its average) of every trainable variable that has one."""
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of a LossScaleOptimizer
    if optimizer is None or not getattr(optimizer, "use_ema", False) or not optimizer.built:
        return []
    if int(keras.ops.convert_to_numpy(optimizer.iterations)) == 0:
        return []
    averages = optimizer._model_variables_moving_average  # Keras has no public access to them
    pairs = zip(optimizer._trainable_variables, averages, strict=True)
    return [(variable, average) for variable, average in pairs if average is not None]
