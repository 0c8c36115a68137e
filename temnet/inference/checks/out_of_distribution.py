"""Comparison of images with the training images of a network: are they out of distribution?

Three properties of an image are compared with those of training images, which the network's card
keeps:

* its radial power spectrum after normalisation, which holds resolution, contrast transfer,
  blur and the share of noise;
* its noise: the power density at high frequencies of the image divided by its mean, as the dose
  whose shot noise this would be (white noise of a dose d has the density 1 / d);
* its lattice: the frequencies of the strongest spots, and how many training images have spots
  there.

An image is out of distribution if its spectrum or noise lies beyond that of every training image,
which happens to one image in n + 1 for each if both are of one kind and n training images are kept
(conformal prediction: Vovk et al., Algorithmic Learning in a Random World, 2005, section 2.2), or
if its lattice is stranger than that of all but 1 % of them.  The pixel size is compared with the
range of the training.  Defocus is not estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.card import ImageStatistics
from temnet.inference.checks.finding import Finding, Kind, ordered
from temnet.inference.checks.image_statistics import Appearance, bin_edges, frame_appearance
from temnet.inference.column_finder import FoundFrame
from temnet.models.network import Network

SPOT_WIDTH = 0.012
"""Relative standard deviation by which the spots of training images are smeared: strain, alloying
and the calibration of a microscope."""

MARGIN = 1.2
"""Factor by which spectrum and noise may lie beyond those of all kept images, which are a
sample."""

LATTICE_ALARMS = 0.01
"""Fraction of training images whose own lattice would be reported."""

MOST_SPOT_IMAGES = 300
"""Images whose spots the card keeps."""

SAMPLING_TOLERANCE = 0.03
"""Fraction by which a pixel size may lie outside of the range of the training."""

SMALLEST_SPREAD = 0.05
"""Least distance from the median to a quantile of a bin, in powers of ten, so that bins in which
all training images agree do not decide."""

FINE = 0.2
"""Frequencies from here on are detail [1/Å]: lattices of 5 Å and less."""

FEWEST = 3
"""Images that must hold a bin's frequencies for the bin to be compared."""

QUANTILES = (0.05, 0.5, 0.95)
"""Quantiles of each bin that the card keeps."""

COMPARED_FRAMES = 8
"""Frames of a movie that are compared with the training images, evenly spaced."""


@dataclass(frozen=True)
class SimilarityReport:
    """How images compare with the training images.

    Attributes:
        findings: Properties beyond those of all training images, and remarks on what training
            images may show, too.
        compared: Names of the properties that were compared.
    """

    findings: tuple[Finding, ...]
    compared: tuple[str, ...] = ()

    @property
    def out_of_distribution(self) -> tuple[str, ...]:
        """Sentences on properties beyond those of all training images."""
        return tuple(one.sentence for one in self.findings if one.severity == "out of distribution")

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on what training images may show, too."""
        return tuple(one.sentence for one in self.findings if one.severity == "note")


class SeriesComparison:
    """Compares a series with the training images while its frames are processed.

    Of a movie some frames are compared; the images of a focal series count alike.
    """

    def __init__(self, network: Network, count: int, sampling: float) -> None:
        """Chooses the frames.

        Args:
            network: The network.
            count: Number of frames.
            sampling: Their pixel size [Å].
        """
        self._card, self._sampling = network.card, sampling
        self._pixel = network.sampling
        self._width = network.labels.normalisation_width
        chosen = np.linspace(0, count - 1, min(count, COMPARED_FRAMES))
        self._chosen = frozenset(chosen.round().astype(int).tolist())
        self._found: list[Appearance] = []

    def add(self, frame: FoundFrame) -> None:
        """Takes a frame."""
        if frame.number in self._chosen:
            found = frame_appearance(frame.image, self._sampling, self._pixel, self._width)
            self._found.append(found)

    def findings(self) -> tuple[Finding, ...]:
        """The findings of the comparison."""
        return self.report().findings

    def report(self) -> SimilarityReport:
        """The comparison of the frames that were added."""
        card = self._card
        return compare(self._found, self._sampling, card.camera_sampling, card.image_statistics)


def reference(appearances: Sequence[Appearance], sampling: float) -> ImageStatistics:
    """Statistics of training images for a network's card.

    Args:
        appearances: Those of training images, the more the better.
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


def compare(
    seen: Sequence[Appearance],
    sampling: float,
    training_sampling: tuple[float, float] | None,
    training: ImageStatistics | None,
) -> SimilarityReport:
    """Compares images with the training images of a network.

    Args:
        seen: Appearance of an image, or of several frames of one movie, whose median counts.
        sampling: Their pixel size [Å].
        training_sampling: Least and largest pixel size of the training images [Å]; None if
            unknown.
        training: Statistics of the training images; None if unknown.
    """
    found = [] if training_sampling is None else list(_pixel_size(sampling, *training_sampling))
    compared = [] if training_sampling is None else ["pixel size"]
    if training is None or not seen:
        return SimilarityReport(tuple(found), tuple(compared))
    spectrum = np.median([one.spectrum for one in seen], axis=0)
    found += _spectrum_findings(spectrum, training)
    compared.append("power spectrum")
    doses = [one.noise_dose for one in seen if np.isfinite(one.noise_dose)]
    if training.noise_dose is not None and not doses:
        sentence = (
            "noise was not compared with that of training images: with grey values below zero the "
            "number of electrons is unknown"
        )
        found.append(Finding("noise", "note", sentence))
    elif training.noise_dose is not None:
        found += _noise(float(np.median(doses)), training.noise_dose)
        compared.append("noise")
    lattice = _lattice_finding([one.spots for one in seen], training)
    if training.spot_limit is not None and (lattice is None or lattice.severity != "note"):
        compared.append("lattice")
    found += [] if lattice is None else [lattice]
    return SimilarityReport(ordered(found), tuple(compared))


def _beyond(kind: Kind, sentence: str, detail: str = "") -> Finding:
    return Finding(kind, "out of distribution", sentence, detail)


def _pixel_size(sampling: float, low: float, high: float) -> Iterable[Finding]:
    span = f"{low:g} to {high:g} Å" if high > low else f"{low:g} Å"
    if sampling > high * (1 + SAMPLING_TOLERANCE):
        yield _beyond(
            "pixel size",
            f"the pixels of {sampling:.3g} Å are coarser than in training ({span}): check the "
            "pixel size, or record at higher magnification",
        )
    elif sampling < low * (1 - SAMPLING_TOLERANCE):
        yield _beyond(
            "pixel size",
            f"the pixels of {sampling:.3g} Å are finer than in training ({span}): check the pixel "
            "size, or bin the image",
        )


def _noise(dose: float, least: float) -> Iterable[Finding]:
    if dose < least / MARGIN:
        yield _beyond(
            "noise",
            "much more noise than any training image: average frames (--average), or record at a "
            "higher dose",
            f"as of {_short(dose)} e/Å², the noisiest training images show that of "
            f"{_short(least)} e/Å²",
        )


def _spectrum_findings(spectrum: np.ndarray, training: ImageStatistics) -> Iterable[Finding]:
    quantiles, edges = np.array(training.spectrum, np.float64), training.bin_edges
    odd = _oddness(spectrum, quantiles)
    limit = MARGIN * (0.0 if training.limit is None else training.limit)
    for sign in (1, -1):
        beyond = np.flatnonzero(np.nan_to_num(sign * odd) > limit)
        if len(beyond):
            worst = beyond[np.argmax(sign * odd[beyond])]
            factor = 10 ** abs(spectrum[worst] - quantiles[1, worst])
            span = edges[beyond[0]], edges[beyond[-1] + 1]
            word = "more" if sign > 0 else "less"
            yield _beyond(
                "power spectrum",
                _detail_sentence(sign, *span, edges[-1]),
                f"{_times(factor)} {word} power than usual in the range of {1 / span[1]:.2g} to "
                f"{1 / span[0]:.2g} Å",
            )


def _detail_sentence(sign: int, low: float, high: float, highest: float) -> str:
    """What power beyond that of all training images means.

    Args:
        sign: 1 for more power, -1 for less.
        low: Lowest frequency [1/Å].
        high: Highest frequency [1/Å].
        highest: Highest frequency that is compared [1/Å].
    """
    if sign < 0:
        if high < FINE:
            return (
                f"hardly any contrast of structures larger than {1 / high:.2g} Å, less than in "
                "any training image: was the image filtered?"
            )
        return (
            f"hardly any detail finer than {1 / low:.2g} Å, less than in any training image: the "
            "image is filtered, out of focus or binned; use the raw image"
        )
    if high < FINE:
        return (
            f"strong contrast of structures larger than {1 / high:.2g} Å, more than in any "
            "training image: a thick or amorphous specimen, or another pixel size"
        )
    if low >= FINE and high >= 0.9 * highest:
        return (
            f"more noise or detail finer than {1 / low:.2g} Å than in any training image: average "
            "frames, and check the pixel size"
        )
    return (
        f"more contrast of structures of {1 / high:.2g} to {1 / low:.2g} Å than in any training "
        "image: another specimen or focus, or another pixel size"
    )


def _lattice_finding(seen: Sequence[np.ndarray], training: ImageStatistics) -> Finding | None:
    """A lattice out of distribution, or a note if no lattice was found."""
    known = np.array(training.spots, np.float64)
    with_spots = [spots for spots in seen if len(spots)]
    if training.spot_limit is None:
        return None
    if 2 * len(with_spots) < len(seen):
        low, high = 1 / known[[-1, 0]]
        return Finding(
            "lattice",
            "note",
            "no lattice stands out: columns in an image without a lattice may be false positives",
            f"in {training.lattice_fraction:.0%} of the training images one stands out, of "
            f"{low:.2f} to {high:.2f} Å",
        )
    strange = [_strangeness(spots, known, training.spot_images) for spots in with_spots]
    if np.median(strange) <= training.spot_limit:
        return None
    middle = with_spots[int(np.argsort(strange)[len(strange) // 2])]
    spacings = ", ".join(f"{1 / one:.3g}" for one in middle)
    return _beyond(
        "lattice",
        f"a lattice that training images do not show, of spacing {spacings} Å: another material, "
        "or the pixel size is wrong",
    )


def _strangeness(spots: np.ndarray, known: np.ndarray, images: int) -> float:
    """Mean of -log of the training spots per image at the frequency of each spot."""
    away = np.log(spots[:, None] / known) / SPOT_WIDTH
    return float(np.mean(-np.log(np.exp(-0.5 * away**2).sum(axis=1) / images + 0.5 / images)))


def _spot_limit(spots: Sequence[np.ndarray]) -> float:
    """Value of `_strangeness` that few images exceed when compared with the others."""
    images = len(spots) - 1
    strange = []
    for number, own in enumerate(spots):
        others = [one for other, one in enumerate(spots) if other != number]
        if len(own) and sum(map(len, others)):
            strange.append(_strangeness(own, np.concatenate(others), images))
    return float(np.quantile(strange, 1 - LATTICE_ALARMS)) if strange else np.inf


def _oddness(spectrum: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """(bin,) deviation of a spectrum from the median, in units of the quantiles' distance."""
    low, middle, high = quantiles
    above = (spectrum - middle) / np.maximum(high - middle, SMALLEST_SPREAD)
    below = (spectrum - middle) / np.maximum(middle - low, SMALLEST_SPREAD)
    return np.where(spectrum > middle, above, below)


def _number(value: float) -> float | None:
    """A number as the card keeps it; JSON has no NaN."""
    return round(float(value), 4) if np.isfinite(value) else None


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:.0f}"


def _times(factor: float) -> str:
    """A factor without more digits than it is known to.

    >>> [_times(factor) for factor in (1.31, 4.2, 37, 93891772)]
    ['1.3 times', '4 times', 'more than 10 times', 'more than 100 times']
    """
    if factor < 2:
        return f"{factor:.1f} times"
    if factor < 10:
        return f"{factor:.0f} times"
    return f"more than {100 if factor >= 100 else 10} times"
