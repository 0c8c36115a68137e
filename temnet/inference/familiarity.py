"""Whether an image is like those that a network was taught on.

Three things of an image are compared with those of taught images, which the network's card keeps:

* its radial power spectrum after normalisation, which holds resolution, contrast transfer,
  blur and the share of noise;
* its noise: the power density at high frequencies of the image divided by its mean, as the dose
  whose shot noise this would be (white noise of a dose d has the density 1 / d);
* its lattice: the frequency of the strongest spot.

An image is unlike if one of them lies beyond that of every taught image.  If both are of one
kind and n taught images are kept, that happens to one image in n + 1 for each of the three
(conformal prediction: Vovk et al., Algorithmic Learning in a Random World, 2005, section 2.2),
plus the pixel size, which is compared with the range that was taught.  Defocus is not estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from temnet.images.normalize import normalize
from temnet.images.resample import resample
from temnet.records import Example

WINDOW = 32.0
"""Side of the windows that spectra are taken of [Å]: they resolve 0.06 1/Å, and a lattice of
2 Å to 1 % by its spot's shape."""

MOST_WINDOWS = 6
"""Windows along a side; of larger images the middle is looked at."""

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

SAME_LATTICE = 0.03
"""Lattice frequencies that differ by less than this fraction are the same: strain, alloying and
the calibration of a microscope."""

SMALLEST_SPREAD = 0.05
"""Least distance from the median to a quantile of a bin, in powers of ten, so that bins in which
all taught images agree do not decide."""

QUANTILES = (0.05, 0.5, 0.95)
"""Quantiles of each bin that the card keeps."""

TINY = 1e-12
"""Power below this is none."""


@dataclass(frozen=True)
class Appearance:
    """What an image looks like.

    Attributes:
        spectrum: (bin,) log10 of the normalised image's power density [Å²] in the frequencies
            of ``bin_edges``; NaN beyond what image and pixels hold.
        noise_dose: Dose whose shot noise the image shows [e/Å²]; NaN where the mean does not
            tell.
        lattice: Frequency of the strongest spot [1/Å]; NaN where none stands out.
    """

    spectrum: np.ndarray
    noise_dose: float
    lattice: float


@dataclass(frozen=True)
class Verdict:
    """How an image compares with the taught ones, in sentences.

    Attributes:
        unlike: What is beyond all taught images; empty for an image like them.
        notes: What is worth to know but found in taught images too.
    """

    unlike: tuple[str, ...]
    notes: tuple[str, ...] = ()


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
    """What an image looks like to a network.

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
        np.log10(np.maximum(spectrum, TINY)), noise_dose, _strongest_spot(power, radius, sampling)
    )


def frame_appearance(
    frame: np.ndarray, camera_sampling: float, sampling: float, width: float
) -> Appearance:
    """What a frame from a microscope looks like to a network.

    Args:
        frame: (row, col, focus) in any linear grey values; noise is compared with the mean
            where none is negative, as counts are.
        camera_sampling: Its pixel size [Å].
        sampling: The network's pixel size [Å].
        width: Width of the network's normalisation [Å].
    """
    most = round(MOST_WINDOWS * WINDOW / camera_sampling)
    inner = tuple(
        slice(max((size - most) // 2, 0), max((size - most) // 2, 0) + most)
        for size in frame.shape[:2]
    )
    part = np.asarray(frame[inner], np.float32)
    images = resample(part, camera_sampling, sampling)
    return appearance(images, sampling, camera_sampling, width, bool(part.min() >= 0))


def example_appearance(example: Example, width: float) -> Appearance:
    """What a simulated example looks like to the network that is taught on it.

    Args:
        example: The example, at the network's pixels.
        width: Width of the network's normalisation [Å].
    """
    camera_sampling = float(example.parameters["camera_sampling"])
    return appearance(example.images, example.sampling, camera_sampling, width)


def reference(appearances: Sequence[Appearance], sampling: float) -> dict[str, Any]:
    """What a network's card keeps of the images it was taught on.

    Args:
        appearances: Those of taught images, the more the better.
        sampling: The network's pixel size [Å].

    Returns:
        Plain values: ``count``, ``bin_edges`` [1/Å], ``spectrum`` (for each bin three quantiles
        of log10 Å²), ``limit`` (largest `_oddness` of a taught image), ``noise_dose`` (least),
        ``lattices`` (sorted [1/Å]) and ``lattice_fraction``.
    """
    spectra = np.stack([one.spectrum for one in appearances])
    edges = bin_edges(sampling)
    known = np.isfinite(spectra).sum(axis=0) >= max(3, len(spectra) // 10)
    bins = int(np.argmin(known)) if not known.all() else len(known)
    quantiles = np.nanquantile(spectra[:, :bins], QUANTILES, axis=0)
    oddness = [np.nanmax(np.abs(_oddness(one[:bins], quantiles))) for one in spectra]
    doses = [one.noise_dose for one in appearances if np.isfinite(one.noise_dose)]
    lattices = sorted(one.lattice for one in appearances if np.isfinite(one.lattice))
    return {
        "count": len(spectra),
        "bin_edges": [round(float(edge), 4) for edge in edges[: bins + 1]],
        "spectrum": np.round(quantiles, 4).tolist(),
        "limit": round(float(max(oddness)), 4),
        "noise_dose": float(f"{min(doses):.4g}") if doses else None,
        "lattices": [round(float(one), 4) for one in lattices],
        "lattice_fraction": round(len(lattices) / len(spectra), 4),
    }


def verdict(
    seen: Sequence[Appearance],
    camera_sampling: float,
    taught_sampling: Sequence[float] | None,
    taught: Mapping[str, Any] | None,
) -> Verdict:
    """How images compare with those that a network was taught on.

    Args:
        seen: Appearance of an image, or of several frames of one movie, whose median counts.
        camera_sampling: Their pixel size [Å].
        taught_sampling: Least and largest pixel size that was taught [Å]; None if unknown.
        taught: What `reference` returned; None for a network that does not know.
    """
    unlike = list(_pixel_size(camera_sampling, taught_sampling))
    if taught is None or not seen:
        return Verdict(tuple(unlike))
    spectrum = np.median([one.spectrum for one in seen], axis=0)
    unlike += _spectrum_sentences(spectrum, taught)
    dose = float(np.median([one.noise_dose for one in seen]))
    least = taught["noise_dose"]
    if least is not None and dose < least:
        unlike.append(
            f"more noise than any taught image: as of {_short(dose)} e/Å², the noisiest taught "
            f"ones show that of {_short(least)} e/Å²"
        )
    found, notes = _lattice_sentences([one.lattice for one in seen], taught)
    return Verdict(tuple(unlike + found), tuple(notes))


def _pixel_size(sampling: float, taught: Sequence[float] | None) -> Iterable[str]:
    if taught is None:
        return
    low, high = taught
    span = f"{low:g} to {high:g} Å" if high > low else f"{low:g} Å"
    if sampling > high * (1 + SAME_LATTICE):
        yield f"coarser pixels than taught: {sampling:.4g} Å, taught are {span}"
    elif sampling < low * (1 - SAME_LATTICE):
        yield f"finer pixels than taught: {sampling:.4g} Å, taught are {span}"


def _spectrum_sentences(spectrum: np.ndarray, taught: Mapping[str, Any]) -> Iterable[str]:
    quantiles, edges = np.array(taught["spectrum"]), taught["bin_edges"]
    bins = min(len(spectrum), quantiles.shape[1])
    odd = _oddness(spectrum[:bins], quantiles[:, :bins])
    limit = float(taught["limit"])
    for sign, word in ((1, "more"), (-1, "less")):
        beyond = np.flatnonzero(np.nan_to_num(sign * odd) > limit)
        if len(beyond):
            worst = beyond[np.argmax(sign * odd[beyond])]
            factor = 10 ** abs(spectrum[worst] - quantiles[1, worst])
            low, high = edges[beyond[0]], edges[beyond[-1] + 1]
            yield (
                f"{word} detail or noise of {low:.2f} to {high:.2f} 1/Å than any taught image "
                f"(at {edges[worst]:.2f} 1/Å {_short(factor)} times "
                f"{'the' if sign > 0 else 'below the'} usual)"
            )


def _lattice_sentences(
    lattices: Sequence[float], taught: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """What is unlike in the lattice, and notes."""
    known = np.array(taught["lattices"], np.float64)
    found = np.array([one for one in lattices if np.isfinite(one)])
    if not len(known):
        return [], []
    share = f"{taught['lattice_fraction']:.0%}"
    low, high = 1 / known[[-1, 0]]
    if 2 * len(found) < len(lattices):
        return [], [
            f"no lattice stands out; in {share} of the taught images one does, of {low:.2f} to "
            f"{high:.2f} Å. Columns in an image without a lattice may be invented"
        ]
    frequency = float(np.median(found))
    nearest = np.min(np.abs(np.log(known / frequency)))
    if nearest <= SAME_LATTICE:
        return [], []
    middle = known[np.argmin(np.abs(np.log(known / frequency)))]
    return [
        f"a lattice that was not taught: its strongest spacing is {1 / frequency:.3g} Å, the "
        f"nearest taught one {1 / middle:.3g} Å; is the pixel size right?"
    ], []


def _oddness(spectrum: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """(bin,) how far a spectrum lies from the median, in units of the quantiles' distance."""
    low, middle, high = quantiles
    above = (spectrum - middle) / np.maximum(high - middle, SMALLEST_SPREAD)
    below = (spectrum - middle) / np.maximum(middle - low, SMALLEST_SPREAD)
    return np.where(spectrum > middle, above, below)


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


def _strongest_spot(power: np.ndarray, radius: np.ndarray, sampling: float) -> float:
    """Frequency of the strongest lattice spot of all windows [1/Å], NaN where there is none."""
    low, high = LATTICE_RANGE
    inside = (radius >= low) & (radius < min(high, HIGHEST_FRACTION * 0.5 / sampling))
    if not inside.any():
        return np.nan
    ring = ((radius - low) / BIN).astype(int)
    rings = ring[inside]
    best, frequency = SPOT, np.nan
    for window in power:
        # The mean of exponentially distributed power is its median / ln 2, whatever the spots.
        medians = np.array(
            [np.median(window[inside & (ring == number)]) for number in range(rings.max() + 1)]
        )
        background = np.maximum(medians / np.log(2), TINY)
        ratio = np.where(inside, window / background[np.clip(ring, 0, len(background) - 1)], 0)
        place = np.unravel_index(np.argmax(ratio), ratio.shape)
        if ratio[place] > best:
            best, frequency = ratio[place], _spot_frequency(window, place, sampling)
    return float(frequency)


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


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:.0f}"
