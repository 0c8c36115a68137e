"""Pixel size from a crystal of known spacing: the spots of its lattice in the power spectrum."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from scipy import fft, stats
from scipy.ndimage import maximum_filter, minimum_filter1d

from temnet.errors import InputError

LOGGER = logging.getLogger(__name__)

HEADER_TOLERANCE = 0.02
"""Headers farther than this fraction from the lattice deserve a warning."""

EXPECTED_WITHIN = 0.15
"""Rings are looked for within this fraction of the expected pixel size: neighbouring rings of
the usual lattices are 15 % ({111} and {200} of fcc) or more apart."""

RING_WIDTH = 0.05
"""Spots whose frequencies differ by less than this fraction belong to one ring, which leaves room
for distortion by projector lenses (1 to 2 %) and for strain."""

FEWEST_PERIODS = 8
"""Periods along the image's shorter side; longer waves are shapes, not lattices."""

HIGHEST_FREQUENCY = 0.48
"""Cycles per pixel up to which spots are believed; beyond 0.5 they fold back."""

FALSE_ALARMS = 1e-4
"""Images of noise alone in which any spot would be seen."""

LEAST_AMPLITUDE = 1e-3
"""Amplitude of a wave that is believed, in units of the image's standard deviation: an image
without noise has maxima of rounding errors, too."""

FAINTEST = 0.02
"""Spots with less than this fraction of the power of the ring's strongest one are left out."""

MOST_FRAMES = 32
"""Frames of a movie that are looked at, spread evenly; more hardly sharpen the spots."""

MOST_SPOTS = 48
"""Maxima that are measured, the clearest first."""

INCONSISTENT = 0.01
"""Spots that scatter more than chance would in this fraction of cases show a distortion."""

ZOOM = np.arange(-4, 5) / 4
"""Where the spectrum around a maximum is computed, in its own grid's steps."""


@dataclass(frozen=True)
class Calibration:
    """A pixel size measured on a lattice.

    Attributes:
        sampling: Pixel size [Å].
        uncertainty: Its standard error [Å]: what noise does to the spots, or, where they differ
            by more than noise does, the standard deviation of the pixel size over them.  An
            error of the spacing that was given is not in it.
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
        background: (rows, cols), what there would be without spots.
        shape: (rows, cols), shape of the Gamma distribution of power without spots: the number
            of frames where they are independent, down to 1 where they all show the same.
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
    """Pixel size from the lattice's spots and the distance between its planes.

    The power spectrum under a Hann window is averaged over the frames, which drift does not
    disturb.  Spots stand out of the median at their distance from the middle by more than noise
    ever does; how much that is follows from the lower half of the same ring, so that film and
    Thon rings, which are speckled however many frames are added, are told from noise.  Each spot
    is measured between the grid points, on the transform itself.

    Args:
        images: (row, col) or (frame, row, col), finite, square pixels.
        spacing: Distance between the planes behind the ring [Å].
        expected: About what the pixel size should be [Å].  The strongest ring within 15 % of it
            is taken; without it the strongest of all.

    Returns:
        The pixel size [Å] with its standard error.

    Raises:
        InputError: The spacing is no length, the images are too small, or no spots stand out.
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
            "No lattice stands out in the image's power spectrum, so that its pixel size cannot "
            "be measured; give images.sampling in Å, or an image of a crystal."
        )
    spots, variances, strengths = _measured(windowed, spectrum, places)
    ring = _choose_ring(np.linalg.norm(spots, axis=1), strengths, spacing, expected)
    return _combined(spots[ring], variances[ring], spacing)


def header_warning(header: float, calibration: Calibration) -> str | None:
    """What to say of a header's pixel size that the lattice contradicts, None if it does not.

    Args:
        header: Pixel size in the header [Å].
        calibration: The pixel size by the lattice.

    >>> header_warning(0.201, Calibration(0.2, 0.0002, np.zeros((1, 2)), 0.0))
    >>> header_warning(0.21, Calibration(0.2, 0.0002, np.zeros((1, 2)), 0.0))
    'the pixel size is given as 0.21 Å, the lattice says 0.2 ± 0.0002 Å (5.0 % less)'
    """
    difference = header / calibration.sampling - 1
    if abs(difference) <= HEADER_TOLERANCE:
        return None
    word = "less" if difference > 0 else "more"
    return (
        f"the pixel size is given as {header:.4g} Å, the lattice says {calibration.sampling:.4g} ± "
        f"{calibration.uncertainty:.2g} Å ({100 * abs(difference):.1f} % {word})"
    )


def _check(frames: np.ndarray, spacing: float, expected: float | None) -> None:
    for name, value in (("spacing", spacing), ("expected pixel size", expected)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"The {name} must be a length above 0 Å; got {value}.")
    if frames.ndim != 3 or len(frames) == 0 or min(frames.shape[1:]) < 4 * FEWEST_PERIODS:
        raise InputError(
            f"The pixel size cannot be measured on images of shape {frames.shape}; expected "
            f"(frame, row, col) with at least {4 * FEWEST_PERIODS} pixels a side."
        )


def _windowed(frames: np.ndarray) -> np.ndarray:
    """(frame, row, col) float32 of mean zero and variance one under a Hann window."""
    rows, cols = (hann(count) for count in frames.shape[1:])
    windowed = frames.astype(np.float32)
    windowed -= windowed.mean(axis=(1, 2), keepdims=True)
    spread = windowed.std(axis=(1, 2), keepdims=True)
    windowed /= np.where(spread > 0, spread, 1)
    windowed *= (rows[:, None] * cols).astype(np.float32)
    return windowed


def hann(count: int) -> np.ndarray:
    """(count,) Hann window, which is zero half a pixel beyond its ends."""
    return np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 2


def _power_spectrum(windowed: np.ndarray) -> _Spectrum:
    """Mean power of the frames and what it would be without spots, see `_Spectrum`."""
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
    # Wider rings for the scatter, of which the quartiles know less.
    wide = (ring / 4).astype(np.int32)
    shapes = _gamma_shapes(*_quartiles(power / background, wide), len(windowed))
    # Where film gives way to noise, a ring holds some of each.
    shapes = minimum_filter1d(shapes, 3, mode="nearest")
    # What was normalised by is the median; the mean is wanted.
    background *= (shapes / stats.gamma.ppf(0.5, shapes))[wide]
    return _Spectrum(power, background, shapes[wide], rows, cols)


def _gamma_shapes(middle: np.ndarray, lower: np.ndarray, frame_count: int) -> np.ndarray:
    """Shapes of Gamma distributions by their medians and lower quartiles, 1 to ``frame_count``."""
    table = np.geomspace(1, max(frame_count, 1.01), 32)
    ratios = stats.gamma.ppf(0.25, table) / stats.gamma.ppf(0.5, table)
    return np.interp(lower / np.maximum(middle, 1e-30), ratios, table)


def _quartiles(values: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Medians and lower quartiles of the values in each group, 1 where a group is empty.

    The upper half is not looked at: spots are in it.
    """
    order = np.argsort(group, axis=None, kind="stable")
    ends = np.cumsum(np.bincount(group.ravel()))
    groups = np.split(values.ravel()[order], ends[:-1])
    quartiles = [np.quantile(part, (0.5, 0.25)) if len(part) else (1, 1) for part in groups]
    middle, lower = np.transpose(quartiles)
    return middle, lower


def _maxima(spectrum: _Spectrum) -> np.ndarray:
    """(N, 2) indices of maxima that noise does not make, of one half-plane, clearest first."""
    length = np.hypot(spectrum.rows[:, None], spectrum.cols)
    counted = length >= FEWEST_PERIODS / min(length.shape)
    counted &= (length <= HIGHEST_FREQUENCY) & (spectrum.cols >= 0)
    clear = spectrum.power / spectrum.background
    shapes, inverse = np.unique(spectrum.shape, return_inverse=True)
    limits = stats.gamma.isf(FALSE_ALARMS / clear.size, shapes) / shapes
    counted &= clear > limits[inverse.reshape(clear.shape)]
    # The zero frequency's window is (count / 2) a side; a wave's amplitude is shared by two spots.
    counted &= spectrum.power > (LEAST_AMPLITUDE * clear.size / 8) ** 2
    counted &= spectrum.power == maximum_filter(spectrum.power, 5, mode="wrap")
    places = np.argwhere(counted)
    return places[np.argsort(-clear[tuple(places.T)])][:MOST_SPOTS]


def _measured(
    windowed: np.ndarray, spectrum: _Spectrum, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the spots are, how well that is known, and how strong they are.

    The top of a parabola through the logarithm of the power.  Noise of mean power B on a spot of
    power S turns the slope at the top by 2 sqrt(S B / F) <x^2>^(1/2), x a pixel's distance from
    the middle under the squared window and F the number of independent frames; divided by the
    curvature that is the error.  For a wave under no window it is the Cramér-Rao bound.

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
        # The spot on the axis between the half-planes is seen at both ends.
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
    """(R, C) mean power at any frequencies [cycles per pixel]: the transform, summed."""
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
    # A maximum on a crest or a shoulder is as wide as the grid around it.
    hessian = vectors @ np.diag(np.minimum(values, -1.0)) @ vectors.T
    offset = np.clip(-np.linalg.solve(hessian, slope), -0.5, 0.5)
    height = np.exp(level + slope @ offset + offset @ hessian @ offset / 2)
    return ZOOM[centre] + offset, hessian, float(height)


def _choose_ring(
    lengths: np.ndarray, strengths: np.ndarray, spacing: float, expected: float | None
) -> np.ndarray:
    """(N,) bool: spots of the ring with the most power, see `measure_sampling`."""
    usable = np.ones(len(lengths), bool)
    if expected is not None:
        usable = np.abs(spacing * lengths / expected - 1) <= EXPECTED_WITHIN
        if not np.any(usable):
            found = spacing * lengths[np.argmax(strengths)]
            raise InputError(
                f"No spots of a spacing of {spacing:g} Å stand out near the expected pixel size "
                f"of {expected:.4g} Å; the strongest ones would mean {found:.4g} Å: check the "
                "spacing and the pixel size."
            )
    together = np.abs(lengths[:, None] / lengths - 1) <= RING_WIDTH
    together &= usable[:, None] & usable
    best = together[np.argmax(together @ strengths)]
    return best & (strengths >= FAINTEST * strengths[best].max())


def _combined(spots: np.ndarray, variances: np.ndarray, spacing: float) -> Calibration:
    """The pixel size that the spots of a ring agree on, or their mean where they do not."""
    samplings = spacing * np.linalg.norm(spots, axis=1)
    variances = spacing**2 * variances
    weights = 1 / variances
    mean = np.sum(weights * samplings) / np.sum(weights)
    variance = 1 / np.sum(weights)
    distortion = np.ptp(samplings) / (samplings.max() + samplings.min())
    count = len(samplings)
    scatter = np.sum(weights * (samplings - mean) ** 2)
    if count > 1 and stats.chi2.sf(scatter, count - 1) < INCONSISTENT:
        # Not chance: the pixel size depends on the direction or the place, and is no one number.
        mean = samplings.mean()
        variance += samplings.var(ddof=1)
        LOGGER.warning(
            "the lattice's spots differ in their distance from the middle by ± %.1f %%: the image "
            "is distorted or strained, its pixels are not square, or several lattices meet",
            100 * distortion,
        )
    return Calibration(float(mean), float(np.sqrt(variance)), spots, float(distortion))
