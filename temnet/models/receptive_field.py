"""The receptive field of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from temnet.models.blocks import DoubleSize, SplitPixels
from temnet.models.msdnet import MixedScaleDense


def receptive_radius(model: keras.Model) -> float:
    """The largest distance between an output pixel and an image pixel on which it depends.

    The distance is along rows or columns, between the centres of pixels; on coarser levels these
    lie between the pixels of the image.

    Args:
        model: A functional model of convolutions, max pooling, `DoubleSize`, `SplitPixels` and
            `MixedScaleDense`; all other layers are assumed to work pixel by pixel.

    Returns:
        The distance [pixels].

    >>> images = keras.Input((None, None, 1))
    >>> receptive_radius(keras.Model(images, keras.layers.Conv2D(1, 5, padding="same")(images)))
    2.0
    """
    reached = {id(model.inputs[0]): (0.0, 1.0)}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        radius = max(reached[id(each)][0] for each in inputs)
        pixel = reached[id(inputs[0])][1]
        for kind, rule in RULES.items():
            if isinstance(layer, kind):
                added, pixel = rule(layer, pixel)
                radius += added
        reached[id(layer.output)] = radius, pixel
    return reached[id(model.outputs[0])][0]


def _convolution(layer: keras.layers.Conv2D, pixel: float) -> tuple[float, float]:
    reach = max(
        step * (size - 1) / 2
        for step, size in zip(layer.dilation_rate, layer.kernel_size, strict=True)
    )
    return reach * pixel, pixel * layer.strides[0]


def _pooling(layer: keras.layers.MaxPooling2D, pixel: float) -> tuple[float, float]:
    return pixel * (layer.pool_size[0] - 1) / 2, pixel * layer.strides[0]


def _double(layer: DoubleSize, pixel: float) -> tuple[float, float]:
    # The farther of the two neighbouring pixels is three quarters of a pixel away.
    return 0.75 * pixel, pixel / 2


def _split(layer: SplitPixels, pixel: float) -> tuple[float, float]:
    # The centres of the new pixels lie off that of the old one.
    return pixel * (0.5 - 0.5 / layer.factor), pixel / layer.factor


def _dense(layer: MixedScaleDense, pixel: float) -> tuple[float, float]:
    plan = layer.plan
    steps = [
        max(plan.dilation(number, channel) for channel in range(plan.width))
        for number in range(plan.depth)
    ]
    return pixel * sum(steps), pixel


RULES: dict[type, Callable[[Any, float], tuple[float, float]]] = {
    keras.layers.Conv2D: _convolution,
    keras.layers.MaxPooling2D: _pooling,
    DoubleSize: _double,
    SplitPixels: _split,
    MixedScaleDense: _dense,
}
"""For each layer: from it and its input's pixel size to the added radius and the output's pixel
size."""
