"""The mixed-scale dense network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import keras
import numpy as np
from keras import ops

from temnet.config.learning.models import MSDNetSettings
from temnet.models.blocks import layer_seed
from temnet.models.msdnet_kernels.plan import DensePlan


def build_msdnet(
    settings: MSDNetSettings, focus_count: int, class_count: int, seed: int, dtype: str
) -> keras.Model:
    """A mixed-scale dense network: Pelt & Sethian, PNAS 115, 254 (2018).

    Args:
        settings: The network's settings.
        focus_count: Number of focal images.
        class_count: Number of classes, the background included.
        seed: The experiment's seed.
        dtype: Keras policy; the last layer is float32 under any.

    Returns:
        A model from (batch, row, col, focus) to float32 logits (batch, row, col, class); with
        reflecting borders row and col must exceed the largest dilation.
    """
    inputs = keras.Input((None, None, focus_count), name="images")
    outputs = MixedScaleDense(
        class_count,
        settings.depth,
        settings.width,
        settings.max_dilation,
        settings.padding,
        precision=keras.dtype_policies.get(dtype).compute_dtype,
        seed=layer_seed(seed, "mixed_scale"),
        dtype="float32",
        name="mixed_scale",
    )(inputs)
    return keras.Model(inputs, outputs, name="msdnet")


_PLAIN = [False]


@contextmanager
def plain_graph() -> Iterator[None]:
    """A context in which networks use only Keras' own operations, as exporters need."""
    before = _PLAIN[0]
    _PLAIN[0] = True
    try:
        yield
    finally:
        _PLAIN[0] = before


def has_kernels() -> bool:
    """Whether the compiled kernels can be used: TensorFlow on a CPU, with Numba."""
    if keras.backend.backend() != "tensorflow" or find_spec("numba") is None:
        return False
    return not any("gpu" in name.lower() for name in keras.distribution.list_devices())


@keras.saving.register_keras_serializable(package="temnet")
class MixedScaleDense(keras.layers.Layer):
    """Layers whose input is all maps before them, and a 1 x 1 convolution over all maps.

    Weights start from a normal distribution with variance
    2 / (9 (inputs + width (depth - 1)) + outputs); biases and the last convolution from zero.
    The kernels of all layers are one vector (see `DensePlan`).

    On TensorFlow without a GPU the layer is computed by `msdnet_kernels.forward`, always in
    float32; elsewhere, and within `plain_graph`, by Keras' operations.  The results are the same.
    """

    def __init__(
        self,
        output_count: int,
        depth: int,
        width: int,
        max_dilation: int,
        padding: str,
        precision: str,
        seed: int,
        **kwargs: Any,
    ) -> None:
        """Settings as in `MSDNetSettings`.

        ``output_count`` is the number of output channels, ``precision`` the type in which Keras'
        operations compute the maps; the output is float32.
        """
        super().__init__(**kwargs)
        self.output_count = output_count
        self.depth = depth
        self.width = width
        self.max_dilation = max_dilation
        self.padding = padding
        self.precision = precision
        self.seed = seed
        self.supports_jit = not has_kernels()

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """The kernels, the biases, and kernel and bias of the last convolution."""
        self.plan = DensePlan(
            inputs=int(input_shape[-1]),
            outputs=self.output_count,
            depth=self.depth,
            width=self.width,
            max_dilation=self.max_dilation,
            reflect=self.padding == "reflect",
        )
        fan = 9 * self.plan.before(self.depth - 1) + self.output_count
        initializer = keras.initializers.RandomNormal(
            stddev=float(np.sqrt(2 / fan)), seed=self.seed
        )
        self.kernels = self.add_weight((self.plan.kernel_size,), initializer, name="kernels")
        self.biases = self.add_weight((self.depth * self.width,), "zeros", name="bias")
        shape = (self.plan.maps, self.output_count)
        self.output_kernel = self.add_weight(shape, "zeros", name="output_kernel")
        self.output_bias = self.add_weight((self.output_count,), "zeros", name="output_bias")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """(batch, row, col, inputs) to float32 logits (batch, row, col, outputs)."""
        if _PLAIN[0] or not has_kernels():
            return self._plain(ops.cast(inputs, self.precision))
        from temnet.models.msdnet_kernels.tensorflow_operation import (
            mixed_scale,
            on_several_devices,
        )

        if on_several_devices():
            return self._plain(ops.cast(inputs, self.precision))
        weights = self.kernels, self.biases, self.output_kernel, self.output_bias
        values = [ops.convert_to_tensor(weight) for weight in weights]
        return mixed_scale(self.plan, ops.cast(inputs, "float32"), *values, training=bool(training))

    def _plain(self, inputs: Any) -> Any:
        """The logits by Keras' operations.

        Every map is padded once, by the largest dilation; convolutions use the padded maps, and
        their results are cropped.  Maps are joined once per group.
        """
        kernels, biases = (ops.cast(v, self.precision) for v in (self.kernels, self.biases))
        maps, joined, recent = [inputs], self._pad(inputs), list[Any]()
        for layer in range(self.depth):
            first, last = self.plan.offsets[layer : layer + 2]
            shape = (3, 3, self.plan.before(layer), self.width)
            kernel = ops.reshape(kernels[int(first) : int(last)], shape)
            bias = biases[layer * self.width : (layer + 1) * self.width]
            parts = [joined, ops.concatenate(recent, axis=-1)] if recent else [joined]
            maps.append(ops.relu(self._convolve(parts, kernel, layer) + bias))
            recent.append(self._pad(maps[-1]))
            if len(recent) * self.width >= self.max_dilation:
                joined, recent = ops.concatenate([joined, *recent], axis=-1), []
        every = ops.cast(ops.concatenate(maps, axis=-1), "float32")
        return ops.matmul(every, self.output_kernel) + self.output_bias

    def _convolve(self, parts: list[Any], kernel: Any, layer: int) -> Any:
        """The convolutions of one layer, summed over the padded parts of all earlier maps."""
        channels = []
        for channel in range(self.width):
            step = self.plan.dilation(layer, channel)
            total: Any = 0
            first = 0
            for part in parts:
                last = first + part.shape[-1]
                weights = kernel[:, :, first:last, channel : channel + 1]
                total = total + ops.conv(part, weights, padding="valid", dilation_rate=step)
                first = last
            cut = self.max_dilation - step
            channels.append(total[:, cut:-cut, cut:-cut] if cut else total)
        return ops.concatenate(channels, axis=-1)

    def _pad(self, maps: Any) -> Any:
        border = (self.max_dilation, self.max_dilation)
        mode = "reflect" if self.padding == "reflect" else "constant"
        return ops.pad(maps, ((0, 0), border, border, (0, 0)), mode=mode)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape with ``output_count`` channels."""
        return (*input_shape[:-1], self.output_count)

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """The output's shape and type."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments of a layer that is built again."""
        names = ("output_count", "depth", "width", "max_dilation", "padding", "precision", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
