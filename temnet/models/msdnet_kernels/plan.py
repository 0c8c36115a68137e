"""Shape of a mixed-scale dense network, and groups of layers that are computed together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

GROUP_CHANNELS = 10
"""Approximate number of channels that are computed together."""


@dataclass(frozen=True)
class DensePlan:
    """The shape of a mixed-scale dense network: Pelt & Sethian, PNAS 115, 254 (2018).

    Channel ``j`` of layer ``i`` is ReLU(bias + the sum over all maps before the layer of 3 x 3
    convolutions of dilation ``((i width + j) mod max_dilation) + 1``).

    All kernels lie in one vector, layer after layer, each as (3, 3, maps before, width).

    Attributes:
        inputs: Channels of the images.
        outputs: Output channels.
        depth: Number of layers.
        width: Channels of a layer.
        max_dilation: Dilations run from 1 to this and start again.
        reflect: Whether values beyond the border are reflected instead of zero.
    """

    inputs: int
    outputs: int
    depth: int
    width: int
    max_dilation: int
    reflect: bool

    @property
    def maps(self) -> int:
        """All maps, the images included."""
        return self.inputs + self.depth * self.width

    def before(self, layer: int) -> int:
        """Maps before a layer."""
        return self.inputs + layer * self.width

    def dilation(self, layer: int, channel: int) -> int:
        """Dilation of a channel of a layer, both counted from 0.

        >>> plan = DensePlan(3, 4, 100, 1, 10, True)
        >>> [plan.dilation(layer, 0) for layer in (0, 1, 9, 10)]
        [1, 2, 10, 1]
        """
        return (layer * self.width + channel) % self.max_dilation + 1

    @cached_property
    def offsets(self) -> np.ndarray:
        """(depth + 1,) start of each layer's kernel in the vector, and the vector's end."""
        sizes = [9 * self.before(layer) * self.width for layer in range(self.depth)]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    @property
    def kernel_size(self) -> int:
        """Number of weights in all kernels.

        >>> DensePlan(3, 4, 100, 1, 10, True).kernel_size
        47250
        """
        return int(self.offsets[-1])

    def kernel(self, kernels: np.ndarray, layer: int) -> np.ndarray:
        """(9, maps before, width) view of a layer's kernel."""
        part = kernels[self.offsets[layer] : self.offsets[layer + 1]]
        return part.reshape(9, self.before(layer), self.width)

    @cached_property
    def groups(self) -> list[range]:
        """Layers that are computed together."""
        size = max(GROUP_CHANNELS // self.width, 1)
        return [range(first, min(first + size, self.depth)) for first in range(0, self.depth, size)]

    @property
    def largest_group(self) -> int:
        """Channels of the largest group."""
        return max(len(group) for group in self.groups) * self.width
