"""Contrast and background of a series, judged on one of its frames before columns are found."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from temnet.config.analysis.prediction import EngineName
from temnet.inference.checks.finding import Finding
from temnet.inference.grey_values.background import Flatten, judge_background
from temnet.inference.grey_values.contrast import Invert, inverted, judge_contrast
from temnet.inference.grey_values.trial import Trial
from temnet.inference.reading.lazy_frames import changed_series
from temnet.models.network import Network
from temnet.records import ImageSeries

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class JudgedSeries:
    """A series with the contrast that the network takes.

    Attributes:
        series: The images; bright and dark exchanged where ``images.invert`` decided so.
        flatten: Whether what varies slowly is to be subtracted.
        findings: What was noticed and done.
    """

    series: ImageSeries
    flatten: bool
    findings: tuple[Finding, ...]


def judge_grey_values(
    network: Network,
    series: ImageSeries,
    invert: Invert,
    flatten: Flatten,
    engine: EngineName = "auto",
) -> JudgedSeries:
    """Whether bright and dark are exchanged, and whether what varies slowly is subtracted.

    Args:
        network: The network.
        series: The images, already exchanged if ``invert`` is True.
        invert: The setting `images.invert`.
        flatten: The setting `images.flatten`.
        engine: Engine that runs the network.
    """
    middle = _frame_near_the_middle(series)
    if middle is None:
        return JudgedSeries(series, flatten is True, ())
    trial = Trial(network, series.sampling, engine)
    contrast = judge_contrast(network, middle, invert, trial)
    if contrast.invert:
        metadata: Mapping[str, object] = {**series.metadata, "inverted": True}
        series = replace(
            changed_series(series, lambda _, frame: inverted(frame)), metadata=metadata
        )
        middle = inverted(middle)
    background = judge_background(network, middle, flatten, trial)
    found = tuple(one.finding for one in (contrast, background) if one.finding is not None)
    for finding in found:
        if finding.severity == "note":
            LOGGER.info("%s: %s", series.name, finding.text)
    return JudgedSeries(series, background.flatten, found)


def _frame_near_the_middle(series: ImageSeries) -> np.ndarray | None:
    """(row, col, focus) the frame with contrast that is nearest to the middle; None without any."""
    count = len(series.images)
    for number in sorted(range(count), key=lambda number: abs(number - count // 2)):
        frame = np.asarray(series.images[number])
        if np.ptp(frame) > 0:
            return frame
    return None
