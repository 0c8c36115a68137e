"""Building blocks of the networks."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras

from temnet.randomness import generator

BATCH_NORM_MOMENTUM = 0.95
"""Memory of about 20 steps: a batch of images has many thousand pixels, so that one batch alone is
already precise, and a short memory follows the changing weights."""


def layer_seed(seed: int, name: str) -> int:
    """The seed of a layer's initialiser, a function of the experiment's seed and its name.

    >>> layer_seed(1, "logits") == layer_seed(1, "logits") != layer_seed(2, "logits")
    True
    """
    return int(generator(seed, f"model/{name}").integers(2**31))


def convolution(
    maps: Any,
    filters: int,
    size: int,
    name: str,
    *,
    seed: int,
    dtype: str,
    use_bias: bool = True,
    strides: int = 1,
) -> Any:
    """A convolution with zeros over the border and He-normal weights.

    With strides as large as the kernel nothing lies over the border.

    Args:
        maps: (batch, row, col, channel) symbolic tensor.
        filters: Number of output channels.
        size: Width of the kernel [pixels].
        name: Name of the layer.
        seed: The experiment's seed.
        dtype: Keras policy of the layer.
        use_bias: Whether a bias is added; with batch normalisation it has no effect.
        strides: Distance of the kernel's places [pixels]: 1, or its size.

    Returns:
        (batch, row / strides, col / strides, filters) symbolic tensor.
    """
    return keras.layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        use_bias=use_bias,
        kernel_initializer=keras.initializers.HeNormal(seed=layer_seed(seed, name)),
        dtype=dtype,
        name=name,
    )(maps)


def convolution_unit(
    maps: Any,
    filters: int,
    name: str,
    *,
    seed: int,
    dtype: str,
    batch_norm: bool,
    activation: bool = True,
) -> Any:
    """3 x 3 convolution, optional batch normalisation, optional ReLU.

    Arguments and shapes as in `convolution`.
    """
    maps = convolution(
        maps, filters, 3, f"{name}_conv", seed=seed, dtype=dtype, use_bias=not batch_norm
    )
    if batch_norm:
        maps = BatchNorm(momentum=BATCH_NORM_MOMENTUM, dtype=dtype, name=f"{name}_norm")(maps)
    if activation:
        maps = keras.layers.ReLU(dtype=dtype, name=f"{name}_relu")(maps)
    return maps


def plain_block(
    maps: Any, filters: int, name: str, *, seed: int, dtype: str, batch_norm: bool
) -> Any:
    """Two convolution units one after the other: Ronneberger et al., MICCAI 2015.

    Arguments and shapes as in `convolution`.
    """
    unit = partial(convolution_unit, seed=seed, dtype=dtype, batch_norm=batch_norm)
    return unit(unit(maps, filters, f"{name}_1"), filters, f"{name}_2")


def residual_block(
    maps: Any, filters: int, name: str, *, seed: int, dtype: str, batch_norm: bool
) -> Any:
    """Two convolution units whose result is added to the input: He et al., CVPR 2016.

    An input with another number of channels passes a 1 x 1 convolution first.  Arguments and
    shapes as in `convolution`.
    """
    unit = partial(convolution_unit, seed=seed, dtype=dtype, batch_norm=batch_norm)
    shortcut = maps
    if maps.shape[-1] != filters:
        shortcut = convolution(maps, filters, 1, f"{name}_shortcut", seed=seed, dtype=dtype)
    maps = unit(maps, filters, f"{name}_1")
    maps = unit(maps, filters, f"{name}_2", activation=False)
    maps = keras.layers.Add(dtype=dtype, name=f"{name}_sum")([shortcut, maps])
    return keras.layers.ReLU(dtype=dtype, name=f"{name}_relu")(maps)


@keras.saving.register_keras_serializable(package="temnet")
class BatchNorm(keras.layers.BatchNormalization):
    """Keras' batch normalisation over the last axis, on TensorFlow as one operation."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """As `keras.layers.BatchNormalization`."""
        if not (training and self.trainable) or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        from temnet.models.unet_tensorflow import normalized_batch

        maps, mean, variance = normalized_batch(inputs, self.gamma, self.beta, self.epsilon)
        for average, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + new * (1 - self.momentum))
        return maps


@keras.saving.register_keras_serializable(package="temnet")
class DoubleSize(keras.layers.Layer):
    """Bilinear interpolation to twice the rows and columns, as in `UpSampling2D`.

    On TensorFlow, Keras' own layer cannot be traced for images of unknown size, which is needed for
    a network that gets images of several sizes.
    """

    def call(self, maps: Any) -> Any:
        """(batch, row, col, channel) to (batch, 2 row, 2 col, channel)."""
        if keras.backend.backend() == "tensorflow":
            from temnet.models.unet_tensorflow import doubled

            return doubled(maps)
        return _doubled(_doubled(maps, axis=1), axis=2)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape after interpolation; None stays None."""
        batch, rows, cols, channels = input_shape
        return batch, rows and 2 * rows, cols and 2 * cols, channels


def _doubled(maps: Any, axis: int) -> Any:
    """Twice the pixels along an axis, at a quarter and three quarters of the old ones."""
    ops = keras.ops
    first, last = (slice(0, 1), slice(-1, None))
    before, after = slice(0, -1), slice(1, None)
    at = (slice(None),) * axis
    left = ops.concatenate([maps[(*at, first)], maps[(*at, before)]], axis=axis)
    right = ops.concatenate([maps[(*at, after)], maps[(*at, last)]], axis=axis)
    pairs = ops.stack([0.75 * maps + 0.25 * left, 0.75 * maps + 0.25 * right], axis=axis + 1)
    shape = list(ops.shape(maps))
    shape[axis] = 2 * shape[axis]
    return ops.reshape(pairs, shape)


@keras.saving.register_keras_serializable(package="temnet")
class SplitPixels(keras.layers.Layer):
    """Splits each pixel into ``factor`` x ``factor``, among which its channels are shared out.

    Channels are in the order (row, col, channel) of the new pixels, as in TensorFlow's
    ``depth_to_space``.
    """

    def __init__(self, factor: int, **arguments: Any) -> None:
        """Takes the number of new pixels along each axis; other arguments are Keras'."""
        super().__init__(**arguments)
        self.factor = factor

    def call(self, maps: Any) -> Any:
        """(batch, row, col, channel) to (batch, factor row, factor col, channel / factor²)."""
        ops, factor = keras.ops, self.factor
        batch, rows, cols, channels = ops.shape(maps)
        new = maps.shape[-1] // factor**2
        parts = ops.reshape(maps, (batch, rows, cols, factor, factor, new))
        parts = ops.transpose(parts, (0, 1, 3, 2, 4, 5))
        return ops.reshape(parts, (batch, factor * rows, factor * cols, new))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape after splitting; None stays None."""
        batch, rows, cols, channels = input_shape
        factor = self.factor
        return batch, rows and factor * rows, cols and factor * cols, channels // factor**2

    def get_config(self) -> dict[str, Any]:
        """Keras' settings of the layer."""
        return {**super().get_config(), "factor": self.factor}


def logits(maps: Any, class_count: int, *, seed: int, zero: bool = False, size: int = 1) -> Any:
    """The last layer: a convolution, in float32 under any policy.

    Args:
        maps: (batch, row, col, channel) symbolic tensor.
        class_count: Number of classes, the background included.
        seed: The experiment's seed.
        zero: Start from zero weights instead of Glorot's.
        size: Width of the kernel [pixels].

    Returns:
        (batch, row, col, class_count) float32 symbolic tensor.
    """
    initializer = (
        keras.initializers.Zeros()
        if zero
        else keras.initializers.GlorotUniform(seed=layer_seed(seed, "logits"))
    )
    return keras.layers.Conv2D(
        class_count,
        size,
        padding="same",
        kernel_initializer=initializer,
        dtype="float32",
        name="logits",
    )(maps)
