"""Channels of the U-Net's levels."""

from __future__ import annotations

from temnet.config.learning.models import UNetSettings

SPLIT_CHANNELS = 8
"""Channels at full size of a U-Net that merges pixels."""


def level_filters(settings: UNetSettings) -> list[int]:
    """Number of channels at each level, from the finest down.

    >>> level_filters(UNetSettings(sampling=0.1, depth=4, filters=32, max_filters=256))
    [32, 64, 128, 256, 256]
    """
    return [
        min(settings.filters * 2**level, settings.max_filters)
        for level in range(settings.depth + 1)
    ]
