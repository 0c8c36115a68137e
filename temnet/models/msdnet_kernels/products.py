"""Weights as matrices and matrix products, for both passes of a mixed-scale dense network."""

from __future__ import annotations

import numpy as np

from temnet.models.msdnet_kernels.plan import DensePlan
from temnet.models.msdnet_kernels.thread_teams import Member

CHUNK = 8192
"""Pixels of a matrix product at a time, so that a temporary result stays in the cache."""


def bordered(plan: DensePlan, rows: int, cols: int) -> tuple[int, int, int]:
    """Shape of all maps of an image with their borders."""
    return plan.maps, rows + 2 * plan.max_dilation, cols + 2 * plan.max_dilation


def group_weights(plan: DensePlan, kernels: np.ndarray, group: range) -> np.ndarray:
    """(9 x channels, maps) weights of a group's channels for all maps before the group."""
    before = plan.before(group[0])
    parts = [plan.kernel(kernels, layer)[:, :before].transpose(2, 0, 1) for layer in group]
    return np.ascontiguousarray(np.concatenate(parts).reshape(-1, before))


def flat(maps: np.ndarray) -> np.ndarray:
    """(map, row, col) as (map, pixel)."""
    return maps.reshape(len(maps), -1)


def chunks(member: Member, pixels: int) -> list[slice]:
    """A member's share of all pixels, in pieces."""
    start, stop = member.share(pixels)
    return [slice(first, min(first + CHUNK, stop)) for first in range(start, stop, CHUNK)]


def multiply(weights: np.ndarray, maps: np.ndarray, out: np.ndarray, member: Member) -> None:
    """Weighted sums of maps, (channel, row, col)."""
    source, target = flat(maps), flat(out)
    for part in chunks(member, source.shape[1]):
        np.matmul(weights, source[:, part], out=target[:, part])
