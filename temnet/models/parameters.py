"""The number of weights of a network, without building it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temnet.config.learning.models import MSDNetSettings, UNetSettings
from temnet.models.msdnet_kernels.plan import DensePlan

SPLIT_CHANNELS = 8
"""Channels at full size of a U-Net that merges pixels."""


def level_filters(settings: UNetSettings) -> list[int]:
    """Number of channels at each level of a U-Net, from the finest down.

    >>> level_filters(UNetSettings(sampling=0.1, depth=4, filters=32, max_filters=256))
    [32, 64, 128, 256, 256]
    """
    return [
        min(settings.filters * 2**level, settings.max_filters)
        for level in range(settings.depth + 1)
    ]


def parameter_count(
    settings: UNetSettings | MSDNetSettings, focus_count: int, class_count: int
) -> int:
    """Number of weights of the network that `build_model` builds, the running means included.

    Args:
        settings: Settings of the network.
        focus_count: Number of focal images.
        class_count: Number of classes, the background included.
    """
    return COUNTS[settings.kind](settings, focus_count, class_count)


def _unet(settings: UNetSettings, focus_count: int, class_count: int) -> int:
    *upper, bottom = level_filters(settings)
    merge, total, channels = settings.stem, 0, focus_count
    if merge > 1:
        total += (channels * merge**2 + 1) * settings.filters
        channels = settings.filters
    for filters in upper:
        total += _block(settings, channels, filters)
        channels = filters
    total += _block(settings, channels, bottom)
    channels = bottom
    for filters in reversed(upper):
        joined = 2 * filters if settings.skip == "concatenate" else filters
        total += (channels + 1) * filters + _block(settings, joined, filters)
        channels = filters
    if merge == 1:
        return total + (channels + 1) * class_count
    total += (channels + 1) * SPLIT_CHANNELS * merge**2
    return total + (9 * SPLIT_CHANNELS + 1) * class_count


def _block(settings: UNetSettings, channels: int, filters: int) -> int:
    """Two units, each with a bias or with the four vectors of batch normalisation."""
    units = 9 * (channels + filters) * filters + 2 * filters * (4 if settings.batch_norm else 1)
    shortcut = settings.residual and channels != filters
    return units + (channels + 1) * filters * shortcut


def _msdnet(settings: MSDNetSettings, focus_count: int, class_count: int) -> int:
    reflect = settings.padding == "reflect"
    plan = DensePlan(
        focus_count, class_count, settings.depth, settings.width, settings.max_dilation, reflect
    )
    return plan.kernel_size + settings.depth * settings.width + (plan.maps + 1) * class_count


COUNTS: dict[str, Callable[[Any, int, int], int]] = {"unet": _unet, "msdnet": _msdnet}
"""The function that counts the weights of each kind of network."""
