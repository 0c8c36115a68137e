"""Other techniques than HR-TEM, filtered images and mere noise, named for what they look like.

The rules were chosen on simulated images of each kind and on 320 validation images of four
networks' specimens at the camera's pixels, of which they name three wrongly, as noise.  That of
rows which are shifted was found on two real STEM images; it names none of 480 other validation
images, of crystals and particles.  Under a hill of light or absorption of 40 % that is as wide as a
small image one in ten is called a low magnification; on a ramp of 30 % none is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from temnet.inference.checks.finding import Finding, Severity
from temnet.inference.checks.signs import Signs, signs_of
from temnet.inference.column_finder import FoundFrame
from temnet.records import ImageSeries

EXAMINED_FRAMES = 5
"""Frames of a movie that are examined, evenly spaced."""

COARSE_PIXEL = 0.5
"""Pixels from here on hardly resolve columns [Å]: two of them are as wide as a column.  A network
that was trained on coarser pixels finds columns that are far apart; signs of a technique are then
not searched for, since they lie in details of atomic size."""


@dataclass(frozen=True)
class Technique:
    """A technique, or another reason why an image is not a raw HR-TEM image.

    Attributes:
        name: Its short name.
        sentence: What it looks like and what to do.
        sure: Whether the signs are beyond doubt.
        shown: Whether an image has its signs.
    """

    name: str
    sentence: str
    sure: Callable[[Signs], bool]
    shown: Callable[[Signs], bool]


def _is_diffraction(one: Signs) -> bool:
    few_bright = one.skew > 3 and one.brightest > 0.1 and one.spread > 0.8
    return few_bright and (one.skew > 10 or (one.centred > 0.25 and one.symmetric > 0.2))


def _is_silent(one: Signs) -> bool:
    """No noise at high frequencies."""
    return one.falloff < -3.2 or one.floor < -5 or one.gaps < 0.4


def _is_partly_silent(one: Signs) -> bool:
    """Equal neighbours, as after a median, or noise in parts of the image alone."""
    return one.ties > 0.05 or (one.tails > 0.85 and abs(one.lines) < 0.2)


def _is_dark_field(one: Signs) -> bool:
    """Contrast where the image is bright, or far more contrast than interference gives."""
    bright = one.bright > 0.7 or (one.bright > 0.35 and one.spread > 0.2)
    return one.spot > 1.2 and (one.spread > 0.6 or (bright and one.together > 0.5))


def _is_scanned(one: Signs) -> bool:
    """Noise along the lines of a scan, or less of it along lines that are shifted."""
    shaken = one.shaken if one.lines > 0 else -one.shaken
    lines = abs(one.lines)
    return (lines > 0.1 or (lines > 0.04 and shaken > 0.55)) and one.gaps > 0.5 and one.floor > -4


def _is_noise(one: Signs) -> bool:
    return one.fine < 0.1 and one.coarse < 0.5 and one.spot < 1.15


def _is_low_magnification(one: Signs) -> bool:
    return one.coarse - one.fine > 0.75 and one.spot < 1.15


def _is_graphitic(one: Signs) -> bool:
    """Fringes of its spacing, and no reflection of a crystal nearby, such as CeO2 {111}, 3.12 Å."""
    turning = one.ring > 0.35 and one.overall < 0.85 * one.local
    return one.local > 0.5 and one.finer < 0 and (turning or one.ring > 0.6)


def _always(one: Signs) -> bool:
    return True


def _never(one: Signs) -> bool:
    return False


FILTERED = (
    "it looks like a filtered or denoised image, without the noise of a camera: use the raw image"
)

TECHNIQUES = (
    Technique(
        "diffraction",
        "it looks like a diffraction pattern, bright spots on dark: temnet needs the image itself",
        _always,
        _is_diffraction,
    ),
    Technique("filtered", FILTERED, _always, _is_silent),
    Technique(
        "STEM",
        "it looks like a STEM image, columns on a dark background or noise along the lines of a "
        "scan: the networks were trained on HR-TEM images",
        lambda one: _is_dark_field(one) or abs(one.lines) > 0.2,
        lambda one: _is_dark_field(one) or (_is_scanned(one) and not _is_partly_silent(one)),
    ),
    Technique("filtered", FILTERED, _always, _is_partly_silent),
    Technique(
        "JPEG",
        "it looks like a compressed picture (JPEG), with blocks of eight pixels: use the raw image",
        lambda one: one.blocks > 0.2,
        lambda one: one.blocks > 0.06,
    ),
    Technique(
        "graphitic",
        "it looks like soot or graphite, bent fringes 3.4 Å apart: columns there are false "
        "positives",
        _never,
        _is_graphitic,
    ),
    Technique(
        "low magnification",
        "it shows no detail of atomic size: a low magnification, another pixel size, or far out of "
        "focus",
        lambda one: one.coarse - one.fine > 1.5,
        _is_low_magnification,
    ),
    Technique(
        "noise",
        "hardly anything but noise: columns there are false positives; average frames (--average)",
        _never,
        _is_noise,
    ),
)
"""In the order in which they are tried: the first whose signs an image shows names it."""


def name_technique(signs: Signs) -> Technique | None:
    """The technique whose signs an image shows; None for a raw HR-TEM image."""
    return next((one for one in TECHNIQUES if one.shown(signs)), None)


class TechniqueCheck:
    """Names series that are no raw HR-TEM images, by their metadata and their looks."""

    def __init__(self, series: ImageSeries, coarsest: float = 0.0) -> None:
        """Chooses the frames.

        Args:
            series: The images as the network gets them.
            coarsest: Largest pixel of the network's training images [Å].
        """
        self._metadata: Mapping[str, Any] = series.metadata
        self._sampling, self._coarsest = series.sampling, coarsest
        count = len(series.images)
        chosen = np.linspace(0, count - 1, min(count, EXAMINED_FRAMES))
        self._chosen = frozenset(chosen.round().astype(int).tolist())
        self._found: list[tuple[Technique | None, Severity]] = []

    def add(self, frame: FoundFrame) -> None:
        """Takes a frame."""
        if frame.number not in self._chosen:
            return
        foci = frame.image.std(axis=(0, 1), dtype=np.float64)
        image = frame.image[..., int(np.argmax(foci))]  # near zero contrast there is only noise
        if self._metadata.get("inverted"):
            image = 2 * image.mean(dtype=np.float64) - image
        signs = signs_of(image, self._sampling)
        if signs is None:
            self._found.append((None, "note"))
            return
        technique = name_technique(signs)
        severity: Severity = "warning"
        # Columns of a focal series may be seen in all images together alone.
        expected = len(frame.peaks) == 0 or len(foci) > 1
        if technique is None or (technique.name == "noise" and expected):
            severity = "note"
        elif technique.sure(signs):
            severity = "out of distribution"
        self._found.append((technique, severity))

    def findings(self) -> tuple[Finding, ...]:
        """The technique in the metadata, and that which most frames look like."""
        found = []
        stated = self._metadata.get("technique")
        if stated:
            found.append(
                Finding(
                    "technique",
                    "out of distribution",
                    f"the file describes it as {stated}: the networks were trained on HR-TEM "
                    "images",
                )
            )
        if self._sampling >= COARSE_PIXEL and self._sampling > self._coarsest:
            size = format(self._sampling, ".2g" if self._sampling < 10 else ".0f")
            sentence = (
                f"it is an image at low magnification: pixels of {size} Å hardly "
                "resolve columns; check the pixel size, or record at higher magnification"
            )
            found.append(Finding("technique", "out of distribution", sentence))
        usual = Counter(technique for technique, _ in self._found).most_common(1)
        if usual and not found and self._sampling < COARSE_PIXEL:
            technique, often = usual[0]
            if technique is not None and 2 * often >= len(self._found):
                own = Counter(severity for each, severity in self._found if each == technique)
                severity = own.most_common(1)[0][0]
                found.append(Finding("technique", severity, technique.sentence))
        return tuple(found)
