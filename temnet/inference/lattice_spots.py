"""Spots of lattices in the power spectrum of images, as vectors with their strengths.

The power spectrum under a Hann window is averaged over the frames; drift has no effect on it.
Spots exceed the median at their distance from the middle by more than noise does.  The limit
follows from the lower half of the same ring, which distinguishes amorphous film and Thon rings,
speckled however many frames are added, from noise.  Each spot is measured between the grid points,
on the Fourier transform itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft, stats
from scipy.ndimage import maximum_filter, minimum_filter1d

from temnet.errors import InputError

FEWEST_PERIODS = 8
"""Fewest periods along the shorter side of the image; longer waves are shapes, not lattices."""

HIGHEST_FREQUENCY = 0.48
"""Highest frequency of a spot [cycles per pixel]; beyond 0.5 spots are aliased."""

FALSE_ALARMS = 1e-4
"""Fraction of images of pure noise in which a spot is found."""

LEAST_AMPLITUDE = 1e-3
"""Smallest amplitude of a wave, in units of the image's standard deviation: an image without noise
has maxima from rounding errors, too."""

MOST_FRAMES = 32
"""Most frames of a movie that are used, evenly spaced; more hardly sharpen the spots."""

MOST_SPOTS = 48
"""Most maxima that are measured, the clearest first."""

ZOOM = np.arange(-4, 5) / 4
"""Offsets from a maximum at which the spectrum is computed [steps of its grid]."""


@dataclass(frozen=True)
class Spots:
    """Spots of a power spectrum, one of each opposite pair, the clearest first.

    Attributes:
        frequencies: (N, 2) float64, (row, col) [cycles per pixel].
        variances: (N,) float64, of the lengths of the frequencies, due to noise.
        strengths: (N,) float64, power above the background.
        widths: (N,) float64, standard deviation of the spot along its frequency [cycles per
            pixel]: that of the window's transform, or more where the crystal is smaller.
    """

    frequencies: np.ndarray
    variances: np.ndarray
    strengths: np.ndarray
    widths: np.ndarray

    def __len__(self) -> int:
        return len(self.strengths)

    def select(self, mask: np.ndarray) -> Spots:
        """The spots where ``mask`` (N,) is true, or at the given indices."""
        return Spots(
            self.frequencies[mask],
            self.variances[mask],
            self.strengths[mask],
            self.widths[mask],
        )


@dataclass(frozen=True)
class _Spectrum:
    """A power spectrum on its grid, the zero frequency in the middle.

    Attributes:
        power: (rows, cols), mean over the frames.
        background: (rows, cols), power without spots.
        shape: (rows, cols), shape of the Gamma distribution of power without spots: the number of
            frames if they are independent, down to 1 if all frames are equal.
        rows: (rows,) frequencies [cycles per pixel].
        cols: (cols,) frequencies [cycles per pixel].
    """

    power: np.ndarray
    background: np.ndarray
    shape: np.ndarray
    rows: np.ndarray
    cols: np.ndarray


def find_spots(images: np.ndarray, most: int = MOST_SPOTS) -> Spots:
    """The spots of the lattices in an image or a movie.

    Args:
        images: (row, col) or (frame, row, col), finite, square pixels; of more than `MOST_FRAMES`
            frames evenly spaced ones are used.
        most: Number of maxima that are measured, the clearest first.

    Raises:
        InputError: If the images are too small.
    """
    images = np.asarray(images)
    frames = images[None] if images.ndim == 2 else images
    check_size(frames)
    frames = frames[np.unique(np.linspace(0, len(frames) - 1, MOST_FRAMES).astype(int))]
    windowed = _windowed(frames)
    spectrum = _power_spectrum(windowed)
    return _measured(windowed, spectrum, _maxima(spectrum)[:most])


def check_size(frames: np.ndarray) -> None:
    """Checks that spots can be found in (frame, row, col) images.

    Raises:
        InputError: If there are too few pixels.
    """
    if frames.ndim != 3 or len(frames) == 0 or min(frames.shape[1:]) < 4 * FEWEST_PERIODS:
        raise InputError(
            f"the pixel size cannot be measured on images of shape {frames.shape}; expected "
            f"(frame, row, col) with at least {4 * FEWEST_PERIODS} pixels a side."
        )


def _windowed(frames: np.ndarray) -> np.ndarray:
    """(frame, row, col) float32 frames of mean zero and variance one, under a Hann window."""
    rows, cols = (hann(count) for count in frames.shape[1:])
    windowed = frames.astype(np.float32)
    windowed -= windowed.mean(axis=(1, 2), keepdims=True)
    spread = windowed.std(axis=(1, 2), keepdims=True)
    windowed /= np.where(spread > 0, spread, 1)
    windowed *= (rows[:, None] * cols).astype(np.float32)
    return windowed


def hann(count: int) -> np.ndarray:
    """(count,) Hann window that is zero half a pixel beyond its ends."""
    return np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 2


def _power_spectrum(windowed: np.ndarray) -> _Spectrum:
    """Mean power of the frames, and the power without spots; see `_Spectrum`."""
    power = np.zeros(windowed.shape[1:], np.float32)
    for frame in windowed:
        transform = fft.fft2(frame)
        power += transform.real**2 + transform.imag**2
    power = fft.fftshift(power / len(windowed))
    rows, cols = (fft.fftshift(fft.fftfreq(count)) for count in power.shape)
    ring = np.hypot(rows[:, None], cols) * (min(power.shape) / 2)  # two steps wide
    medians, _ = _quartiles(power, ring.astype(np.int32))
    centres = np.arange(len(medians)) + 0.5
    background = np.exp(np.interp(ring, centres, np.log(np.maximum(medians, 1e-30))))
    # Wider rings for the scatter, which needs more values.
    wide = (ring / 4).astype(np.int32)
    shapes = _gamma_shapes(*_quartiles(power / background, wide), len(windowed))
    # At the boundary between film and noise a ring holds some of each.
    shapes = minimum_filter1d(shapes, 3, mode="nearest")
    # From the median, by which power was normalised, to the mean.
    background *= (shapes / stats.gamma.ppf(0.5, shapes))[wide]
    return _Spectrum(power, background, shapes[wide], rows, cols)


def _gamma_shapes(middle: np.ndarray, lower: np.ndarray, frame_count: int) -> np.ndarray:
    """Shapes of Gamma distributions from medians and lower quartiles, 1 to ``frame_count``."""
    table = np.geomspace(1, max(frame_count, 1.01), 32)
    ratios = stats.gamma.ppf(0.25, table) / stats.gamma.ppf(0.5, table)
    return np.interp(lower / np.maximum(middle, 1e-30), ratios, table)


def _quartiles(values: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Medians and lower quartiles of the values in each group, 1 if a group is empty.

    The upper half is not used: it contains the spots.
    """
    order = np.argsort(group, axis=None, kind="stable")
    ends = np.cumsum(np.bincount(group.ravel()))
    groups = np.split(values.ravel()[order], ends[:-1])
    quartiles = [np.quantile(part, (0.5, 0.25)) if len(part) else (1, 1) for part in groups]
    middle, lower = np.transpose(quartiles)
    return middle, lower


def _maxima(spectrum: _Spectrum) -> np.ndarray:
    """(N, 2) indices of maxima above noise, in one half-plane, the clearest first."""
    length = np.hypot(spectrum.rows[:, None], spectrum.cols)
    counted = length >= FEWEST_PERIODS / min(length.shape)
    counted &= (length <= HIGHEST_FREQUENCY) & (spectrum.cols >= 0)
    clear = spectrum.power / spectrum.background
    shapes, inverse = np.unique(spectrum.shape, return_inverse=True)
    limits = stats.gamma.isf(FALSE_ALARMS / clear.size, shapes) / shapes
    counted &= clear > limits[inverse.reshape(clear.shape)]
    # The window has the area (count / 2) a side; two spots share the amplitude of a wave.
    counted &= spectrum.power > (LEAST_AMPLITUDE * clear.size / 8) ** 2
    counted &= spectrum.power == maximum_filter(spectrum.power, 5, mode="wrap")
    places = np.argwhere(counted)
    return places[np.argsort(-clear[tuple(places.T)])][:MOST_SPOTS]


def _measured(windowed: np.ndarray, spectrum: _Spectrum, places: np.ndarray) -> Spots:
    """The spots near some maxima.

    A position is the top of a parabola through the logarithm of the power.  Noise of mean power B
    on a spot of power S turns the slope at the top by 2 sqrt(S B / F) <x^2>^(1/2), x a pixel's
    distance from the middle under the squared window and F the number of independent frames;
    divided by the curvature that is the error.  For a wave under no window it is the Cramér-Rao
    bound.
    """
    size = np.array(windowed.shape[1:])
    inertia = np.array([_inertia(count) for count in size])
    spots: list[np.ndarray] = []
    variances, strengths, widths = [], [], []
    for row, col in places.tolist():
        rows = spectrum.rows[row] + ZOOM / size[0]
        cols = spectrum.cols[col] + ZOOM / size[1]
        offset, hessian, height = _vertex(_zoomed(windowed, rows, cols))
        background, shape = spectrum.background[row, col], spectrum.shape[row, col]
        strength = max(height - background, 1e-6 * height)
        noise = background / strength
        frequency = np.array([spectrum.rows[row], spectrum.cols[col]]) + offset / size
        if not np.any(frequency):
            continue
        if frequency[1] < 0:
            frequency = -frequency
        inverse = np.linalg.inv(hessian * np.outer(size, size))
        covariance = inverse @ np.diag(inertia) @ inverse
        covariance *= 8 * np.pi**2 * noise * (1 + noise) / shape
        along = frequency / np.linalg.norm(frequency)
        # A spot on the axis between the half-planes appears at both ends.
        near = [np.abs((frequency - other) * size).max() < 2 for other in spots]
        opposite = [np.abs((frequency + other) * size).max() < 2 for other in spots]
        if not any(near) and not any(opposite):
            spots.append(frequency)
            variances.append(along @ covariance @ along)
            strengths.append(strength)
            widths.append(np.sqrt(-(along @ inverse @ along)))
    frequencies = np.array(spots).reshape(-1, 2)
    return Spots(frequencies, np.array(variances), np.array(strengths), np.array(widths))


def _inertia(count: int) -> float:
    """Mean square distance from the middle under the squared Hann window [pixels²]."""
    weight = hann(count) ** 2
    return float(np.sum(weight * (np.arange(count) - (count - 1) / 2) ** 2) / np.sum(weight))


def _zoomed(windowed: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """(R, C) mean power at any frequencies [cycles per pixel], by summing the transform."""
    along_rows, along_cols = (
        np.exp(-2j * np.pi * np.outer(frequencies, np.arange(count))).astype(np.complex64)
        for frequencies, count in zip((rows, cols), windowed.shape[1:], strict=True)
    )
    power = np.zeros((len(rows), len(cols)))
    for frame in windowed:
        power += np.abs(along_rows @ (frame @ along_cols.T)) ** 2
    return power / len(windowed)


def _vertex(power: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Top of a paraboloid through the logarithm of the power around its largest value.

    Returns:
        (2,) offset from the middle [steps of the spectrum's grid]; (2, 2) second derivatives of
        the logarithm, per step; the power at the top.
    """
    top = np.unravel_index(np.argmax(power), power.shape)
    centre = np.clip(top, 2, np.array(power.shape) - 3)
    part = power[centre[0] - 2 : centre[0] + 3, centre[1] - 2 : centre[1] + 3]
    row, col = (axis.ravel() for axis in np.meshgrid(*2 * [np.arange(-2, 3) / 4], indexing="ij"))
    terms = np.stack([np.ones_like(row), row, col, row**2 / 2, row * col, col**2 / 2], axis=1)
    level, *rest = np.linalg.lstsq(terms, np.log(part.ravel()), rcond=None)[0]
    slope, hessian = np.array(rest[:2]), np.array([[rest[2], rest[3]], [rest[3], rest[4]]])
    values, vectors = np.linalg.eigh(hessian)
    # On a crest or a shoulder the width is limited to that of the grid.
    hessian = vectors @ np.diag(np.minimum(values, -1.0)) @ vectors.T
    offset = np.clip(-np.linalg.solve(hessian, slope), -0.5, 0.5)
    height = np.exp(level + slope @ offset + offset @ hessian @ offset / 2)
    return ZOOM[centre] + offset, hessian, float(height)
