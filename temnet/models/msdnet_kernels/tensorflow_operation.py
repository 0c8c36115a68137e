"""`forward` and `backward` as a TensorFlow function with a gradient."""

from __future__ import annotations

from functools import partial
from itertools import count
from threading import Lock
from typing import Any

import numpy as np
import tensorflow as tf

from temnet.models.msdnet_kernels.backward import Gradients, backward
from temnet.models.msdnet_kernels.forward import forward
from temnet.models.msdnet_kernels.plan import DensePlan


class _Kept:
    """The maps of the last forward pass, for its backward pass.

    Only one pass is kept, and the next one reuses its arrays: a training step has a single pass
    each way.  The maps of an earlier pass are computed again.
    """

    def __init__(self) -> None:
        self._lock, self._numbers = Lock(), count(1)
        self._number, self._maps = 0, list[np.ndarray]()

    def take(self) -> list[np.ndarray]:
        """The arrays, for reuse."""
        with self._lock:
            self._number, maps, self._maps = 0, self._maps, []
            return maps

    def give(self, maps: list[np.ndarray]) -> int:
        """Keeps the maps and returns the number of the pass."""
        with self._lock:
            self._number, self._maps = next(self._numbers), maps
            return self._number

    def find(self, number: int) -> list[np.ndarray] | None:
        """The maps of a pass, if they are still kept."""
        with self._lock:
            return self._maps if number == self._number else None


KEPT = _Kept()


def on_several_devices() -> bool:
    """Whether TensorFlow splits batches over devices, which these functions do not support."""
    return bool(tf.distribute.get_strategy().num_replicas_in_sync > 1)


def mixed_scale(
    plan: DensePlan,
    images: Any,
    kernels: Any,
    biases: Any,
    output_kernel: Any,
    output_bias: Any,
    *,
    training: bool,
) -> Any:
    """The output of a mixed-scale dense network, computed by `forward`.

    Args:
        plan: The network's shape.
        images: (batch, row, col, inputs) float32 tensor.
        kernels: (plan.kernel_size,) float32 tensor.
        biases: (depth * width,) float32 tensor.
        output_kernel: (maps, outputs) float32 tensor.
        output_bias: (outputs,) float32 tensor.
        training: Whether a backward pass follows, for which the maps are kept.

    Returns:
        (batch, row, col, outputs) float32 tensor.
    """

    @tf.custom_gradient
    def network(*arguments: Any) -> Any:
        output, number = tf.numpy_function(
            partial(_forward, plan, training), arguments, (tf.float32, tf.int64)
        )
        output.set_shape((*arguments[0].shape[:3], plan.outputs))

        def gradient(by_output: Any) -> list[Any]:
            found = tf.numpy_function(
                partial(_backward, plan), (number, by_output, *arguments), (tf.float32,) * 5
            )
            for part, argument in zip(found, arguments, strict=True):
                part.set_shape(argument.shape)
            return list(found)

        return output, gradient

    arrays = (images, kernels, biases, output_kernel, output_bias)
    return network(*(tf.convert_to_tensor(part) for part in arrays))


def _forward(plan: DensePlan, keep: bool, *arguments: np.ndarray) -> tuple[np.ndarray, np.int64]:
    if not keep:
        return forward(plan, *arguments), np.int64(0)
    maps = KEPT.take()
    output = forward(plan, *arguments, keep=maps)
    return output, np.int64(KEPT.give(maps))


def _backward(
    plan: DensePlan, number: np.int64, by_output: np.ndarray, *arguments: np.ndarray
) -> Gradients:
    maps = KEPT.find(int(number))
    if maps is None:
        maps = []
        forward(plan, *arguments, keep=maps)
    _, kernels, _, output_kernel, _ = arguments
    return backward(plan, by_output, maps, kernels, output_kernel)
