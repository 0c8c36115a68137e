"""A mixed-scale dense network on the processor, without a copy of any map.

Written with a framework's convolutions the network spends its time on convolutions of one output
channel, which use a tenth of the processor, and on joining maps.  Here the maps of an image lie in
one array with their borders, and layers are computed in groups of about ten channels:

* What a group takes from all maps before it is one matrix product: (9 taps of each of its
  channels) x (maps) times (maps) x (pixels).
* A layer adds the nine products of its channel, each shifted by the dilation, and what it takes
  from the few maps of its own group.

Gradients go the same way backwards.  Matrix products are BLAS', the rest is compiled by Numba.
"""

from __future__ import annotations

import threading

import numpy as np
from numba import njit, prange
from scipy.linalg.blas import sgemm

from temnet.models.dense_plan import DensePlan

COMPILE = {"parallel": True, "fastmath": True, "cache": True, "nogil": True}

LOCK = threading.Lock()
"""Numba's threads serve one caller at a time."""

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
    with LOCK:
        batch, rows, cols, _ = images.shape
        pad = plan.max_dilation
        shape = (plan.maps, rows + 2 * pad, cols + 2 * pad)
        answer = np.empty((batch, rows, cols, plan.outputs), np.float32)
        products = np.empty((9 * _largest_group(plan), shape[1] * shape[2]), np.float32)
        own: list[np.ndarray] = []
        stock = own if keep is None else keep
        for number, image in enumerate(images):
            place = number if keep is not None else 0
            if place == len(stock) or stock[place].shape != shape:
                stock[place : place + 1] = [np.empty(shape, np.float32)]
            maps = stock[place]
            _compute_maps(plan, image, kernels, biases, maps, products)
            _answer(maps, output_kernel, output_bias, pad, answer[number])
        if keep is not None:
            del keep[batch:]
        return answer


def _largest_group(plan: DensePlan) -> int:
    return max((len(group) for group in plan.groups), default=0) * plan.width


def _compute_maps(
    plan: DensePlan,
    image: np.ndarray,
    kernels: np.ndarray,
    biases: np.ndarray,
    maps: np.ndarray,
    products: np.ndarray,
) -> None:
    """Fills (maps, row, col) with the maps of one image and their borders."""
    flat = maps.reshape(len(maps), -1)
    _enter(image, maps, plan.max_dilation, plan.reflect)
    for group in plan.groups:
        before = plan.before(group[0])
        weights = _pulled(plan, kernels, group)
        taken = products[: len(weights)]
        np.matmul(weights, flat[:before], out=taken)
        taken = taken.reshape(-1, 9, *maps.shape[1:])
        for layer in group:
            inner = plan.kernel(kernels, layer)[:, before:]
            for channel in range(plan.width):
                number = layer * plan.width + channel
                _finish(
                    taken[number - group[0] * plan.width],
                    maps,
                    before,
                    np.ascontiguousarray(inner[:, :, channel]),
                    biases[number],
                    plan.dilation(layer, channel),
                    plan.max_dilation,
                    plan.inputs + number,
                    plan.reflect,
                )


def _pulled(plan: DensePlan, kernels: np.ndarray, group: range) -> np.ndarray:
    """(9 x channels, maps) weights of a group's channels for all maps before the group."""
    before = plan.before(group[0])
    parts = [plan.kernel(kernels, layer)[:, :before].transpose(2, 0, 1) for layer in group]
    return np.ascontiguousarray(np.concatenate(parts).reshape(-1, before))


@njit(**COMPILE)
def _enter(image, maps, pad, reflect):  # type: ignore[no-untyped-def]
    """The channels of (row, col, input) become the first maps."""
    rows, cols, inputs = image.shape
    for row in prange(rows):
        for channel in range(inputs):
            for col in range(cols):
                maps[channel, row + pad, col + pad] = image[row, col, channel]
            _sides(maps[channel, row + pad], pad, reflect)
    for channel in range(inputs):
        _ends(maps[channel], pad, reflect)


@njit(cache=True, nogil=True)
def _sides(line, pad, reflect):  # type: ignore[no-untyped-def]
    """The left and the right border of a row."""
    last = len(line) - pad - 1
    for i in range(1, pad + 1):
        line[pad - i] = line[pad + i] if reflect else 0
        line[last + i] = line[last - i] if reflect else 0


@njit(cache=True, nogil=True)
def _ends(plane, pad, reflect):  # type: ignore[no-untyped-def]
    """The upper and the lower border of a map."""
    last = len(plane) - pad - 1
    for i in range(1, pad + 1):
        for col in range(plane.shape[1]):
            plane[pad - i, col] = plane[pad + i, col] if reflect else 0
            plane[last + i, col] = plane[last - i, col] if reflect else 0


@njit(**COMPILE)
def _finish(  # type: ignore[no-untyped-def]
    taken, maps, first, inner, bias, step, pad, target, reflect
):
    """A map: the sum of its nine products, of its group's maps and the bias, through ReLU."""
    rows, cols = maps.shape[1] - 2 * pad, maps.shape[2] - 2 * pad
    sources = inner.shape[1]
    for row in prange(rows):
        line = np.empty(cols, np.float32)
        upper, middle, lower = row + pad - step, row + pad, row + pad + step
        left, centre, right = pad - step, pad, pad + step
        for x in range(cols):
            line[x] = (
                bias
                + taken[0, upper, left + x]
                + taken[1, upper, centre + x]
                + taken[2, upper, right + x]
                + taken[3, middle, left + x]
                + taken[4, middle, centre + x]
                + taken[5, middle, right + x]
                + taken[6, lower, left + x]
                + taken[7, lower, centre + x]
                + taken[8, lower, right + x]
            )
        for source in range(sources):
            a = maps[first + source, upper]
            b = maps[first + source, middle]
            c = maps[first + source, lower]
            w0, w1, w2 = inner[0, source], inner[1, source], inner[2, source]
            w3, w4, w5 = inner[3, source], inner[4, source], inner[5, source]
            w6, w7, w8 = inner[6, source], inner[7, source], inner[8, source]
            for x in range(cols):
                line[x] += (
                    w0 * a[left + x]
                    + w1 * a[centre + x]
                    + w2 * a[right + x]
                    + w3 * b[left + x]
                    + w4 * b[centre + x]
                    + w5 * b[right + x]
                    + w6 * c[left + x]
                    + w7 * c[centre + x]
                    + w8 * c[right + x]
                )
        out = maps[target, middle]
        for x in range(cols):
            out[pad + x] = max(line[x], np.float32(0))
        _sides(out, pad, reflect)
    _ends(maps[target], pad, reflect)


def _answer(
    maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray, pad: int, answer: np.ndarray
) -> None:
    """The 1 x 1 convolution over all maps, into (row, col, outputs)."""
    flat = kernel.T @ maps.reshape(len(maps), -1)
    rows, cols = answer.shape[:2]
    inner = flat.reshape(-1, *maps.shape[1:])[:, pad : pad + rows, pad : pad + cols]
    answer[...] = inner.transpose(1, 2, 0)
    answer += bias


def backward(
    plan: DensePlan,
    gradient: np.ndarray,
    kept: list[np.ndarray],
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
    with LOCK:
        batch, rows, cols, _ = gradient.shape
        pad = plan.max_dilation
        shape = (rows + 2 * pad, cols + 2 * pad)
        images = np.empty((batch, rows, cols, plan.inputs), np.float32)
        by_kernels = np.zeros_like(kernels)
        by_biases = np.zeros(plan.depth * plan.width, np.float32)
        by_output = np.zeros_like(output_kernel)
        slopes = np.empty((plan.maps, *shape), np.float32)
        taps = np.zeros((9 * _largest_group(plan), *shape), np.float32)
        padded = np.zeros((plan.outputs, *shape), np.float32)
        for number in range(batch):
            maps = kept[number]
            padded[:, pad : pad + rows, pad : pad + cols] = gradient[number].transpose(2, 0, 1)
            flat = padded.reshape(plan.outputs, -1)
            np.matmul(output_kernel, flat, out=slopes.reshape(plan.maps, -1))
            by_output += maps.reshape(plan.maps, -1) @ flat.T
            for group in reversed(plan.groups):
                _group_backward(plan, group, maps, slopes, taps, kernels, by_kernels, by_biases)
            for channel in range(plan.inputs):
                _fold(slopes[channel], pad, plan.reflect)
            inner = slopes[: plan.inputs, pad : pad + rows, pad : pad + cols]
            images[number] = inner.transpose(1, 2, 0)
        return images, by_kernels, by_biases, by_output, gradient.sum(axis=(0, 1, 2))


def _group_backward(
    plan: DensePlan,
    group: range,
    maps: np.ndarray,
    slopes: np.ndarray,
    taps: np.ndarray,
    kernels: np.ndarray,
    by_kernels: np.ndarray,
    by_biases: np.ndarray,
) -> None:
    """Takes the gradients of a group's maps back to all maps before it, in place."""
    before = plan.before(group[0])
    for layer in reversed(group):
        inner = plan.kernel(kernels, layer)[:, before:]
        by_inner = plan.kernel(by_kernels, layer)[:, before:]
        for channel in range(plan.width):
            number = layer * plan.width + channel
            place = number - group[0] * plan.width
            target = plan.inputs + number
            step = plan.dilation(layer, channel)
            _fold(slopes[target], plan.max_dilation, plan.reflect)
            by_biases[number] += _through_relu(maps[target], slopes[target], plan.max_dilation)
            found = np.zeros((9, inner.shape[1]), np.float32)
            if inner.shape[1]:
                _inner_backward(
                    slopes[target],
                    maps,
                    slopes,
                    before,
                    np.ascontiguousarray(inner[:, :, channel]),
                    found,
                    step,
                    plan.max_dilation,
                )
            by_inner[:, :, channel] += found
            _spread_taps(slopes[target], taps[9 * place : 9 * place + 9], step, plan.max_dilation)
    weights = _pulled(plan, kernels, group)
    used = taps[: len(weights)].reshape(len(weights), -1)
    flat = slopes.reshape(len(slopes), -1)
    # slopes[:before] += weights.T @ used, in place; BLAS counts by columns.
    sgemm(1.0, used.T, weights.T, 1.0, flat[:before].T, trans_b=1, overwrite_c=1)
    by_weights = used @ maps.reshape(len(maps), -1)[:before].T
    by_weights = by_weights.reshape(len(group), plan.width, 9, before)
    for place, layer in enumerate(group):
        plan.kernel(by_kernels, layer)[:, :before] += by_weights[place].transpose(1, 2, 0)


@njit(cache=True, nogil=True)
def _fold(plane, pad, reflect):  # type: ignore[no-untyped-def]
    """Adds the gradients at the border to those of the pixels that it copies."""
    last_row, last_col = plane.shape[0] - pad - 1, plane.shape[1] - pad - 1
    if reflect:
        for i in range(1, pad + 1):
            for col in range(plane.shape[1]):
                plane[pad + i, col] += plane[pad - i, col]
                plane[last_row - i, col] += plane[last_row + i, col]
        for row in range(pad, last_row + 1):
            for i in range(1, pad + 1):
                plane[row, pad + i] += plane[row, pad - i]
                plane[row, last_col - i] += plane[row, last_col + i]


@njit(**COMPILE)
def _through_relu(values, slope, pad):  # type: ignore[no-untyped-def]
    """Gradients before ReLU, in place; their sum."""
    rows, cols = values.shape[0] - 2 * pad, values.shape[1] - 2 * pad
    total = 0.0
    for row in prange(rows):
        line, slopes = values[row + pad], slope[row + pad]
        part = np.float32(0)
        for col in range(pad, pad + cols):
            slopes[col] = slopes[col] if line[col] > 0 else np.float32(0)
            part += slopes[col]
        total += part
    return total


@njit(**COMPILE)
def _inner_backward(  # type: ignore[no-untyped-def]
    slope, maps, slopes, first, inner, found, step, pad
):
    """From a map's gradients to those of its group's earlier maps and of their weights."""
    rows, cols = slope.shape[0] - 2 * pad, slope.shape[1] - 2 * pad
    for source in prange(inner.shape[1]):
        for tap in range(9):
            down, right = (tap // 3 - 1) * step, (tap % 3 - 1) * step
            weight = inner[tap, source]
            total = 0.0
            for row in range(rows):
                given = slope[pad + row]
                line = maps[first + source, pad + row + down]
                back = slopes[first + source, pad + row + down]
                part = np.float32(0)
                for x in range(pad, pad + cols):
                    part += given[x] * line[x + right]
                    back[x + right] += weight * given[x]
                total += part
            found[tap, source] = total


@njit(**COMPILE)
def _spread_taps(slope, taps, step, pad):  # type: ignore[no-untyped-def]
    """A map's gradients, shifted to where each of its nine products stood; zero elsewhere."""
    rows, cols = slope.shape[0] - 2 * pad, slope.shape[1] - 2 * pad
    for tap in prange(9):
        down, right = (tap // 3 - 1) * step, (tap % 3 - 1) * step
        taps[tap] = 0
        for row in range(rows):
            given = slope[pad + row]
            out = taps[tap, pad + row + down]
            for x in range(pad, pad + cols):
                out[x + right] = given[x]
