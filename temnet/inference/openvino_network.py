"""Networks translated to OpenVINO.

Its layers are translated one by one, which keeps the graph small: Keras' exporter goes through
TensorFlow, and writes the interpolation of `DoubleSize` as slices and stacks of whole maps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import keras
import numpy as np

from temnet.inference.usage_data import no_usage_data
from temnet.models.blocks import BatchNorm, DoubleSize

with no_usage_data():
    import openvino
    from openvino import opset11 as opset

Precision = Literal["bf16", "f32"]

Runner = Callable[[np.ndarray], np.ndarray]


class Untranslatable(Exception):
    """The network has a layer that cannot be translated; the message names it."""


def translate(model: keras.Model) -> openvino.Model:
    """A network in OpenVINO's operations, with its present weights.

    Args:
        model: A functional model from (batch, row, col, focus) to logits.

    Returns:
        A model from (1, focus, row, col) to probabilities (1, class, row, col), of any size.

    Raises:
        Untranslatable: If a layer is not one of those that U-Nets are made of.
    """
    images = opset.parameter([1, model.input_shape[-1], -1, -1], np.float32, name="images")
    nodes = {id(model.inputs[0]): images}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        rule = RULES.get(type(layer))
        if rule is None:
            raise Untranslatable(f"the layer {layer.name} is a {type(layer).__name__}")
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        nodes[id(layer.output)] = rule(layer, [nodes[id(each)] for each in inputs])
    probabilities = opset.softmax(nodes[id(model.outputs[0])], axis=1)
    return openvino.Model([probabilities], [images], model.name)


def compile_network(model: openvino.Model, precision: Precision) -> Runner:
    """Compiles a translated network for this processor.

    Args:
        model: The network, from `translate`.
        precision: Precision of the computation; weights and results are float32.

    Returns:
        From images (row, col, focus) to probabilities (row, col, class), float32.
    """
    compiled = openvino.Core().compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,
            # Several processes would otherwise all be pinned to the same cores.
            "ENABLE_CPU_PINNING": False,
        },
    )
    request = compiled.create_infer_request()

    def run(images: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(np.moveaxis(images, -1, 0), np.float32)[None]
        request.infer({0: planes}, share_inputs=True)
        result = request.get_output_tensor(0).data[0]
        return np.moveaxis(result.copy(), 0, -1)  # the next result overwrites this memory

    return run


def _convolution(layer: keras.layers.Conv2D, inputs: list[Any]) -> Any:
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
    maps = opset.convolution(
        inputs[0], opset.constant(kernel), layer.strides, before, after, layer.dilation_rate
    )
    if layer.use_bias:
        maps = opset.add(maps, opset.constant(_weights(layer.bias)[None, :, None, None]))
    return _activated(layer, maps)


def _activated(layer: keras.layers.Layer, maps: Any) -> Any:
    name = keras.activations.serialize(layer.activation)
    if name not in ("linear", "relu"):
        raise Untranslatable(f"the layer {layer.name} has the activation {name}")
    return opset.relu(maps) if name == "relu" else maps


def _normalisation(layer: keras.layers.BatchNormalization, inputs: list[Any]) -> Any:
    mean, variance = _weights(layer.moving_mean), _weights(layer.moving_variance)
    scale = _weights(layer.gamma) if layer.scale else np.ones_like(mean)
    shift = _weights(layer.beta) if layer.center else np.zeros_like(mean)
    constants = [opset.constant(each) for each in (scale, shift, mean, variance)]
    return opset.batch_norm_inference(inputs[0], *constants, layer.epsilon)


def _pooling(layer: keras.layers.MaxPooling2D, inputs: list[Any]) -> Any:
    if layer.padding != "valid":
        raise Untranslatable(f"the layer {layer.name} pads")
    size = list(layer.pool_size)
    return openvino.opset1.max_pool(inputs[0], list(layer.strides), [0, 0], [0, 0], size)


def _relu(layer: keras.layers.ReLU, inputs: list[Any]) -> Any:
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        raise Untranslatable(f"the layer {layer.name} is no plain ReLU")
    return opset.relu(inputs[0])


def _join(layer: keras.layers.Concatenate, inputs: list[Any]) -> Any:
    if layer.axis not in (-1, 3):
        raise Untranslatable(f"the layer {layer.name} does not join channels")
    return opset.concat(inputs, axis=1)


def _sum(layer: keras.layers.Add, inputs: list[Any]) -> Any:
    total = inputs[0]
    for each in inputs[1:]:
        total = opset.add(total, each)
    return total


def _double(layer: DoubleSize, inputs: list[Any]) -> Any:
    return opset.interpolate(
        inputs[0],
        opset.constant(np.array([2, 2], np.float32)),
        mode="linear_onnx",
        shape_calculation_mode="scales",
        coordinate_transformation_mode="half_pixel",
        axes=opset.constant(np.array([2, 3], np.int64)),
    )


def _weights(variable: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(variable), np.float32)


RULES: dict[type, Callable[[Any, list[Any]], Any]] = {
    keras.layers.Conv2D: _convolution,
    keras.layers.BatchNormalization: _normalisation,
    BatchNorm: _normalisation,
    keras.layers.MaxPooling2D: _pooling,
    keras.layers.ReLU: _relu,
    keras.layers.Concatenate: _join,
    keras.layers.Add: _sum,
    DoubleSize: _double,
}
"""How each kind of layer is translated."""
