"""F1 and position error against what images were drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from temnet.evaluation.conditions import DEPENDED, equal_bins
from temnet.evaluation.metrics import MACRO, ImageCounts, intervals, scores

MACRO_ROW = "macro"
"""The row of the mean over the classes."""

BIN_RESAMPLES = 1000
"""Bootstrap samples for each bin."""


def dependence_rows(
    images: ImageCounts, drawn: Sequence[Mapping[str, float]], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Scores in bins of each condition that differs between the images.

    Args:
        images: N images.
        drawn: (N,) conditions of each; see `conditions`.  What is left out is not known.
        rng: Draws the samples of the intervals.

    Returns:
        Rows of `curve_rows` for each bin.
    """
    rows = []
    for condition in DEPENDED:
        values = np.array([each.get(condition.name, np.nan) for each in drawn])
        for chosen in equal_bins(values):
            part = values[chosen]
            place = {
                "parameter": condition.name,
                "low": float(part.min()),
                "middle": float(np.median(part)),
                "high": float(part.max()),
            }
            rows += curve_rows(images.select(chosen), place, rng)
    return rows


def curve_rows(
    images: ImageCounts, place: Mapping[str, Any], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """A point of a curve: scores of some images over all of them together.

    Args:
        images: The images.
        place: What to say of all rows: parameter, low, middle, high.
        rng: Draws the samples of the intervals.

    Returns:
        A row for each class, for ``any``, ``all`` and ``macro`` (F1 alone), with images, f1,
        f1_low, f1_high, rms_error_pm, error_low_pm, error_high_pm; 95 % bootstrap intervals.
    """
    values, ends = scores(images), intervals(images, rng, BIN_RESAMPLES)
    keys = {name: (f"{name}/f1", f"{name}/rms_error_pm") for name in images.names}
    nothing = (np.nan, np.nan)
    rows = []
    for name, (f1, error) in {**keys, MACRO_ROW: (MACRO, "")}.items():
        rows.append(
            {
                **place,
                "class": name,
                "images": len(images),
                "f1": values[f1],
                "f1_low": ends[f1][0],
                "f1_high": ends[f1][1],
                "rms_error_pm": values.get(error, np.nan),
                "error_low_pm": ends.get(error, nothing)[0],
                "error_high_pm": ends.get(error, nothing)[1],
            }
        )
    return rows
