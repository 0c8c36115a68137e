"""Signs in an image by which other techniques than HR-TEM, filters and mere noise are recognised.

All are independent of the gain, and all but `Signs.spread` of the offset of the grey values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

LARGEST, SMALLEST = 1024, 48
"""Side of the middle part that is examined, and of the smallest image that is [pixels]."""

PATCH = 4.0
"""Side of the patches whose brightness and contrast are compared [Å]."""

COLUMN, AROUND = 0.35, 1.5
"""Standard deviations of the blurs between which columns are seen [Å]."""

NOISE_KERNEL = np.outer([1, -2, 1], [1, -2, 1]) / 6
"""Keeps white noise and removes what is linear over three pixels (Immerkær, Computer Vision and
Image Understanding 64, 300 (1996))."""

RINGS = ((0.55, 0.7), (0.7, 0.85), (0.85, 1.0))
"""Rings of frequencies in which noise along rows and columns is compared, as fractions of the
Nyquist frequency."""

GRAPHITE, BELOW, ABOVE = (0.262, 0.306), (0.19, 0.24), (0.345, 0.40)
"""Band of the fringes of graphitic carbon, and those beside it [1/Å]."""

STACK = 7.0
"""Standard deviation of the window in which the direction of fringes is measured [Å]."""

PATCH_ORDER, COARSE_ORDER = 2, 4
"""Orders of the polynomials that are removed before the brightness of patches and before coarse
structures are compared: hills of light or thickness over the whole image are no signs."""

CHI_SQUARED_MEDIAN = 0.4549
"""Median of the chi-squared distribution with one degree of freedom."""

TINY = 1e-12


@dataclass(frozen=True)
class Signs:
    """Signs of an image.

    Attributes:
        spread: Standard deviation over mean after a blur of 0.6 Å; 0 with values below zero.
        skew: Skewness of the contrast of columns.
        brightest: Share of the brightness above the darkest pixel that 1 % of the pixels have.
        centred: Distance of the brightest place from the nearest border, as a fraction of the side.
        symmetric: Correlation of the logarithm with itself turned by 180° about that place; 0 where
            it lies too near to a border.
        bright: Brightness of patches with strong contrast minus that of patches with weak contrast,
            in units of the strong contrast; slow changes over the image are removed.
        together: Rank correlation of brightness and contrast of the patches.
        lines: log10 of the noise along columns over that along rows; 0 where rings disagree.
        shaken: log10 of how much rows are shifted against their neighbours over how much columns
            are, each in units of what noise gives.
        ties: Equal neighbours minus equal pixels far apart, as fractions.
        tails: log10 of the kurtosis of the noise; 0.477 for a normal distribution.
        falloff: log10 of the power near the Nyquist frequency over that at half of it.
        floor: log10 of the power at the Nyquist frequency in units of white noise.
        gaps: Geometric over arithmetic mean of the power in rings, 1 for noise.
        blocks: Jump of neighbours' differences at every eighth pixel, along rows and columns.
        fine: log10 of the strongest ring from 0.22 1/Å on over the noise; NaN at coarse pixels.
        coarse: The same for structures of 10 to 33 Å.
        spot: log10 of the strongest spot over the median of its ring; NaN at coarse pixels.
        ring: log10 of the power at 3.27 to 3.82 Å over that beside.
        finer: log10 of the power at 2.9 to 3.27 Å over that at 3.27 to 3.82 Å.
        local: How much fringes of that spacing have one direction locally, 0 to 1.
        overall: The same over the whole image.
    """

    spread: float
    skew: float
    brightest: float
    centred: float
    symmetric: float
    bright: float
    together: float
    lines: float
    shaken: float
    ties: float
    tails: float
    falloff: float
    floor: float
    gaps: float
    blocks: float
    fine: float
    coarse: float
    spot: float
    ring: float
    finer: float
    local: float
    overall: float


def signs_of(image: np.ndarray, sampling: float) -> Signs | None:
    """The signs of an image.

    Args:
        image: (row, col) in linear grey values.
        sampling: Pixel size [Å].

    Returns:
        None for an image of one value, and for one that is too small.
    """
    if min(image.shape) < SMALLEST:
        return None
    rows, cols = (slice(max((n - LARGEST) // 2, 0), None) for n in image.shape)
    part = np.asarray(image[rows, cols][:LARGEST, :LARGEST], np.float64)
    part = (part - part.min()) / (np.ptp(part) or 1.0) if part.min() < 0 else part
    if part.std() <= TINY * abs(part.mean()):
        return None
    noise = ndimage.convolve(part, NOISE_KERNEL)
    values = {
        **_brightness(part, sampling, float(image.min()) >= 0),
        **_patches(part, sampling),
        "shaken": _row_shifts(part) - _row_shifts(part.T),
        **_filter_signs(part, noise),
        **_spectrum_signs(part, sampling),
        **_fringe_signs(part, sampling),
    }
    return Signs(**{name: float(value) for name, value in values.items()})


def _brightness(image: np.ndarray, sampling: float, positive: bool) -> dict[str, float]:
    """Signs of few very bright places."""
    columns = _blur(image, COLUMN / sampling, 1.2) - _blur(image, AROUND / sampling)
    smooth = _blur(image, 0.6 / sampling, 1.0)
    above = np.sort((image - image.min()).ravel())
    most = above[-max(1, above.size // 100) :].sum()
    top = np.unravel_index(int(np.argmax(ndimage.gaussian_filter(image, 3))), image.shape)
    sizes = zip(top, image.shape, strict=True)
    reach = int(min(min(place, n - 1 - place) for place, n in sizes))
    symmetric = 0.0
    if reach > min(image.shape) // 5:
        around = tuple(slice(place - reach, place + reach + 1) for place in top)
        logarithm = ndimage.gaussian_filter(np.log1p(image - image.min()), 2)[around]
        if logarithm.std() > 0:
            turned = logarithm[::-1, ::-1].ravel()
            symmetric = float(np.corrcoef(logarithm.ravel(), turned)[0, 1])
    centred = columns - columns.mean()
    return {
        "spread": smooth.std() / max(smooth.mean(), TINY) if positive else 0.0,
        "skew": np.mean(centred**3) / max(centred.std(), TINY) ** 3,
        "brightest": most / max(above.sum(), TINY),
        "centred": reach / min(image.shape),
        "symmetric": symmetric,
    }


def _patches(image: np.ndarray, sampling: float) -> dict[str, float]:
    """Whether patches with strong contrast are the bright ones."""
    side = min(max(round(PATCH / sampling), 6), min(image.shape) // 6)
    columns = _blur(image, COLUMN / sampling, 1.2) - _blur(image, AROUND / sampling)
    every = (slice(side // 2, None, side),) * 2
    power = ndimage.uniform_filter(columns**2, side)[every]
    level = _without_slow_change(ndimage.uniform_filter(image, side)[every], PATCH_ORDER)
    order = np.argsort(power, axis=None)
    few = max(len(order) // 5, 3)
    weak, strong = order[:few], order[-few:]
    step = level.flat[strong].mean() - level.flat[weak].mean()
    contrast = np.sqrt(max(power.flat[strong].mean() - power.flat[weak].mean(), TINY))
    ranks = [np.argsort(np.argsort(one, axis=None)) for one in (power, level)]
    return {"bright": step / contrast, "together": np.corrcoef(ranks[0], ranks[1])[0, 1]}


def _without_slow_change(values: np.ndarray, order: int) -> np.ndarray:
    """Values on a grid without the polynomial of this order that fits them best."""
    row, col = (np.linspace(-1, 1, n) for n in values.shape)
    powers = [(m, n) for m in range(order + 1) for n in range(order + 1 - m)]
    terms = np.stack([np.multiply.outer(row**m, col**n).ravel() for m, n in powers], axis=1)
    # Normal equations: the terms are few, the pixels many.
    weights = np.linalg.lstsq(terms.T @ terms, terms.T @ values.ravel())[0]
    return values - (terms @ weights).reshape(values.shape)


def _filter_signs(image: np.ndarray, noise: np.ndarray) -> dict[str, float]:
    """Signs of filters and of compression."""
    near = np.mean(image[:, 1:] == image[:, :-1])
    far = np.mean([np.mean(image[:, step:] == image[:, :-step]) for step in (9, 11, 13)])
    kurtosis = np.mean(noise**4) / max(np.mean(noise**2), TINY**2) ** 2
    return {
        "ties": near - far,
        "tails": np.log10(max(kurtosis, TINY)),
        "blocks": min(_block_jump(image), _block_jump(image.T)),
    }


def _block_jump(image: np.ndarray) -> float:
    """How much larger differences of neighbours are at one in eight places along the columns."""
    step = np.abs(np.diff(image, axis=1))
    jump = (2 * step[:, 1:-1] - step[:, :-2] - step[:, 2:]).mean(axis=0)
    if len(jump) < 16:
        return 0.0
    phases = np.sort([jump[phase::8].mean() for phase in range(8)])
    return float((phases[-1] - phases[-2]) / max(step.mean(), TINY))


def _row_shifts(image: np.ndarray) -> float:
    """log10 of the variance of shifts of rows against their neighbours, 0 for mere noise.

    A beam that is scanned row by row wanders between the rows (Jones and Nellist, Microscopy and
    Microanalysis 19, 1050 (2013)).  The difference of a row from the mean of both neighbours is
    fitted by the slope along the row: the factor is the shift, and its square in units of its
    variance by noise has a chi-squared distribution.
    """
    slope = ndimage.gaussian_filter(image, 1.0, order=(0, 1))[1:-1, 2:-2]
    step = (image[1:-1] - (image[:-2] + image[2:]) / 2)[:, 2:-2]
    power = np.maximum((slope**2).sum(axis=1), TINY)
    shift = (slope * step).sum(axis=1) / power
    rest = ((step - shift[:, None] * slope) ** 2).mean(axis=1)
    ratio = np.median(shift**2 * power / np.maximum(rest, TINY))
    return float(np.log10(max(ratio / CHI_SQUARED_MEDIAN, TINY)))


def _spectrum_signs(image: np.ndarray, sampling: float) -> dict[str, float]:
    """Signs in the power spectrum."""
    window = np.multiply.outer(*(np.hanning(n + 2)[1:-1] for n in image.shape))
    flat = _without_slow_change(image, COARSE_ORDER) / image.std()
    power = np.abs(np.fft.fft2(flat * window)) ** 2 / np.sum(window**2)
    row, col = (np.fft.fftfreq(n) / 0.5 for n in image.shape)
    part = np.hypot(row[:, None], col)  # of the Nyquist frequency
    angle = np.rad2deg(np.arctan2(np.abs(row[:, None]), np.abs(col)))

    def mean(low: float, high: float) -> float:
        inside = (part >= low) & (part < high)
        return max(float(power[inside].mean()), 1e-20) if inside.any() else np.nan

    lines = [
        np.log10(np.median(power[ring & (angle > 60)]) / np.median(power[ring & (angle < 30)]))
        for ring in ((part >= low) & (part < high) for low, high in RINGS)
    ]
    agree = np.all(np.array(lines) > 0) or np.all(np.array(lines) < 0)
    number = (20 * part).astype(int)
    means, logs = (
        ndimage.mean(one, number, np.arange(2, 20)) for one in (power, np.log(power + 1e-30))
    )
    unit = 2 * sampling  # frequencies of the Nyquist frequency for each 1/Å
    noise = float(np.median(power[(part > 0.75) & (part < 0.98)])) / np.log(2)
    last = min(0.9 * unit, 0.7)
    fine = [mean(low, low + 0.08 * unit) for low in np.arange(0.22 * unit, last, 0.08 * unit)]
    inside = (part > 0.2 * unit) & (part < min(1.1 * unit, 0.95))
    ring = (part / (0.05 * unit)).astype(int)
    spot = np.nan
    if inside.any():
        medians = ndimage.median(power, ring, np.arange(ring.max() + 1)) / np.log(2)
        spot = np.log10((power / np.maximum(medians, 1e-20)[ring])[inside].max())
    return {
        "lines": min(lines, key=abs) if agree else 0.0,
        "falloff": np.log10(mean(0.85, 1.0) / mean(0.45, 0.6)),
        "floor": np.log10(mean(0.85, 1.0)),
        "gaps": np.median(np.exp(logs) / np.maximum(means, 1e-30)) / np.exp(-np.euler_gamma),
        "fine": np.log10(max(fine) / max(noise, 1e-20)) if fine else np.nan,
        "coarse": np.log10(mean(0.03 * unit, 0.1 * unit) / max(noise, 1e-20)),
        "spot": spot,
    }


def _fringe_signs(image: np.ndarray, sampling: float) -> dict[str, float]:
    """Signs of the bent layers of graphitic carbon."""
    frequency = np.hypot(*np.ix_(*(np.fft.fftfreq(n, sampling) for n in image.shape)))
    spectrum = np.fft.fft2(image - image.mean())

    def band(low: float, high: float) -> tuple[np.ndarray, float]:
        inside = (frequency >= low) & (frequency <= high)
        part = np.fft.ifft2(np.where(inside, spectrum, 0)).real
        return part, float(part.var() / max(inside.mean(), TINY)) + TINY

    fringes, power = band(*GRAPHITE)
    beside = np.sqrt(band(*BELOW)[1] * band(*ABOVE)[1])
    slopes = [_blur(fringes, 0.5 / sampling, order=order) for order in ((1, 0), (0, 1))]
    rows, cols, both = (
        ndimage.gaussian_filter(one, STACK / sampling)
        for one in (slopes[0] ** 2, slopes[1] ** 2, slopes[0] * slopes[1])
    )
    strength = np.maximum(rows + cols, TINY * TINY)
    weight = np.where(strength >= np.median(strength), strength**2, 0)
    local = np.hypot(rows - cols, 2 * both) / strength
    overall = np.hypot(rows.mean() - cols.mean(), 2 * both.mean()) / strength.mean()
    return {
        "ring": np.log10(power / beside),
        "finer": np.log10(band(GRAPHITE[1], ABOVE[0])[1] / power),
        "local": float(np.sum(local * weight) / max(weight.sum(), 1e-300)),
        "overall": overall,
    }


def _blur(
    image: np.ndarray, sigma: float, least: float = 0.0, order: tuple[int, int] = (0, 0)
) -> np.ndarray:
    return ndimage.gaussian_filter(image, max(sigma, least), order=order)
