"""Whether an image is like those that a network was taught on.

Three things of an image are compared with those of taught images, which the network's card keeps:

* its radial power spectrum after normalisation, which holds resolution, contrast transfer,
  blur and the share of noise;
* its noise: the power density at high frequencies of the image divided by its mean, as the dose
  whose shot noise this would be (white noise of a dose d has the density 1 / d);
* its lattice: the frequencies of the strongest spots, and how many taught images have spots there.

An image is unlike if the spectrum or the noise lies beyond that of every taught image, which
happens to one image in n + 1 for each if both are of one kind and n taught images are kept
(conformal prediction: Vovk et al., Algorithmic Learning in a Random World, 2005, section 2.2), or
if its lattice is stranger than that of all but 1 % of them.  The pixel size is compared with the
range that was taught.  Defocus is not estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.card import ImageStatistics
from temnet.inference.image_statistics import Appearance, bin_edges

SPOT_WIDTH = 0.012
"""Relative standard deviation with which taught spots are smeared: strain, alloying and the
calibration of a microscope."""

MARGIN = 1.2
"""How far spectrum and noise may lie beyond those of all kept images, which are a sample."""

LATTICE_ALARMS = 0.01
"""Fraction of taught images whose lattice would be called unlike the others'."""

MOST_SPOT_IMAGES = 300
"""Images whose spots the card keeps."""

SAMPLING_TOLERANCE = 0.03
"""A pixel size may lie outside of the taught range by this fraction."""

SMALLEST_SPREAD = 0.05
"""Least distance from the median to a quantile of a bin, in powers of ten, so that bins in which
all taught images agree do not decide."""

FEWEST = 3
"""Images that must hold a bin's frequencies for the bin to be compared."""

QUANTILES = (0.05, 0.5, 0.95)
"""Quantiles of each bin that the card keeps."""


@dataclass(frozen=True)
class SimilarityReport:
    """How an image compares with the taught ones, in sentences.

    Attributes:
        unlike: What is beyond all taught images; empty for an image like them.
        notes: What is worth to know but found in taught images too.
        compared: What was compared, by name.
    """

    unlike: tuple[str, ...]
    notes: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()


def reference(appearances: Sequence[Appearance], sampling: float) -> ImageStatistics:
    """What a network's card keeps of the images it was taught on.

    Args:
        appearances: Those of taught images, the more the better.
        sampling: The network's pixel size [Å].

    Returns:
        Statistics with rounded values; None where one is not known.
    """
    spectra = np.stack([one.spectrum for one in appearances])
    edges = bin_edges(sampling)
    known = np.isfinite(spectra).sum(axis=0) >= max(FEWEST, len(spectra) // 10)
    quantiles = np.full((len(QUANTILES), len(known)), np.nan)
    quantiles[:, known] = np.nanquantile(spectra[:, known], QUANTILES, axis=0)
    oddness = np.nan_to_num(np.abs([_oddness(one, quantiles) for one in spectra]))
    doses = [one.noise_dose for one in appearances if np.isfinite(one.noise_dose)]
    every = [one.spots for one in appearances]
    chosen = every[:: -(-len(every) // MOST_SPOT_IMAGES)]
    return ImageStatistics(
        count=len(spectra),
        bin_edges=tuple(round(float(edge), 4) for edge in edges),
        spectrum=tuple(tuple(_number(value) for value in line) for line in quantiles),
        limit=_number(oddness.max()),
        noise_dose=float(f"{min(doses):.4g}") if doses else None,
        spots=tuple(np.round(np.sort(np.concatenate(chosen)), 4).tolist()),
        spot_images=len(chosen),
        spot_limit=_number(_spot_limit(chosen)),
        lattice_fraction=round(sum(len(one) > 0 for one in every) / len(every), 4),
    )


def verdict(
    seen: Sequence[Appearance],
    camera_sampling: float,
    taught_sampling: Sequence[float] | None,
    taught: ImageStatistics | None,
) -> SimilarityReport:
    """How images compare with those that a network was taught on.

    Args:
        seen: Appearance of an image, or of several frames of one movie, whose median counts.
        camera_sampling: Their pixel size [Å].
        taught_sampling: Least and largest pixel size that was taught [Å]; None if unknown.
        taught: What `reference` returned; None for a network that does not know.
    """
    unlike = list(_pixel_size(camera_sampling, taught_sampling))
    compared = [] if taught_sampling is None else ["pixel size"]
    if taught is None or not seen:
        return SimilarityReport(tuple(unlike), compared=tuple(compared))
    spectrum = np.median([one.spectrum for one in seen], axis=0)
    unlike += _spectrum_sentences(spectrum, taught)
    compared.append("power spectrum")
    notes = []
    doses = [one.noise_dose for one in seen if np.isfinite(one.noise_dose)]
    least = taught.noise_dose
    if least is not None and not doses:
        notes.append(
            "noise was not compared with that of taught images: grey values below zero do not tell "
            "how many electrons there were"
        )
    elif least is not None:
        dose = float(np.median(doses))
        compared.append("noise")
        if dose < least / MARGIN:
            unlike.append(
                f"more noise than any taught image: as of {_short(dose)} e/Å², the noisiest taught "
                f"ones show that of {_short(least)} e/Å²"
            )
    strange, note = _lattice_sentences([one.spots for one in seen], taught)
    if note is not None:
        notes.append(note)
    elif taught.spot_limit is not None:
        compared.append("lattice")
    if strange is not None:
        unlike.append(strange)
    return SimilarityReport(tuple(unlike), tuple(notes), tuple(compared))


def _pixel_size(sampling: float, taught: Sequence[float] | None) -> Iterable[str]:
    if taught is None:
        return
    low, high = taught
    span = f"{low:g} to {high:g} Å" if high > low else f"{low:g} Å"
    if sampling > high * (1 + SAMPLING_TOLERANCE):
        yield f"coarser pixels than taught: {sampling:.4g} Å, taught are {span}"
    elif sampling < low * (1 - SAMPLING_TOLERANCE):
        yield f"finer pixels than taught: {sampling:.4g} Å, taught are {span}"


def _spectrum_sentences(spectrum: np.ndarray, taught: ImageStatistics) -> Iterable[str]:
    quantiles, edges = np.array(taught.spectrum, np.float64), taught.bin_edges
    odd = _oddness(spectrum, quantiles)
    limit = MARGIN * (0.0 if taught.limit is None else taught.limit)
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
    seen: Sequence[np.ndarray], taught: ImageStatistics
) -> tuple[str | None, str | None]:
    """What is unlike in the lattice, and what to say where none was found to compare."""
    known = np.array(taught.spots, np.float64)
    with_spots = [spots for spots in seen if len(spots)]
    if taught.spot_limit is None:
        return None, None
    if 2 * len(with_spots) < len(seen):
        low, high = 1 / known[[-1, 0]]
        return None, (
            f"no lattice stands out; in {taught.lattice_fraction:.0%} of the taught images one "
            f"does, of {low:.2f} to {high:.2f} Å. Columns in an image without a lattice may be "
            "invented"
        )
    strange = [_strangeness(spots, known, taught.spot_images) for spots in with_spots]
    if np.median(strange) <= taught.spot_limit:
        return None, None
    middle = with_spots[int(np.argsort(strange)[len(strange) // 2])]
    spacings = ", ".join(f"{1 / one:.3g}" for one in middle)
    return (
        f"a lattice that taught images do not show, of spacing {spacings} Å; is it another "
        "material, or is the pixel size wrong?"
    ), None


def _strangeness(spots: np.ndarray, known: np.ndarray, images: int) -> float:
    """Mean of -log of the number of taught spots, per image, at the frequency of each spot."""
    away = np.log(spots[:, None] / known) / SPOT_WIDTH
    return float(np.mean(-np.log(np.exp(-0.5 * away**2).sum(axis=1) / images + 0.5 / images)))


def _spot_limit(spots: Sequence[np.ndarray]) -> float:
    """What the `_strangeness` of an image among the others exceeds in few images."""
    images = len(spots) - 1
    strange = []
    for number, own in enumerate(spots):
        others = [one for other, one in enumerate(spots) if other != number]
        if len(own) and sum(map(len, others)):
            strange.append(_strangeness(own, np.concatenate(others), images))
    return float(np.quantile(strange, 1 - LATTICE_ALARMS)) if strange else np.inf


def _oddness(spectrum: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """(bin,) how far a spectrum lies from the median, in units of the quantiles' distance."""
    low, middle, high = quantiles
    above = (spectrum - middle) / np.maximum(high - middle, SMALLEST_SPREAD)
    below = (spectrum - middle) / np.maximum(middle - low, SMALLEST_SPREAD)
    return np.where(spectrum > middle, above, below)


def _number(value: float) -> float | None:
    """A number as the card keeps it; JSON has no NaN."""
    return round(float(value), 4) if np.isfinite(value) else None


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:.0f}"
