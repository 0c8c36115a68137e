"""Loops of a mixed-scale dense network, compiled by Numba.

They are in one file, since Numba's cache does not notice changes in other files.

Planes are (row, col) float32 with a border of ``pad`` pixels; ``step`` is a dilation [pixels];
``start`` to ``stop`` are rows without the border.
"""

from typing import Any

import numpy as np
from numba import njit

COMPILE: dict[str, Any] = {"fastmath": True, "cache": True, "nogil": True}

# Rows are sliced before the loops over them: an index that might be negative, as Numba allows,
# would prevent vectorised code.


@njit(**COMPILE)
def enter(image, plane, channel, start, stop, pad, reflect):
    """Copies a channel of an image into one of the first maps.

    Args:
        image: (row, col, input) float32.
        plane: The map, which receives the values.
        channel: Number of the channel.
        start: First row.
        stop: Last row, not included.
        pad: Width of the border.
        reflect: Whether the border is reflected instead of zero.
    """
    cols = image.shape[1]
    for row in range(start, stop):
        line = plane[row + pad]
        for col in range(cols):
            line[col + pad] = image[row, col, channel]
        _sides(line, pad, reflect)


@njit(**COMPILE)
def _sides(line, pad, reflect):
    """Fills the left and the right border of a row."""
    last = len(line) - pad - 1
    for i in range(1, pad + 1):
        line[pad - i] = line[pad + i] if reflect else 0
        line[last + i] = line[last - i] if reflect else 0


@njit(**COMPILE)
def ends(plane, pad, reflect):
    """Fills the upper and the lower border of a map."""
    last = len(plane) - pad - 1
    for i in range(1, pad + 1):
        if reflect:
            plane[pad - i] = plane[pad + i]
            plane[last + i] = plane[last - i]
        else:
            plane[pad - i] = 0
            plane[last + i] = 0


@njit(**COMPILE)
def _add_three(line, first, second, third, pad, step):
    """Adds three rows to a line, from the left, the middle and the right."""
    cols = len(line)
    left = first[pad - step : pad - step + cols]
    centre = second[pad : pad + cols]
    right = third[pad + step : pad + step + cols]
    for x in range(cols):
        line[x] += left[x] + centre[x] + right[x]


@njit(**COMPILE)
def _add_nine(line, upper, middle, lower, weights, left, step):
    """Adds three rows to a line, each at left, left + step and left + 2 step, with nine weights."""
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
def finish(products, sources, inner, bias, target, start, stop, step, pad, reflect):
    """Computes a map: ReLU of the nine products, the group's earlier maps and the bias.

    Args:
        products: (9, row, col) float32, the contribution of the maps before the group, by tap.
        sources: (K, row, col) float32, the group's earlier maps.
        inner: (K, 9) float32, their kernels.
        bias: The bias.
        target: The map, which receives the values and the side borders.
        start: First row.
        stop: Last row, not included.
        step: Dilation of the map.
        pad: Width of the border.
        reflect: Whether the border is reflected instead of zero.
    """
    line = np.empty(target.shape[1] - 2 * pad, np.float32)
    for row in range(start, stop):
        line[:] = bias
        upper, middle, lower = row + pad - step, row + pad, row + pad + step
        _add_three(line, products[0, upper], products[1, upper], products[2, upper], pad, step)
        _add_three(line, products[3, middle], products[4, middle], products[5, middle], pad, step)
        _add_three(line, products[6, lower], products[7, lower], products[8, lower], pad, step)
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


@njit(**COMPILE)
def fold(plane, pad, reflect):
    """Adds the gradients at the border to those of the pixels that it reflects."""
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
def through_relu(values, slope, start, stop, pad):
    """Gradients before ReLU, in place.

    Args:
        values: The map.
        slope: Its gradient; set to zero where the map is zero.
        start: First row.
        stop: Last row, not included.
        pad: Width of the border.

    Returns:
        The sum of the gradients in these rows.
    """
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
def inner_backward(slope, maps, slopes, inner, found, first, last, step, pad):
    """Propagates a map's gradient to its group's earlier maps and to their weights.

    Args:
        slope: The map's gradient before ReLU.
        maps: (K, row, col) float32, the earlier maps.
        slopes: (K, row, col) float32, their gradients, to which this adds.
        inner: (K, 9) float32, their kernels.
        found: (K, 9) float64, gradients by the kernels, to which this adds.
        first: First of the earlier maps that are computed here.
        last: Last of them, not included.
        step: Dilation of the map.
        pad: Width of the border.
    """
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
def _three_dots(given, row, sums, pad, step):
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
def spread_taps(slope, taps, first, last, step, pad):
    """Shifts a map's gradient to the position of each of its nine products; zero elsewhere.

    Args:
        slope: The gradient before ReLU.
        taps: Receives (9, row, col) float32.
        first: First row, the border included.
        last: Last row, not included.
        step: Dilation of the map.
        pad: Width of the border.
    """
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
