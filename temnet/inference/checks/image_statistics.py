"""Statistics of an image: its power spectrum, its noise and its lattice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.ndimage import maximum_filter

from temnet.images.normalize import normalize
from temnet.images.resample import resample
from temnet.records import Example

WINDOW = 32.0
"""Side of the windows that spectra are taken of [Å]: they resolve 0.06 1/Å, and a lattice of
2 Å to 1 % by its spot's shape."""

MOST_WINDOWS = 4
"""Windows along a side; of larger images the middle is used."""

BIN = 0.1
"""Width of the spectrum's bins [1/Å]."""

LOWEST = 0.05
"""Frequencies below are left to the normalisation [1/Å]."""

HIGHEST_FRACTION = 0.95
"""Frequencies up to this fraction of the coarser Nyquist frequency count; the resampling
window cuts those above."""

NOISE_FRACTION = 0.7
"""Noise is measured from this fraction of the coarser Nyquist frequency on."""

LATTICE_RANGE = (0.2, 1.1)
"""Frequencies of lattice spots [1/Å], that is spacings of 5 Å to 0.9 Å."""

SPOT = 25.0
"""A spot has this many times the power of its ring.  White noise exceeds r times its mean at a
frequency with probability exp(-r)."""

MOST_SPOTS = 4
"""Spots of an image that are compared."""

SAME_SPOT = 0.03
"""Spots whose frequencies differ by less than this fraction count as one."""

TINY = 1e-12
"""Power below this counts as zero."""


@dataclass(frozen=True)
class Appearance:
    """Statistics of an image that are compared with those of training images.

    Attributes:
        spectrum: (bin,) log10 of the normalised image's power density [Å²] in the frequencies
            of ``bin_edges``; NaN beyond the Nyquist frequencies of image and network.
        noise_dose: Dose whose shot noise the image shows [e/Å²]; NaN where the grey values are
            not in proportion to electrons.
        spots: (spot,) frequencies of the strongest lattice spots [1/Å], strongest first; empty
            where none stands out.
    """

    spectrum: np.ndarray
    noise_dose: float
    spots: np.ndarray


def bin_edges(sampling: float) -> np.ndarray:
    """(bin + 1,) edges of the spectrum's bins at the network's pixel size [1/Å]."""
    highest = HIGHEST_FRACTION * 0.5 / sampling
    return np.arange(LOWEST, highest + 1e-9, BIN)


def appearance(
    images: np.ndarray,
    sampling: float,
    camera_sampling: float,
    width: float,
    counts: bool = True,
) -> Appearance:
    """Statistics of an image at the network's pixels.

    Args:
        images: (row, col, focus), at the network's pixels, not normalised.
        sampling: The network's pixel size [Å].
        camera_sampling: Pixel size of the image as it was recorded [Å].
        width: Width of the network's normalisation [Å].
        counts: Whether the grey values are in proportion to electrons, so that noise can be
            compared with the mean.
    """
    images = np.asarray(images, np.float64)
    nyquist = HIGHEST_FRACTION * 0.5 / max(sampling, camera_sampling)
    power, radius = _power(normalize(images, sampling, width), sampling)
    edges = bin_edges(sampling)
    mean_power = power.mean(axis=0)
    spectrum = _ring_means(mean_power, radius, edges)
    spectrum[edges[1:] > nyquist + 1e-9] = np.nan
    mean = images.mean()
    noise_dose = np.nan
    if counts and mean > 0:
        raw, _ = _power(images / mean, sampling)
        ring = (radius >= NOISE_FRACTION * nyquist / HIGHEST_FRACTION) & (radius < nyquist)
        if ring.any():
            noise_dose = 1 / max(float(raw.mean(axis=0)[ring].mean()), TINY)
    return Appearance(
        np.log10(np.maximum(spectrum, TINY)), noise_dose, _strongest_spots(power, radius, sampling)
    )


def frame_appearance(
    frame: np.ndarray, camera_sampling: float, sampling: float, width: float
) -> Appearance:
    """Statistics of a frame from a microscope.

    Args:
        frame: (row, col, focus) in any linear grey values; noise is compared with the mean
            where none is negative, as counts are.
        camera_sampling: Its pixel size [Å].
        sampling: The network's pixel size [Å].
        width: Width of the network's normalisation [Å].
    """
    part = np.asarray(middle(frame, camera_sampling), np.float32)
    images = resample(part, camera_sampling, sampling)
    return appearance(images, sampling, camera_sampling, width, bool(part.min() >= 0))


def middle(frame: np.ndarray, sampling: float) -> np.ndarray:
    """The middle of a large frame (row, col, focus) of ``sampling`` Å, of which statistics are."""
    most = round(MOST_WINDOWS * WINDOW / sampling)
    starts = [max((size - most) // 2, 0) for size in frame.shape[:2]]
    return frame[tuple(slice(start, start + most) for start in starts)]


def example_appearance(example: Example, width: float) -> Appearance:
    """Statistics of a simulated training example.

    Args:
        example: The example, at the network's pixels.
        width: Width of the network's normalisation [Å].
    """
    camera_sampling = float(example.parameters["camera_sampling"])
    return appearance(example.images, example.sampling, camera_sampling, width)


def _power(images: np.ndarray, sampling: float) -> tuple[np.ndarray, np.ndarray]:
    """(window, row, col) power density [Å²] averaged over the foci, and its frequencies [1/Å]."""
    rows, cols = (min(size, round(WINDOW / sampling)) for size in images.shape[:2])
    taper = np.hanning(rows + 2)[1:-1, None] * np.hanning(cols + 2)[1:-1]
    scale = sampling**2 / np.sum(taper**2)
    starts = [
        np.linspace(0, size - side, -(-size // side)).round().astype(int)
        for size, side in zip(images.shape[:2], (rows, cols), strict=True)
    ]
    powers = []
    for row, col in product(*starts):
        part = images[row : row + rows, col : col + cols]
        part = (part - part.mean(axis=(0, 1))) * taper[..., None]
        spectrum = np.fft.fft2(part, axes=(0, 1))
        powers.append(scale * np.mean(np.abs(spectrum) ** 2, axis=-1))
    radius = np.hypot(*np.ix_(np.fft.fftfreq(rows, sampling), np.fft.fftfreq(cols, sampling)))
    return np.stack(powers), radius


def _ring_means(power: np.ndarray, radius: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """(bin,) mean over each ring; NaN where it holds no frequency."""
    count, _ = np.histogram(radius, edges)
    total, _ = np.histogram(radius, edges, weights=power)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _strongest_spots(power: np.ndarray, radius: np.ndarray, sampling: float) -> np.ndarray:
    """(spot,) frequencies of the strongest lattice spots of all windows [1/Å]."""
    low, high = LATTICE_RANGE
    inside = (radius >= low) & (radius < min(high, HIGHEST_FRACTION * 0.5 / sampling))
    if not inside.any():
        return np.zeros(0)
    ring = np.where(inside, (radius - low) / BIN, 0).astype(int)
    found: list[tuple[float, float]] = []
    for window in power:
        background = np.ones(ring.max() + 1)
        for number in np.unique(ring[inside]):
            # The mean of exponentially distributed power is its median / ln 2, whatever the spots.
            background[number] = np.median(window[inside & (ring == number)]) / np.log(2)
        ratio = np.where(inside, window / np.maximum(background, TINY)[ring], 0)
        top = (ratio > SPOT) & (window == maximum_filter(window, 3, mode="wrap"))
        found += [
            (float(ratio[tuple(place)]), _spot_frequency(window, tuple(place), sampling))
            for place in np.argwhere(top)
        ]
    chosen: list[float] = []
    for _, frequency in sorted(found, reverse=True):
        if all(abs(np.log(frequency / other)) > SAME_SPOT for other in chosen):
            chosen.append(frequency)
    return np.array(chosen[:MOST_SPOTS])


def _spot_frequency(power: np.ndarray, place: tuple[int, ...], sampling: float) -> float:
    """Frequency of a spot [1/Å], by parabolas through the logarithm of its power."""
    logarithm = np.log(np.maximum(power, TINY))
    frequency = []
    for axis, size in enumerate(power.shape):
        line = np.take(logarithm, place[1 - axis], axis=1 - axis)
        before, here, after = line[np.arange(place[axis] - 1, place[axis] + 2) % size]
        bend = before - 2 * here + after
        offset = np.clip(0.5 * (before - after) / bend, -0.5, 0.5) if bend < 0 else 0.0
        frequency.append(np.fft.fftfreq(size, sampling)[place[axis]] + offset / (size * sampling))
    return float(np.hypot(*frequency))
