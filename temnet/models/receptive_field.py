"""How far a network sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from temnet.models.blocks import DoubleSize
from temnet.models.msdnet import MixedScaleDense


def receptive_radius(model: keras.Model) -> float:
    """Farthest that an answer's pixel and an image's pixel that it depends on lie apart.

    Along rows or columns, and between the pixels' centres; on coarser levels those lie between
    the pixels of the image.

    Args:
        model: A functional model made of convolutions, maxima over pixels, `DoubleSize` and
            `MixedScaleDense`; all other layers are taken to work pixel by pixel.

    Returns:
        The distance [pixels].

    >>> images = keras.Input((None, None, 1))
    >>> receptive_radius(keras.Model(images, keras.layers.Conv2D(1, 5, padding="same")(images)))
    2.0
    """
    seen = {id(model.inputs[0]): (0.0, 1.0)}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        radius = max(seen[id(each)][0] for each in inputs)
        pixel = seen[id(inputs[0])][1]
        for kind, rule in RULES.items():
            if isinstance(layer, kind):
                added, pixel = rule(layer, pixel)
                radius += added
        seen[id(layer.output)] = radius, pixel
    return seen[id(model.outputs[0])][0]


def _convolution(layer: keras.layers.Conv2D, pixel: float) -> tuple[float, float]:
    reach = max(
        step * (size - 1) / 2
        for step, size in zip(layer.dilation_rate, layer.kernel_size, strict=True)
    )
    return reach * pixel, pixel * layer.strides[0]


def _pooling(layer: keras.layers.MaxPooling2D, pixel: float) -> tuple[float, float]:
    return pixel * (layer.pool_size[0] - 1) / 2, pixel * layer.strides[0]


def _double(layer: DoubleSize, pixel: float) -> tuple[float, float]:
    # Of the two pixels that a value lies between, the farther one is three quarters away.
    return 0.75 * pixel, pixel / 2


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
    MixedScaleDense: _dense,
}
"""From a layer and the size of its input's pixels: what it adds, and the size after it."""
