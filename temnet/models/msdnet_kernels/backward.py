"""Gradients of a mixed-scale dense network, group by group as in `forward`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from temnet.models.msdnet_kernels.loops import fold, inner_backward, spread_taps, through_relu
from temnet.models.msdnet_kernels.plan import DensePlan
from temnet.models.msdnet_kernels.products import (
    CHUNK,
    bordered,
    chunks,
    flat,
    group_weights,
    multiply,
)
from temnet.models.msdnet_kernels.thread_teams import Arrays, Member, run_teams

Gradients = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Gradients by the images, the kernels, the biases, the output's kernel and its bias."""


def backward(
    plan: DensePlan,
    gradient: np.ndarray,
    kept: Sequence[np.ndarray],
    kernels: np.ndarray,
    output_kernel: np.ndarray,
) -> Gradients:
    """Gradients of a loss by the arguments of `forward`.

    Args:
        plan: The network's shape.
        gradient: (batch, row, col, outputs) float32, gradient by the output.
        kept: The maps of each image that `forward` kept.
        kernels: As given to `forward`.
        output_kernel: As given to `forward`.
    """
    batch, rows, cols, _ = gradient.shape
    pad, shape = plan.max_dilation, bordered(plan, rows, cols)
    images = np.empty((batch, rows, cols, plan.inputs), np.float32)
    sums: dict[tuple[int, int], _Sums] = {}

    def work(member: Member, arrays: Arrays, number: int) -> None:
        own = sums[number, member.number] = _Sums(plan)
        slopes = arrays("maps", shape)
        taps = arrays("products", (9 * plan.largest_group, *shape[1:]))
        padded = arrays("padded", (plan.outputs, *shape[1:]))
        part = arrays(f"part of {member.number}", (plan.maps, CHUNK))
        start, stop = member.share(shape[1])
        padded[:, start:stop] = 0
        member.wait()
        start, stop = member.share(rows)
        padded[:, pad + start : pad + stop, pad : pad + cols] = gradient[
            number, start:stop
        ].transpose(2, 0, 1)
        member.wait()
        multiply(output_kernel, padded, slopes, member)
        _correlate(kept[number], padded, own.output, member)
        member.wait()
        for group in reversed(plan.groups):
            _group_backward(plan, group, kept[number], slopes, taps, part, kernels, own, member)
        for channel in range(plan.inputs):
            member.alone(fold, slopes[channel], pad, plan.reflect)
        member.wait()
        inner = slopes[: plan.inputs, pad + start : pad + stop, pad : pad + cols]
        images[number, start:stop] = inner.transpose(1, 2, 0)

    run_teams(work, batch, rows)
    total = _Sums(plan)
    for key in sorted(sums):  # in a fixed order, so that rounding does not depend on threads
        total.add(sums[key])
    return images, total.kernels, total.biases, total.output, gradient.sum(axis=(0, 1, 2))


class _Sums:
    """Gradients by the weights, summed over one member's part."""

    def __init__(self, plan: DensePlan) -> None:
        self.kernels = np.zeros(plan.kernel_size, np.float32)
        self.biases = np.zeros(plan.depth * plan.width, np.float32)
        self.output = np.zeros((plan.maps, plan.outputs), np.float32)

    def add(self, other: _Sums) -> None:
        """Adds those of another member."""
        self.kernels += other.kernels
        self.biases += other.biases
        self.output += other.output


def _correlate(first: np.ndarray, second: np.ndarray, total: np.ndarray, member: Member) -> None:
    """Adds the products of two sets of maps, summed over pixels.

    Args:
        first: (first, row, col) float32.
        second: (second, row, col) float32.
        total: (first, second) float32, to which the sums are added.
        member: This thread, which sums its share of the pixels.
    """
    one, other = flat(first), flat(second)
    for part in chunks(member, one.shape[1]):
        total += one[:, part] @ other[:, part].T


def _group_backward(
    plan: DensePlan,
    group: range,
    maps: np.ndarray,
    slopes: np.ndarray,
    taps: np.ndarray,
    part: np.ndarray,
    kernels: np.ndarray,
    sums: _Sums,
    member: Member,
) -> None:
    """Propagates the gradients of a group's maps to all maps before it, in place.

    Args:
        plan: The network's shape.
        group: Numbers of its layers.
        maps: (maps, row, col) float32 with borders, as `forward` kept them.
        slopes: (maps, row, col) float32, gradients by the maps; changed in place.
        taps: (9 x channels, row, col) float32, temporary.
        part: (maps, `CHUNK`) float32, temporary of this member.
        kernels: As given to `forward`.
        sums: Gradients by the weights, to which this member's part is added.
        member: This thread.
    """
    before, pad = plan.before(group[0]), plan.max_dilation
    rows = maps.shape[1] - 2 * pad
    start, stop = member.share(rows)
    for layer in reversed(group):
        inner = plan.kernel(kernels, layer)[:, before:]
        by_inner = plan.kernel(sums.kernels, layer)[:, before:]
        count = inner.shape[1]
        numbers = range(layer * plan.width, (layer + 1) * plan.width)
        for number in numbers:
            member.alone(fold, slopes[plan.inputs + number], pad, plan.reflect)
        if member.count > 1:
            member.wait()
        for channel, number in enumerate(numbers):
            target, step = plan.inputs + number, plan.dilation(layer, channel)
            sums.biases[number] += through_relu(maps[target], slopes[target], start, stop, pad)
        member.wait()
        for channel, number in enumerate(numbers):
            target, step = plan.inputs + number, plan.dilation(layer, channel)
            first, last = member.share(count)
            found = np.zeros((count, 9))
            inner_backward(
                slopes[target],
                maps[before : before + count],
                slopes[before : before + count],
                np.ascontiguousarray(inner[:, :, channel].T),
                found,
                first,
                last,
                step,
                pad,
            )
            by_inner[:, :, channel] += found.T
            place = 9 * (number - group[0] * plan.width)
            first, last = member.share(slopes.shape[1])
            spread_taps(slopes[target], taps[place : place + 9], first, last, step, pad)
        if member.count > 1:
            member.wait()
    weights = group_weights(plan, kernels, group)
    used = taps[: len(weights)]
    member.wait()
    products = np.zeros((len(weights), before), np.float32)
    _correlate(used, maps[:before], products, member)
    by_weights = products.reshape(len(group), plan.width, 9, before)
    for place, layer in enumerate(group):
        plan.kernel(sums.kernels, layer)[:, :before] += by_weights[place].transpose(1, 2, 0)
    source, back = flat(used), flat(slopes[:before])
    for pixels in chunks(member, source.shape[1]):
        # A new array each time would cost as many page faults.
        sum_ = part[:before, : pixels.stop - pixels.start]
        back[:, pixels] += np.matmul(weights.T, source[:, pixels], out=sum_)
    member.wait()
