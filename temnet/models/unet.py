"""The U-Net."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from temnet.config.learning.models import UNetSettings
from temnet.models.blocks import (
    DoubleSize,
    SplitPixels,
    convolution,
    logits,
    plain_block,
    residual_block,
)
from temnet.models.parameters import SPLIT_CHANNELS, level_filters

BLOCKS = {False: plain_block, True: residual_block}
"""The block of each level, by whether the network is residual."""


def build_unet(
    settings: UNetSettings, focus_count: int, class_count: int, seed: int, dtype: str
) -> keras.Model:
    """A U-Net: Ronneberger et al., MICCAI 2015; with ``residual`` and additive skips the variant
    of Madsen et al., Adv. Theory Simul. 1, 1800037 (2018).

    Unlike both papers it upsamples by bilinear interpolation instead of a transposed convolution,
    whose uneven overlap leaves a grid of two pixels on the maps.  With a ``stem`` of two the first
    layer merges 2 x 2 pixels, and the last blocks are at half size: their maps are split into
    `SPLIT_CHANNELS` at full size (sub-pixel convolution: Shi et al., CVPR 2016), from which a 3 x 3
    convolution makes the logits.

    Args:
        settings: The network's settings.
        focus_count: Number of focal images.
        class_count: Number of classes, the background included.
        seed: The experiment's seed.
        dtype: Keras policy of all layers but the last.

    Returns:
        A model from (batch, row, col, focus) to float32 logits (batch, row, col, class); row and
        col must be multiples of ``settings.stem * 2**settings.depth``.
    """
    inputs = keras.Input((None, None, focus_count), name="images")
    merge = settings.stem
    maps = inputs
    if merge > 1:
        maps = convolution(
            maps, settings.filters, merge, "merge", seed=seed, dtype=dtype, strides=merge
        )
    maps, skips = _encoder(maps, settings, seed, dtype)
    maps = _decoder(maps, skips, settings, seed, dtype)
    if merge > 1:
        channels = SPLIT_CHANNELS * merge**2
        maps = convolution(maps, channels, 1, "split_conv", seed=seed, dtype=dtype)
        maps = SplitPixels(merge, dtype=dtype, name="split")(maps)
        maps = keras.layers.ReLU(dtype=dtype, name="split_relu")(maps)
    outputs = logits(maps, class_count, seed=seed, size=1 if merge == 1 else 3)
    return keras.Model(inputs, outputs, name="unet")


def _block(settings: UNetSettings, seed: int, dtype: str) -> Callable[..., Any]:
    """The block of each level, from maps, number of channels and name to maps."""
    kind = BLOCKS[settings.residual]
    return partial(kind, seed=seed, dtype=dtype, batch_norm=settings.batch_norm)


def _encoder(maps: Any, settings: UNetSettings, seed: int, dtype: str) -> tuple[Any, list[Any]]:
    """The maps at the coarsest level and those of every level above, from the finest down."""
    block = _block(settings, seed, dtype)
    *upper, bottom = level_filters(settings)
    skips = []
    for level, filters in enumerate(upper):
        maps = block(maps, filters, f"encoder_{level}")
        skips.append(maps)
        maps = keras.layers.MaxPooling2D(2, dtype=dtype, name=f"encoder_{level}_pool")(maps)
    return block(maps, bottom, "bottom"), skips


def _decoder(maps: Any, skips: list[Any], settings: UNetSettings, seed: int, dtype: str) -> Any:
    """The maps at the finest level."""
    block = _block(settings, seed, dtype)
    join = keras.layers.Concatenate if settings.skip == "concatenate" else keras.layers.Add
    for level in reversed(range(settings.depth)):
        name, filters = f"decoder_{level}", level_filters(settings)[level]
        # A 1 x 1 convolution and the interpolation commute: before it, it costs a quarter.
        maps = convolution(maps, filters, 1, f"{name}_reduce", seed=seed, dtype=dtype)
        maps = DoubleSize(dtype=dtype, name=f"{name}_grow")(maps)
        maps = join(dtype=dtype, name=f"{name}_join")([skips[level], maps])
        maps = block(maps, filters, name)
    return maps
