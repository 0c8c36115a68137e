"""A mixed-scale dense network on the CPU, without a copy of any map.

With a framework's convolutions the network spends its time on convolutions of one output channel,
which use a tenth of the processor, and on joining maps.  Here the maps of an image are in one array
with their borders, and layers are computed in groups of about ten channels:

* The contribution of all maps before a group is one matrix product: (9 taps of each channel of the
  group) x (maps) times (maps) x (pixels).
* A layer adds the nine products of its channel, each shifted by the dilation, and the contribution
  of the few maps of its own group.

Gradients are computed in the reverse order (`backward`).  Matrix products are BLAS', on one thread
each; the rest is compiled by Numba (`loops`).  The images of a batch are distributed over threads;
with fewer images than threads, several threads share the rows of an image.
"""

from __future__ import annotations

import numpy as np

from temnet.models.msdnet_kernels.loops import ends, enter, finish
from temnet.models.msdnet_kernels.plan import DensePlan
from temnet.models.msdnet_kernels.products import bordered, group_weights, multiply
from temnet.models.msdnet_kernels.thread_teams import Arrays, Member, run_teams


def forward(
    plan: DensePlan,
    images: np.ndarray,
    kernels: np.ndarray,
    biases: np.ndarray,
    output_kernel: np.ndarray,
    output_bias: np.ndarray,
    *,
    keep: list[np.ndarray] | None = None,
) -> np.ndarray:
    """The network's output.

    Args:
        plan: The network's shape.
        images: (batch, row, col, inputs) float32.
        kernels: (plan.kernel_size,) float32.
        biases: (depth * width,) float32.
        output_kernel: (maps, outputs) float32.
        output_bias: (outputs,) float32.
        keep: Receives the maps of each image with their borders, (maps, row, col), for `backward`;
            arrays in it are reused where they fit.

    Returns:
        (batch, row, col, outputs) float32.
    """
    batch, rows, cols, _ = images.shape
    shape = bordered(plan, rows, cols)
    output = np.empty((batch, rows, cols, plan.outputs), np.float32)
    if keep is not None:
        keep[:] = [old if old.shape == shape else np.empty(shape, np.float32) for old in keep]
        keep[batch:] = []
        keep += [np.empty(shape, np.float32) for _ in range(batch - len(keep))]

    def work(member: Member, arrays: Arrays, number: int) -> None:
        maps = arrays("maps", shape) if keep is None else keep[number]
        products = arrays("products", (9 * plan.largest_group, *shape[1:]))
        _compute_maps(plan, images[number], kernels, biases, maps, products, member)
        _output_maps(maps, output_kernel, output_bias, output[number], member)

    run_teams(work, batch, rows)
    return output


def _compute_maps(
    plan: DensePlan,
    image: np.ndarray,
    kernels: np.ndarray,
    biases: np.ndarray,
    maps: np.ndarray,
    products: np.ndarray,
    member: Member,
) -> None:
    """Computes the maps of one image.

    Args:
        plan: The network's shape.
        image: (row, col, inputs) float32.
        kernels: As given to `forward`.
        biases: As given to `forward`.
        maps: Receives (maps, row, col) float32, the maps with their borders.
        products: (9 x channels of a group, row, col) float32, temporary.
        member: This thread.
    """
    pad, reflect = plan.max_dilation, plan.reflect
    start, stop = member.share(image.shape[0])
    for channel in range(plan.inputs):
        enter(image, maps[channel], channel, start, stop, pad, reflect)
    member.wait()
    for channel in range(plan.inputs):
        member.alone(ends, maps[channel], pad, reflect)
    member.wait()
    for group in plan.groups:
        before = plan.before(group[0])
        weights = group_weights(plan, kernels, group)
        taken = products[: len(weights)]
        multiply(weights, maps[:before], taken, member)
        member.wait()
        for layer in group:
            inner = plan.kernel(kernels, layer)[:, before:]
            for channel in range(plan.width):
                number = layer * plan.width + channel
                place = 9 * (number - group[0] * plan.width)
                finish(
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
                member.alone(ends, maps[plan.inputs + layer * plan.width + channel], pad, reflect)
            if member.count > 1:
                member.wait()


def _output_maps(
    maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray, output: np.ndarray, member: Member
) -> None:
    """The 1 x 1 convolution over all maps.

    Args:
        maps: (maps, row, col) float32 with borders.
        kernel: (maps, outputs) float32.
        bias: (outputs,) float32.
        output: Receives (row, col, outputs) float32.
        member: This thread.
    """
    rows, cols = output.shape[:2]
    pad = (maps.shape[1] - rows) // 2
    start, stop = member.share(rows)
    for row in range(start, stop):
        np.matmul(maps[:, pad + row, pad : pad + cols].T, kernel, out=output[row])
    output[start:stop] += bias
