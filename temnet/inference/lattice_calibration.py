"""Pixel size from the lattice of a crystal of known spacing, by the spots in the power spectrum."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from scipy import fft, stats
from scipy.ndimage import maximum_filter, minimum_filter1d

from temnet.errors import InputError

LOGGER = logging.getLogger(__name__)

HEADER_TOLERANCE = 0.02
"""Headers that differ from the lattice by more than this fraction cause a warning."""

EXPECTED_WITHIN = 0.15
"""Rings are searched within this fraction of the expected pixel size: neighbouring rings of common
lattices are 15 % ({111} and {200} of fcc) or more apart."""

RING_WIDTH = 0.05
"""Spots whose frequencies differ by less than this fraction belong to one ring; this allows for
distortion by projector lenses (1 to 2 %) and for strain."""

FEWEST_PERIODS = 8
"""Fewest periods along the shorter side of the image; longer waves are shapes, not lattices."""

HIGHEST_FREQUENCY = 0.48
"""Highest frequency of a spot [cycles per pixel]; beyond 0.5 spots are aliased."""

FALSE_ALARMS = 1e-4
"""Fraction of images of pure noise in which a spot is found."""

LEAST_AMPLITUDE = 1e-3
"""Smallest amplitude of a wave, in units of the image's standard deviation: an image without noise
has maxima from rounding errors, too."""

FAINTEST = 0.02
"""Spots with less than this fraction of the power of the strongest spot in a ring are ignored."""

MOST_FRAMES = 32
"""Most frames of a movie that are used, evenly spaced; more hardly sharpen the spots."""

MOST_SPOTS = 48
"""Most maxima that are measured, the clearest first."""

INCONSISTENT = 0.01
"""Spots that scatter more than noise does in this fraction of cases show a distortion."""

ZOOM = np.arange(-4, 5) / 4
"""Offsets from a maximum at which the spectrum is computed [steps of its grid]."""


@dataclass(frozen=True)
class Calibration:
    """A pixel size measured on a lattice.

    Attributes:
        sampling: Pixel size [Å].
        uncertainty: Its standard error [Å] due to noise, or, if spots differ by more than noise
            explains, with the standard deviation over the spots.  An error of the given spacing is
            not included.
        spots: (N, 2) float64, (row, col) frequencies of the ring's spots [cycles per pixel], one
            of each opposite pair.
        distortion: Half the relative difference between the largest and the smallest pixel size
            among the spots; 0 for a single one.
    """

    sampling: float
    uncertainty: float
    spots: np.ndarray
    distortion: float


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


def measure_sampling(
    images: np.ndarray, spacing: float, expected: float | None = None
) -> Calibration:
    """Pixel size from the spots of a lattice and the distance between its planes.

    The power spectrum under a Hann window is averaged over the frames; drift has no effect on it.
    Spots exceed the median at their distance from the middle by more than noise does.  The limit
    follows from the lower half of the same ring, which distinguishes amorphous film and Thon rings,
    speckled however many frames are added, from noise.  Each spot is measured between the grid
    points, on the Fourier transform itself.

    Args:
        images: (row, col) or (frame, row, col), finite, square pixels.
        spacing: Distance between the planes of the ring [Å].
        expected: Approximate pixel size [Å].  The strongest ring within 15 % of it is used; without
            it the strongest of all.

    Returns:
        The pixel size [Å] with its standard error.

    Raises:
        InputError: If the spacing is not a length, the images are too small, or no spots stand out.
    """
    images = np.asarray(images)
    frames = images[None] if images.ndim == 2 else images
    _check(frames, spacing, expected)
    frames = frames[np.unique(np.linspace(0, len(frames) - 1, MOST_FRAMES).astype(int))]
    windowed = _windowed(frames)
    spectrum = _power_spectrum(windowed)
    places = _maxima(spectrum)
    if len(places) == 0:
        raise InputError(
            "no lattice stands out in the power spectrum of the image, so that its pixel size "
            "cannot be measured. Set images.sampling in Å, or give an image of a crystal."
        )
    spots, variances, strengths = _measured(windowed, spectrum, places)
    ring = _choose_ring(np.linalg.norm(spots, axis=1), strengths, spacing, expected)
    return _combined(spots[ring], variances[ring], spacing)


def header_warning(header: float, calibration: Calibration) -> str | None:
    """A sentence on a header's pixel size that the lattice contradicts, None if they agree.

    Args:
        header: Pixel size in the header [Å].
        calibration: The pixel size by the lattice.

    >>> header_warning(0.201, Calibration(0.2, 0.0002, np.zeros((1, 2)), 0.0))
    >>> header_warning(0.21, Calibration(0.2, 0.0002, np.zeros((1, 2)), 0.0))
    'the given pixel size is 0.21 Å, but the lattice gives 0.2 ± 0.0002 Å (5.0 % less)'
    """
    difference = header / calibration.sampling - 1
    if abs(difference) <= HEADER_TOLERANCE:
        return None
    word = "less" if difference > 0 else "more"
    return (
        f"the given pixel size is {header:.4g} Å, but the lattice gives {calibration.sampling:.4g} "
        f"± {calibration.uncertainty:.2g} Å ({100 * abs(difference):.1f} % {word})"
    )


def _check(frames: np.ndarray, spacing: float, expected: float | None) -> None:
    for name, value in (("spacing", spacing), ("expected pixel size", expected)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"the {name} must be a length above 0 Å; got {value}.")
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


def _measured(
    windowed: np.ndarray, spectrum: _Spectrum, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of the spots, their variances, and the strengths of the spots.

    A position is the top of a parabola through the logarithm of the power.  Noise of mean power B
    on a spot of power S turns the slope at the top by 2 sqrt(S B / F) <x^2>^(1/2), x a pixel's
    distance from the middle under the squared window and F the number of independent frames;
    divided by the curvature that is the error.  For a wave under no window it is the Cramér-Rao
    bound.

    Returns:
        (N, 2) frequencies [cycles per pixel] in one half-plane; (N,) variances of their lengths;
        (N,) power above the background.
    """
    size = np.array(windowed.shape[1:])
    inertia = np.array([_inertia(count) for count in size])
    spots: list[np.ndarray] = []
    variances, strengths = [], []
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
    return np.array(spots).reshape(-1, 2), np.array(variances), np.array(strengths)


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


def _choose_ring(
    lengths: np.ndarray, strengths: np.ndarray, spacing: float, expected: float | None
) -> np.ndarray:
    """(N,) bool: spots of the ring with the most power; see `measure_sampling`."""
    usable = np.ones(len(lengths), bool)
    if expected is not None:
        usable = np.abs(spacing * lengths / expected - 1) <= EXPECTED_WITHIN
        if not np.any(usable):
            found = spacing * lengths[np.argmax(strengths)]
            raise InputError(
                f"no spots of a spacing of {spacing:g} Å stand out near the expected pixel size of "
                f"{expected:.4g} Å; the strongest spots would mean {found:.4g} Å. Check the "
                "spacing and the pixel size."
            )
    together = np.abs(lengths[:, None] / lengths - 1) <= RING_WIDTH
    together &= usable[:, None] & usable
    best = together[np.argmax(together @ strengths)]
    return best & (strengths >= FAINTEST * strengths[best].max())


def _combined(spots: np.ndarray, variances: np.ndarray, spacing: float) -> Calibration:
    """The pixel size that the spots of a ring agree on, or their mean if they disagree."""
    samplings = spacing * np.linalg.norm(spots, axis=1)
    variances = spacing**2 * variances
    weights = 1 / variances
    mean = np.sum(weights * samplings) / np.sum(weights)
    variance = 1 / np.sum(weights)
    distortion = np.ptp(samplings) / (samplings.max() + samplings.min())
    count = len(samplings)
    scatter = np.sum(weights * (samplings - mean) ** 2)
    if count > 1 and stats.chi2.sf(scatter, count - 1) < INCONSISTENT:
        # Not chance: the pixel size depends on direction or position.
        mean = samplings.mean()
        variance += samplings.var(ddof=1)
        LOGGER.warning(
            "the spots of the lattice differ in frequency by ± %.1f %%: the image is distorted or "
            "strained, its pixels are not square, or it shows several lattices",
            100 * distortion,
        )
    return Calibration(float(mean), float(np.sqrt(variance)), spots, float(distortion))
