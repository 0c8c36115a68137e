"""Networks written in the operations of another engine, layer by layer.

This keeps the graph small: Keras' exporters go through TensorFlow, and write the interpolation of
`DoubleSize` as slices and stacks of whole maps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import numpy as np

from temnet.inference.engines.engine import Untranslatable
from temnet.models.blocks import BatchNorm, DoubleSize, SplitPixels
from temnet.models.msdnet import MixedScaleDense

Pair = Sequence[int]
"""A number for the rows and one for the columns."""


class Operations(Protocol):
    """Operations of an engine on maps (batch, channel, row, col); each returns its new node."""

    def convolution(
        self, maps: Any, kernel: np.ndarray, strides: Pair, before: Pair, after: Pair, steps: Pair
    ) -> Any:
        """A convolution.

        Args:
            maps: The node of the input.
            kernel: (output, input, row, col) float32.
            strides: Strides.
            before: Zeros above and to the left.
            after: Zeros below and to the right.
            steps: Dilations.
        """

    def shifted(self, maps: Any, shift: np.ndarray) -> Any:
        """The maps plus a (channel,) float32 shift."""

    def normalised(
        self,
        maps: Any,
        scale: np.ndarray,
        shift: np.ndarray,
        mean: np.ndarray,
        variance: np.ndarray,
        epsilon: float,
    ) -> Any:
        """Scale (maps - mean) / sqrt(variance + epsilon) + shift; all are (channel,) float32."""

    def relu(self, maps: Any) -> Any:
        """The positive part."""

    def largest(self, maps: Any, size: Pair, strides: Pair) -> Any:
        """The largest value in each window; windows beyond the border are left out."""

    def joined(self, parts: list[Any]) -> Any:
        """The channels of several maps."""

    def sum(self, one: Any, other: Any) -> Any:
        """The sum of two maps of the same shape."""

    def doubled(self, maps: Any) -> Any:
        """Bilinear interpolation to twice the rows and columns; see `DoubleSize`."""

    def split(self, maps: Any, factor: int) -> Any:
        """Each pixel as factor x factor pixels, which share its channels; see `SplitPixels`."""

    def reflected(self, maps: Any, border: int) -> Any:
        """The maps with a border on all sides, reflected at the outermost pixels."""

    def cropped(self, maps: Any, border: int) -> Any:
        """The maps without a border on all sides."""


def translate_layers(model: keras.Model, operations: Operations, images: Any) -> Any:
    """Writes a network in an engine's operations, with its present weights.

    Args:
        model: A functional model from (batch, row, col, focus) to logits.
        operations: The operations of the engine.
        images: Node of the input (batch, focus, row, col).

    Returns:
        The node of the logits (batch, class, row, col).

    Raises:
        Untranslatable: If a layer is not one of those that temnet's networks are made of.
    """
    nodes = {id(model.inputs[0]): images}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        rule = RULES.get(type(layer))
        if rule is None:
            raise Untranslatable(f"the layer {layer.name} is a {type(layer).__name__}")
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        nodes[id(layer.output)] = rule(operations, layer, [nodes[id(each)] for each in inputs])
    return nodes[id(model.outputs[0])]


def _convolution(operations: Operations, layer: keras.layers.Conv2D, inputs: list[Any]) -> Any:
    if layer.groups != 1 or layer.data_format != "channels_last":
        raise Untranslatable(f"the layer {layer.name} has groups, or channels first")
    kernel = np.transpose(_weights(layer.kernel), (3, 2, 0, 1))
    sizes = zip(layer.dilation_rate, layer.kernel_size, strict=True)
    reach = [step * (size - 1) for step, size in sizes]
    same = layer.padding == "same"
    if layer.padding not in ("same", "valid") or (same and set(layer.strides) != {1}):
        raise Untranslatable(f"the layer {layer.name} has strides or an unknown padding")
    before = [each // 2 if same else 0 for each in reach]
    after = [each - each // 2 if same else 0 for each in reach]
    maps = operations.convolution(
        inputs[0], kernel, layer.strides, before, after, layer.dilation_rate
    )
    if layer.use_bias:
        maps = operations.shifted(maps, _weights(layer.bias))
    name = keras.activations.serialize(layer.activation)
    if name not in ("linear", "relu"):
        raise Untranslatable(f"the layer {layer.name} has the activation {name}")
    return operations.relu(maps) if name == "relu" else maps


def _normalisation(
    operations: Operations, layer: keras.layers.BatchNormalization, inputs: list[Any]
) -> Any:
    mean, variance = _weights(layer.moving_mean), _weights(layer.moving_variance)
    scale = _weights(layer.gamma) if layer.scale else np.ones_like(mean)
    shift = _weights(layer.beta) if layer.center else np.zeros_like(mean)
    return operations.normalised(inputs[0], scale, shift, mean, variance, layer.epsilon)


def _pooling(operations: Operations, layer: keras.layers.MaxPooling2D, inputs: list[Any]) -> Any:
    if layer.padding != "valid":
        raise Untranslatable(f"the layer {layer.name} pads")
    return operations.largest(inputs[0], layer.pool_size, layer.strides)


def _relu(operations: Operations, layer: keras.layers.ReLU, inputs: list[Any]) -> Any:
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        raise Untranslatable(f"the layer {layer.name} is no plain ReLU")
    return operations.relu(inputs[0])


def _join(operations: Operations, layer: keras.layers.Concatenate, inputs: list[Any]) -> Any:
    if layer.axis not in (-1, 3):
        raise Untranslatable(f"the layer {layer.name} does not join channels")
    return operations.joined(inputs)


def _sum(operations: Operations, layer: keras.layers.Add, inputs: list[Any]) -> Any:
    total = inputs[0]
    for each in inputs[1:]:
        total = operations.sum(total, each)
    return total


def _double(operations: Operations, layer: DoubleSize, inputs: list[Any]) -> Any:
    return operations.doubled(inputs[0])


def _split(operations: Operations, layer: SplitPixels, inputs: list[Any]) -> Any:
    return operations.split(inputs[0], layer.factor)


def _dense(operations: Operations, layer: MixedScaleDense, inputs: list[Any]) -> Any:
    """As the layer's own Keras operations: maps are padded once, and joined once per group."""
    plan, kernels, biases = layer.plan, _weights(layer.kernels), _weights(layer.biases)
    border = plan.max_dilation

    def padded(maps: Any) -> Any:
        return operations.reflected(maps, border) if plan.reflect else maps

    images = padded(inputs[0])
    old, old_count, recent, every = images, plan.inputs, list[Any](), [inputs[0]]
    for number in range(plan.depth):
        kernel = plan.kernel(kernels, number).reshape(3, 3, -1, plan.width).transpose(3, 2, 0, 1)
        parts = [(old, kernel[:, :old_count])]
        if recent:
            parts.append((_joined(operations, recent), kernel[:, old_count:]))
        channels = [
            _dilated(operations, parts, channel, plan.dilation(number, channel), border, plan)
            for channel in range(plan.width)
        ]
        own = slice(number * plan.width, (number + 1) * plan.width)
        maps = operations.shifted(_joined(operations, channels), biases[own])
        every.append(operations.relu(maps))
        recent.append(padded(every[-1]))
        if len(recent) * plan.width >= border:
            old, recent = operations.joined([old, *recent]), []
            old_count = plan.before(number + 1)
    kernel = _weights(layer.output_kernel).T[:, :, None, None]
    flat = (0, 0)
    maps = operations.convolution(operations.joined(every), kernel, (1, 1), flat, flat, (1, 1))
    return operations.shifted(maps, _weights(layer.output_bias))


def _dilated(
    operations: Operations,
    parts: list[tuple[Any, np.ndarray]],
    channel: int,
    step: int,
    border: int,
    plan: Any,
) -> Any:
    """One channel of an MSD-net's layer: the sum of its convolutions over parts of the maps."""
    zeros = (0, 0) if plan.reflect else (step, step)
    found = [
        operations.convolution(
            maps, kernel[channel : channel + 1], (1, 1), zeros, zeros, (step, step)
        )
        for maps, kernel in parts
    ]
    total = found[0] if len(found) == 1 else operations.sum(*found)
    cut = border - step if plan.reflect else 0
    return operations.cropped(total, cut) if cut else total


def _joined(operations: Operations, parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else operations.joined(parts)


def _weights(variable: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(variable), np.float32)


RULES: dict[type, Callable[[Operations, Any, list[Any]], Any]] = {
    keras.layers.Conv2D: _convolution,
    keras.layers.BatchNormalization: _normalisation,
    BatchNorm: _normalisation,
    keras.layers.MaxPooling2D: _pooling,
    keras.layers.ReLU: _relu,
    keras.layers.Concatenate: _join,
    keras.layers.Add: _sum,
    DoubleSize: _double,
    SplitPixels: _split,
    MixedScaleDense: _dense,
}
"""How each kind of layer is translated."""
