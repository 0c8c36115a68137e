"""Uneven light and absorption: whether what varies slowly is subtracted before columns are found.

Two signs count.  Either the intensity varies slowly by more than in any training image, or the
columns depend on it: where the normalised image has a slow part, the network is run on a part of
the image with and without it, and columns appear or vanish.  The second holds for 3 of 120
validation images of the particles, too, mostly at low doses, and is no warning therefore.  Images
without either are left as they are: flattening every image would change the F1 of validation images
by -0.005 to -0.013 (mean over images; U-Nets for MoS2, particles and graphene).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from temnet.images.normalize import gaussian_blur
from temnet.inference.checks.finding import Finding
from temnet.inference.checks.grey_levels import slow_variation
from temnet.inference.grey_values.trial import Trial
from temnet.models.network import Network
from temnet.records import Peaks

MARGIN = 1.1
"""Factor by which the slow variation may exceed that of all training images, which are a sample."""

BLUR, GATE = 3.0, 0.06
"""The slow part of a normalised image is its blur by so many Å; with a standard deviation below
the second number it is too weak for a network."""

VANISHED, APPEARED = 0.5, 0.2
"""Fraction of the columns that vanish, or that are new, when an image is flattened: above it the
columns depend on the background."""

FEWEST, FEWEST_OF_ALL = 8, 3
"""Columns that must vanish or appear, and that must vanish where none is left."""

SAME = 0.5
"""Distance within which columns are the same [Å]."""

Flatten = bool | Literal["auto"]


@dataclass(frozen=True)
class BackgroundJudgement:
    """What the background is, and what is done about it.

    Attributes:
        flatten: Whether what varies slowly is subtracted.
        finding: What to report, if anything.
    """

    flatten: bool
    finding: Finding | None = None


def judge_background(
    network: Network, frame: np.ndarray, wanted: Flatten, trial: Trial
) -> BackgroundJudgement:
    """Whether a frame's background matters.

    Args:
        network: The network.
        frame: (row, col, focus), with the contrast that the network takes.
        wanted: The setting `images.flatten`.
        trial: Runs the network on a part of a frame.
    """
    if wanted is True:
        return BackgroundJudgement(True)
    variation = slow_variation(frame, trial.sampling) if frame.min() >= 0 else np.nan
    statistics = network.card.image_statistics
    most = None if statistics is None else statistics.slow_variation
    if most is not None and variation > MARGIN * most:
        sentence = "the intensity varies slowly by more than in any training image"
        detail = f"standard deviation {variation:.0%} of the mean, in training up to {most:.0%}"
        return _judgement(wanted, Finding("background", "warning", sentence, detail))
    plain = trial.prepared(frame, flat=False)
    slow = gaussian_blur(plain.mean(axis=-1, keepdims=True), BLUR / network.sampling)
    if slow.std() < GATE:
        return BackgroundJudgement(False)
    before, after = trial.both(plain, trial.prepared(frame, flat=True))
    both = _common(before, after)
    vanished, appeared = len(before) - both, len(after) - both
    depends = (
        vanished >= max(FEWEST, VANISHED * len(before))
        or appeared >= max(FEWEST, APPEARED * len(after))
        or (not len(after) and vanished >= FEWEST_OF_ALL)
    )
    if not depends:
        return BackgroundJudgement(False)
    sentence = "the columns depend on a slow variation of the intensity"
    detail = (
        f"in a part of the image {len(before)} columns are found with it, {len(after)} without it, "
        f"{both} of them the same"
    )
    return _judgement(wanted, Finding("background", "note", sentence, detail))


def _judgement(wanted: Flatten, seen: Finding) -> BackgroundJudgement:
    """The finding with what was done; left as it is, such an image is out of distribution."""
    if wanted is False:
        advice = "columns may be false positives or missing; use --flatten auto"
        sentence = f"{seen.sentence}: {advice}"
        left = replace(seen, severity="out of distribution", sentence=sentence)
        return BackgroundJudgement(False, left)
    done = f"{seen.sentence}; it was subtracted before columns were found"
    return BackgroundJudgement(True, replace(seen, sentence=done))


def _common(one: Peaks, other: Peaks) -> int:
    """Number of columns that are at the same place in both."""
    if not len(one) or not len(other):
        return 0
    distance, _ = cKDTree(one.positions).query(other.positions)
    return int(np.sum(distance <= SAME))
