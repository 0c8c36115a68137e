"""The frozen scores of a network: what it finds in a few images that are made afresh anywhere.

They are of the first validation images of the network's own experiment, made from their seeds and
not read from a stored set, so that a test tells when anything between the specimen and the score
has changed.  Their noise is steady: the electrons of all pixels of a stored image come from one
stream of random numbers, which another type of processor may leave after the first pixels, and
other noise changes the scores more than, say, a wrong normalisation does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from temnet.config.card import FrozenScores
from temnet.config.experiment import Experiment
from temnet.config.simulation import SIMULATION_VERSION
from temnet.evaluation.evaluate import evaluate
from temnet.evaluation.metrics import MACRO
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.evaluation.summary import summarise
from temnet.models.checkpoint import Network
from temnet.records import Example
from temnet.simulation.sweep import simulate_portable

SPLIT = "validation"

IMAGES = 20
"""Images that are scored."""

TOLERANCES = {
    "images": (0, 0),
    "columns": (0, 0),
    MACRO: (0.002, 0),
    "found": (1, 0.003),
    "rms_error_pm": (0.05, 0.005),
    "shift_pm": (0.3, 0),
}
"""By how much scores may differ: absolute, and as a fraction of the value.  Linear algebra for
another processor left all but the last two as they were, and changed these by 0.0004 and 0.003."""

NOISE_ERRORS, LEAST_CHANGE = 4.0, 0.02
"""The mean F1 of images whose noise alone is another one may change by so many of its standard
errors, or by so much if that is more."""

Rows = Sequence[Mapping[str, Any]]


def frozen_examples(experiment: Experiment) -> list[Example]:
    """The images that are scored, made from their seeds."""
    return simulate_portable(experiment.simulation, IMAGES, SPLIT)


def example_rows(network: Network, examples: Iterable[Example]) -> Rows:
    """Rows of scores of a network on examples, as the network's own experiment scores them."""
    return evaluate(network, enumerate(examples), network.experiment.evaluation)


def frozen_scores(rows: Rows, class_names: Sequence[str]) -> FrozenScores:
    """Rows of scores as the few numbers that are kept.

    Args:
        rows: Of `score_image`, each with the ``index`` of its image.
        class_names: The classes.
    """
    summary = summarise(rows, class_names)
    place = summary["classes"][LOCALISATION]
    pairs = [
        (row["true_positives"], row["shift_row_pm"], row["shift_col_pm"])
        for row in rows
        if row["class"] == LOCALISATION and math.isfinite(row["shift_row_pm"])
    ]
    shift = None
    if pairs:
        number, rows_pm, cols_pm = np.array(pairs, np.float64).T
        total = number.sum()
        shift = (float(number @ rows_pm / total), float(number @ cols_pm / total))
    return FrozenScores(
        images=summary["images"],
        macro_f1=summary[MACRO],
        columns=place["true_positives"] + place["false_negatives"],
        found=place["true_positives"] + place["false_positives"],
        rms_error_pm=place["rms_error_pm"],
        shift_pm=shift,
        simulation=SIMULATION_VERSION,
    )


def disagreements(frozen: FrozenScores, found: FrozenScores) -> list[str]:
    """Differences between frozen and new scores that rounding does not explain.

    Args:
        frozen: The scores on a card.
        found: Scores of as many images.

    Returns:
        A text for each score that differs.

    >>> scores = FrozenScores(images=20, columns=90, macro_f1=0.9, found=80, rms_error_pm=9.0,
    ...                       shift_pm=None, simulation=3)
    >>> disagreements(scores, replace(scores, macro_f1=0.901, found=70))
    ['found was 80, is 70']
    """
    texts = []
    for name, (absolute, relative) in TOLERANCES.items():
        before, after = getattr(frozen, name), getattr(found, name)
        if before is None or after is None:
            same = before == after
        else:
            same = np.allclose(after, before, rtol=relative, atol=absolute)
        if not same:
            texts.append(f"{name} was {before}, is {after}")
    return texts


def contradiction(scored: Rows, found: Rows) -> str:
    """Why images cannot be those of a stored set, but for their noise; empty if they can.

    Args:
        scored: Rows of scores of the stored set by one network.
        found: Rows of the first images of the set, made again with other noise, by the same one.

    Returns:
        The first image with another number of true columns, or what the mean F1 was and is.
    """
    before, after = _true_columns(scored), _true_columns(found)
    for index in sorted(before.keys() & after.keys()):
        if before[index] != after[index]:
            return f"image {index} had {before[index]} columns and has {after[index]} now"
    f1_before, f1_after = _image_f1(scored), _image_f1(found)
    shared = sorted(f1_before.keys() & f1_after.keys())
    change = np.array([f1_after[index] - f1_before[index] for index in shared])
    if len(change) < 2:
        return ""
    error = change.std(ddof=1) / math.sqrt(len(change))
    if abs(change.mean()) <= max(LEAST_CHANGE, NOISE_ERRORS * error):
        return ""
    was, is_now = (np.mean([each[index] for index in shared]) for each in (f1_before, f1_after))
    return f"the mean F1 of the first {len(shared)} images was {was:.3f} and is {is_now:.3f} now"


def _true_columns(rows: Rows) -> dict[int, int]:
    """Number of true columns that count of each image, by its index."""
    return {
        row["index"]: row["true_positives"] + row["false_negatives"]
        for row in rows
        if row["class"] == LOCALISATION
    }


def _image_f1(rows: Rows) -> dict[int, float]:
    """F1 of each image in which there is something to find or was found, by its index."""
    return {
        row["index"]: row["f1"]
        for row in rows
        if row["class"] == SPECIES and math.isfinite(row["f1"])
    }
