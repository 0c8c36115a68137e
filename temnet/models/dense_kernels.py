"""A mixed-scale dense network on the processor, without a copy of any map.

Written with a framework's convolutions the network spends its time on convolutions of one output
channel, which use a tenth of the processor, and on joining maps.  Here the maps of an image lie in
one array with their borders, and layers are computed in groups of about ten channels:

* What a group takes from all maps before it is one matrix product: (9 taps of each of its
  channels) x (maps) times (maps) x (pixels).
* A layer adds the nine products of its channel, each shifted by the dilation, and what it takes
  from the few maps of its own group.

Gradients go the same way backwards.  Matrix products are BLAS', on one thread each; the rest is
compiled by Numba.  Images of a batch are shared out over threads; where there are fewer images
than threads, several share the rows of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from temnet.models.dense_plan import DensePlan
from temnet.models.teams import Arrays, Member, run_teams

COMPILE = {"fastmath": True, "cache": True, "nogil": True}

CHUNK = 8192
"""Pixels of a matrix product at a time, so that a temporary result stays in the cache."""

Gradients = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of the images, the kernels, the biases, the output's kernel and its bias."""


def forward(
    plan: DensePlan,
    images: np.ndarray,
    kernels: np.ndarray,
    biases: np.ndarray,
    output_kernel: np.ndarray,
    output_bias: np.ndarray,
    keep: list[np.ndarray] | None = None,
) -> np.ndarray:
    """The network's answer.

    Args:
        plan: The network's shape.
        images: (batch, row, col, inputs) float32.
        kernels: (plan.kernel_size,) float32.
        biases: (depth * width,) float32.
        output_kernel: (maps, outputs) float32.
        output_bias: (outputs,) float32.
        keep: The maps of each image with their borders, (maps, row, col), are put here, for
            `backward`; arrays that are there already are used again where they fit.

    Returns:
        (batch, row, col, outputs) float32.
    """
    batch, rows, cols, _ = images.shape
    shape = _bordered(plan, rows, cols)
    answer = np.empty((batch, rows, cols, plan.outputs), np.float32)
    if keep is not None:
        keep[:] = [old if old.shape == shape else np.empty(shape, np.float32) for old in keep]
        keep[batch:] = []
        keep += [np.empty(shape, np.float32) for _ in range(batch - len(keep))]

    def work(member: Member, arrays: Arrays, number: int) -> None:
        maps = arrays("maps", shape) if keep is None else keep[number]
        products = arrays("products", (9 * plan.largest_group, *shape[1:]))
        _compute_maps(plan, images[number], kernels, biases, maps, products, member)
        _answer(maps, output_kernel, output_bias, answer[number], member)

    run_teams(work, batch, rows)
    return answer


def _bordered(plan: DensePlan, rows: int, cols: int) -> tuple[int, int, int]:
    """Shape of all maps of an image with their borders."""
    return plan.maps, rows + 2 * plan.max_dilation, cols + 2 * plan.max_dilation


def _compute_maps(
    plan: DensePlan,
    image: np.ndarray,
    kernels: np.ndarray,
    biases: np.ndarray,
    maps: np.ndarray,
    products: np.ndarray,
    member: Member,
) -> None:
    """Fills (maps, row, col) with the maps of one image and their borders."""
    pad, reflect = plan.max_dilation, plan.reflect
    start, stop = member.share(image.shape[0])
    for channel in range(plan.inputs):
        _enter(image, maps[channel], channel, start, stop, pad, reflect)
    member.wait()
    for channel in range(plan.inputs):
        member.alone(_ends, maps[channel], pad, reflect)
    member.wait()
    for group in plan.groups:
        before = plan.before(group[0])
        weights = _pulled(plan, kernels, group)
        taken = products[: len(weights)]
        _multiply(weights, maps[:before], taken, member)
        member.wait()
        for layer in group:
            inner = plan.kernel(kernels, layer)[:, before:]
            for channel in range(plan.width):
                number = layer * plan.width + channel
                place = 9 * (number - group[0] * plan.width)
                _finish(
                    taken[place : place + 9],
                    maps[before : before + inner.shape[1]],
                    np.ascontiguousarray(inner[:, :, channel].T),
                    biases[number],
                    maps[plan.inputs + number],
                    start,
                    stop,
                    plan.dilation(layer, channel),
                    pad,
                    reflect,
                )
            member.wait()
            for channel in range(plan.width):
                member.alone(_ends, maps[plan.inputs + layer * plan.width + channel], pad, reflect)
            if member.count > 1:
                member.wait()


def _pulled(plan: DensePlan, kernels: np.ndarray, group: range) -> np.ndarray:
    """(9 x channels, maps) weights of a group's channels for all maps before the group."""
    before = plan.before(group[0])
    parts = [plan.kernel(kernels, layer)[:, :before].transpose(2, 0, 1) for layer in group]
    return np.ascontiguousarray(np.concatenate(parts).reshape(-1, before))


def _flat(maps: np.ndarray) -> np.ndarray:
    return maps.reshape(len(maps), -1)


def _chunks(member: Member, pixels: int) -> list[slice]:
    """A member's share of all pixels, in pieces."""
    start, stop = member.share(pixels)
    return [slice(first, min(first + CHUNK, stop)) for first in range(start, stop, CHUNK)]


def _multiply(weights: np.ndarray, maps: np.ndarray, out: np.ndarray, member: Member) -> None:
    """Weighted sums of maps, (channel, row, col)."""
    source, target = _flat(maps), _flat(out)
    for part in _chunks(member, source.shape[1]):
        np.matmul(weights, source[:, part], out=target[:, part])


def _answer(
    maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray, answer: np.ndarray, member: Member
) -> None:
    """The 1 x 1 convolution over all maps, into (row, col, outputs)."""
    rows, cols = answer.shape[:2]
    pad = (maps.shape[1] - rows) // 2
    start, stop = member.share(rows)
    for row in range(start, stop):
        np.matmul(maps[:, pad + row, pad : pad + cols].T, kernel, out=answer[row])
    answer[start:stop] += bias


# Rows are cut out before they are looped over: an index that might be negative, as Numba allows it,
# would keep the loops from using the processor's vectors.


@njit(**COMPILE)
def _enter(image, plane, channel, start, stop, pad, reflect):  # type: ignore[no-untyped-def]
    """A channel of (row, col, input) becomes one of the first maps."""
    cols = image.shape[1]
    for row in range(start, stop):
        line = plane[row + pad]
        for col in range(cols):
            line[col + pad] = image[row, col, channel]
        _sides(line, pad, reflect)


@njit(**COMPILE)
def _sides(line, pad, reflect):  # type: ignore[no-untyped-def]
    """The left and the right border of a row."""
    last = len(line) - pad - 1
    for i in range(1, pad + 1):
        line[pad - i] = line[pad + i] if reflect else 0
        line[last + i] = line[last - i] if reflect else 0


@njit(**COMPILE)
def _ends(plane, pad, reflect):  # type: ignore[no-untyped-def]
    """The upper and the lower border of a map."""
    last = len(plane) - pad - 1
    for i in range(1, pad + 1):
        if reflect:
            plane[pad - i] = plane[pad + i]
            plane[last + i] = plane[last - i]
        else:
            plane[pad - i] = 0
            plane[last + i] = 0


@njit(**COMPILE)
def _add_three(line, first, second, third, pad, step):  # type: ignore[no-untyped-def]
    """Adds three rows to a line, from the left, the middle and the right."""
    cols = len(line)
    left = first[pad - step : pad - step + cols]
    centre = second[pad : pad + cols]
    right = third[pad + step : pad + step + cols]
    for x in range(cols):
        line[x] += left[x] + centre[x] + right[x]


@njit(**COMPILE)
def _add_nine(line, upper, middle, lower, weights, left, step):  # type: ignore[no-untyped-def]
    """Adds three rows to a line nine times, beginning at left, left + step and left + 2 step."""
    size, centre, right = len(line), left + step, left + 2 * step
    a0, a1, a2 = (
        upper[left : left + size],
        upper[centre : centre + size],
        upper[right : right + size],
    )
    b0, b1, b2 = (
        middle[left : left + size],
        middle[centre : centre + size],
        middle[right : right + size],
    )
    c0, c1, c2 = (
        lower[left : left + size],
        lower[centre : centre + size],
        lower[right : right + size],
    )
    w0, w1, w2 = weights[0], weights[1], weights[2]
    w3, w4, w5 = weights[3], weights[4], weights[5]
    w6, w7, w8 = weights[6], weights[7], weights[8]
    for x in range(size):
        first = w0 * a0[x] + w1 * a1[x] + w2 * a2[x]
        second = w3 * b0[x] + w4 * b1[x] + w5 * b2[x]
        line[x] += first + second + w6 * c0[x] + w7 * c1[x] + w8 * c2[x]


@njit(**COMPILE)
def _finish(  # type: ignore[no-untyped-def]
    taken, sources, inner, bias, target, start, stop, step, pad, reflect
):
    """A map: the sum of its nine products, of its group's maps and the bias, through ReLU."""
    line = np.empty(target.shape[1] - 2 * pad, np.float32)
    for row in range(start, stop):
        line[:] = bias
        upper, middle, lower = row + pad - step, row + pad, row + pad + step
        _add_three(line, taken[0, upper], taken[1, upper], taken[2, upper], pad, step)
        _add_three(line, taken[3, middle], taken[4, middle], taken[5, middle], pad, step)
        _add_three(line, taken[6, lower], taken[7, lower], taken[8, lower], pad, step)
        for source in range(len(inner)):
            plane = sources[source]
            _add_nine(
                line, plane[upper], plane[middle], plane[lower], inner[source], pad - step, step
            )
        out = target[middle]
        inside = out[pad : pad + len(line)]
        for x in range(len(line)):
            inside[x] = max(line[x], np.float32(0))
        _sides(out, pad, reflect)


def backward(
    plan: DensePlan,
    gradient: np.ndarray,
    kept: Sequence[np.ndarray],
    kernels: np.ndarray,
    output_kernel: np.ndarray,
) -> Gradients:
    """Gradients of a loss by everything that `forward` was given.

    Args:
        plan: The network's shape.
        gradient: (batch, row, col, outputs) float32, the loss by the answer.
        kept: The maps of each image that `forward` kept.
        kernels: As given to `forward`.
        output_kernel: As given to `forward`.
    """
    batch, rows, cols, _ = gradient.shape
    pad, shape = plan.max_dilation, _bordered(plan, rows, cols)
    images = np.empty((batch, rows, cols, plan.inputs), np.float32)
    sums: dict[tuple[int, int], _Sums] = {}

    def work(member: Member, arrays: Arrays, number: int) -> None:
        own = sums[number, member.number] = _Sums(plan)
        slopes = arrays("maps", shape)
        taps = arrays("products", (9 * plan.largest_group, *shape[1:]))
        padded = arrays("padded", (plan.outputs, *shape[1:]))
        start, stop = member.share(shape[1])
        padded[:, start:stop] = 0
        member.wait()
        start, stop = member.share(rows)
        padded[:, pad + start : pad + stop, pad : pad + cols] = gradient[
            number, start:stop
        ].transpose(2, 0, 1)
        member.wait()
        _multiply(output_kernel, padded, slopes, member)
        _correlate(kept[number], padded, own.output, member)
        member.wait()
        for group in reversed(plan.groups):
            _group_backward(plan, group, kept[number], slopes, taps, kernels, own, member)
        for channel in range(plan.inputs):
            member.alone(_fold, slopes[channel], pad, plan.reflect)
        member.wait()
        inner = slopes[: plan.inputs, pad + start : pad + stop, pad : pad + cols]
        images[number, start:stop] = inner.transpose(1, 2, 0)

    run_teams(work, batch, rows)
    total = _Sums(plan)
    for key in sorted(sums):  # not in the order in which threads came: sums would be rounded anew
        total.add(sums[key])
    return images, total.kernels, total.biases, total.output, gradient.sum(axis=(0, 1, 2))


class _Sums:
    """Gradients by the weights, as far as one member has added them up."""

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
    """Adds to (first, second) the products of two sets of maps, summed over pixels."""
    one, other = _flat(first), _flat(second)
    for part in _chunks(member, one.shape[1]):
        total += one[:, part] @ other[:, part].T


def _group_backward(
    plan: DensePlan,
    group: range,
    maps: np.ndarray,
    slopes: np.ndarray,
    taps: np.ndarray,
    kernels: np.ndarray,
    sums: _Sums,
    member: Member,
) -> None:
    """Takes the gradients of a group's maps back to all maps before it, in place."""
    before, pad = plan.before(group[0]), plan.max_dilation
    rows = maps.shape[1] - 2 * pad
    start, stop = member.share(rows)
    for layer in reversed(group):
        inner = plan.kernel(kernels, layer)[:, before:]
        by_inner = plan.kernel(sums.kernels, layer)[:, before:]
        count = inner.shape[1]
        numbers = range(layer * plan.width, (layer + 1) * plan.width)
        for number in numbers:
            member.alone(_fold, slopes[plan.inputs + number], pad, plan.reflect)
        if member.count > 1:
            member.wait()
        for channel, number in enumerate(numbers):
            target, step = plan.inputs + number, plan.dilation(layer, channel)
            sums.biases[number] += _through_relu(maps[target], slopes[target], start, stop, pad)
        member.wait()
        for channel, number in enumerate(numbers):
            target, step = plan.inputs + number, plan.dilation(layer, channel)
            first, last = member.share(count)
            found = np.zeros((count, 9))
            _inner_backward(
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
            _spread_taps(slopes[target], taps[place : place + 9], first, last, step, pad)
        if member.count > 1:
            member.wait()
    weights = _pulled(plan, kernels, group)
    used = taps[: len(weights)]
    member.wait()
    by_weights = np.zeros((len(weights), before), np.float32)
    _correlate(used, maps[:before], by_weights, member)
    by_weights = by_weights.reshape(len(group), plan.width, 9, before)
    for place, layer in enumerate(group):
        plan.kernel(sums.kernels, layer)[:, :before] += by_weights[place].transpose(1, 2, 0)
    flat, target = _flat(used), _flat(slopes[:before])
    for part in _chunks(member, flat.shape[1]):
        target[:, part] += weights.T @ flat[:, part]
    member.wait()


@njit(**COMPILE)
def _fold(plane, pad, reflect):  # type: ignore[no-untyped-def]
    """Adds the gradients at the border to those of the pixels that it copies."""
    last_row, last_col = plane.shape[0] - pad - 1, plane.shape[1] - pad - 1
    if reflect:
        for i in range(1, pad + 1):
            plane[pad + i] += plane[pad - i]
            plane[last_row - i] += plane[last_row + i]
        for row in range(pad, last_row + 1):
            line = plane[row]
            for i in range(1, pad + 1):
                line[pad + i] += line[pad - i]
                line[last_col - i] += line[last_col + i]


@njit(**COMPILE)
def _through_relu(values, slope, start, stop, pad):  # type: ignore[no-untyped-def]
    """Gradients before ReLU, in place; their sum."""
    cols = values.shape[1] - 2 * pad
    total = 0.0
    for row in range(start, stop):
        line = values[row + pad, pad : pad + cols]
        slopes = slope[row + pad, pad : pad + cols]
        part = np.float32(0)
        for x in range(cols):
            kept = slopes[x] if line[x] > 0 else np.float32(0)
            slopes[x] = kept
            part += kept
        total += part
    return total


@njit(**COMPILE)
def _inner_backward(  # type: ignore[no-untyped-def]
    slope, maps, slopes, inner, found, first, last, step, pad
):
    """From a map's gradients to those of its group's earlier maps and of their weights."""
    rows, cols = slope.shape[0] - 2 * pad, slope.shape[1] - 2 * pad
    wide = np.zeros((3, cols + 4 * step), np.float32)
    for row in range(-step, rows + step):
        for tap in range(3):
            source = row - (tap - 1) * step
            if 0 <= source < rows:
                wide[tap, 2 * step : 2 * step + cols] = slope[pad + source, pad : pad + cols]
            else:
                wide[tap] = 0
        for number in range(first, last):
            back = slopes[number, pad + row, pad - step : pad + cols + step]
            _add_nine(back, wide[0], wide[1], wide[2], inner[number], 2 * step, -step)
            if 0 <= row < rows:
                given = wide[1, 2 * step : 2 * step + cols]
                for tap in range(3):
                    line = maps[number, pad + row + (tap - 1) * step]
                    _three_dots(given, line, found[number, 3 * tap : 3 * tap + 3], pad, step)


@njit(**COMPILE)
def _three_dots(given, row, sums, pad, step):  # type: ignore[no-untyped-def]
    """Adds the products of a row with another one, from the left, the middle and the right."""
    cols = len(given)
    left = row[pad - step : pad - step + cols]
    centre = row[pad : pad + cols]
    right = row[pad + step : pad + step + cols]
    first, second, third = np.float32(0), np.float32(0), np.float32(0)
    for x in range(cols):
        first += given[x] * left[x]
        second += given[x] * centre[x]
        third += given[x] * right[x]
    sums[0] += first
    sums[1] += second
    sums[2] += third


@njit(**COMPILE)
def _spread_taps(slope, taps, first, last, step, pad):  # type: ignore[no-untyped-def]
    """A map's gradients, shifted to where each of its nine products stood; zero elsewhere."""
    rows, cols = slope.shape[0] - 2 * pad, slope.shape[1] - 2 * pad
    for tap in range(9):
        down, start = (tap // 3 - 1) * step, pad + (tap % 3 - 1) * step
        for row in range(first, last):
            source = row - down
            out = taps[tap, row]
            if pad <= source < pad + rows:
                out[:start] = 0
                out[start : start + cols] = slope[source, pad : pad + cols]
                out[start + cols :] = 0
            else:
                out[:] = 0
