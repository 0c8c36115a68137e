"""The mixed-scale dense network."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from temnet.config.learning import MSDNetSettings
from temnet.models.blocks import layer_seed, logits


def build_msdnet(
    settings: MSDNetSettings, focus_count: int, class_count: int, seed: int, dtype: str
) -> keras.Model:
    """A mixed-scale dense network: Pelt & Sethian, PNAS 115, 254 (2018).

    Args:
        settings: The network's settings.
        focus_count: Number of focal images.
        class_count: Number of classes, the background included.
        seed: The experiment's seed.
        dtype: Keras policy of all layers but the last.

    Returns:
        A model from (batch, row, col, focus) to float32 logits (batch, row, col, class); with
        reflecting borders row and col must be more than the largest dilation.
    """
    inputs = keras.Input((None, None, focus_count), name="images")
    maps = MixedScaleDense(
        settings.depth,
        settings.width,
        settings.max_dilation,
        settings.padding,
        output_count=class_count,
        seed=layer_seed(seed, "mixed_scale"),
        dtype=dtype,
        name="mixed_scale",
    )(inputs)
    outputs = logits(maps, class_count, seed=seed, zero=True)
    return keras.Model(inputs, outputs, name="msdnet")


def dilation(layer: int, channel: int, width: int, max_dilation: int) -> int:
    """Dilation of a channel of a layer, both counted from 0.

    >>> [dilation(layer, 0, 1, 10) for layer in (0, 1, 9, 10)]
    [1, 2, 10, 1]
    """
    return (layer * width + channel) % max_dilation + 1


@keras.saving.register_keras_serializable(package="temnet")
class MixedScaleDense(keras.layers.Layer):
    """Layers that each see all maps before them, the inputs included.

    Channel j of layer i is ReLU(bias + sum over all earlier maps of a 3 x 3 convolution with
    dilation ((i w + j) mod m) + 1).  Weights start from a normal distribution with variance
    2 / (9 (inputs + w (depth - 1)) + outputs), biases from zero.

    Every map is padded once, by the largest dilation, when it is made; the convolutions take the
    padded maps as they are and their results are cut, which spares a padded copy of all maps per
    layer.  The maps are joined once per ``max_dilation`` channels and not once per layer; a
    convolution over all maps is the sum of one over the joined maps and one over the newest.
    """

    def __init__(
        self,
        depth: int,
        width: int,
        max_dilation: int,
        padding: str,
        output_count: int,
        seed: int,
        **kwargs: Any,
    ) -> None:
        """Settings as in `MSDNetSettings`; ``output_count`` and ``seed`` for the first weights."""
        super().__init__(**kwargs)
        self.depth = depth
        self.width = width
        self.max_dilation = max_dilation
        self.padding = padding
        self.output_count = output_count
        self.seed = seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """One kernel (3, 3, earlier maps, width) and one bias (width,) per layer."""
        inputs = input_shape[-1]
        fan = 9 * (inputs + self.width * (self.depth - 1)) + self.output_count
        spread = float(np.sqrt(2 / fan))
        self.kernels, self.biases = [], []
        for layer in range(self.depth):
            initializer = keras.initializers.RandomNormal(
                stddev=spread, seed=layer_seed(self.seed, str(layer))
            )
            shape = (3, 3, inputs + layer * self.width, self.width)
            self.kernels.append(self.add_weight(shape, initializer, name=f"kernel_{layer}"))
            self.biases.append(self.add_weight((self.width,), "zeros", name=f"bias_{layer}"))

    def call(self, inputs: Any) -> Any:
        """(batch, row, col, inputs) to (batch, row, col, inputs + depth * width)."""
        outputs, joined, recent = [inputs], self._pad(inputs), []
        for layer, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            parts = [joined]
            if recent:
                parts.append(ops.concatenate(recent, axis=-1))
            outputs.append(ops.relu(self._convolve(parts, kernel, layer) + bias))
            recent.append(self._pad(outputs[-1]))
            if len(recent) * self.width >= self.max_dilation:
                joined, recent = ops.concatenate([joined, *recent], axis=-1), []
        return ops.concatenate(outputs, axis=-1)

    def _convolve(self, parts: list[Any], kernel: Any, layer: int) -> Any:
        """The sums over all earlier maps, which come in padded parts, of one layer."""
        channels = []
        for channel in range(self.width):
            step = dilation(layer, channel, self.width, self.max_dilation)
            total, first = 0, 0
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
        """The input's shape with ``depth * width`` more channels."""
        return (*input_shape[:-1], input_shape[-1] + self.depth * self.width)

    def get_config(self) -> dict[str, Any]:
        """What the layer is made again from."""
        names = ("depth", "width", "max_dilation", "padding", "output_count", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
