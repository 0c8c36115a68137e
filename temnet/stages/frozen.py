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

from temnet.config.experiment import SIMULATION_VERSION, Experiment
from temnet.evaluation.evaluate import evaluate
from temnet.evaluation.scores import LOCALISATION
from temnet.evaluation.tally import MACRO
from temnet.models.checkpoint import Network
from temnet.records import Example
from temnet.simulation.series import simulate_steady
from temnet.stages.summary import summarise

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

FrozenScores = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]


def frozen_examples(experiment: Experiment) -> list[Example]:
    """The images that are scored, made from their seeds."""
    return simulate_steady(experiment, IMAGES, SPLIT)


def example_rows(network: Network, examples: Iterable[Example]) -> Rows:
    """Rows of scores of a network on examples, as the network's own experiment scores them."""
    return evaluate(network, enumerate(examples), network.config.evaluation)


def frozen_scores(rows: Rows, class_names: Sequence[str]) -> FrozenScores:
    """Rows of scores as the few numbers that are kept.

    Args:
        rows: Of `score_image`, each with the ``index`` of its image.
        class_names: The classes.

    Returns:
        ``images``, ``macro_f1``, ``columns`` (true ones that count), ``found`` (peaks that
        count), ``rms_error_pm`` of the places and ``shift_pm``, the mean of found minus true
        (row, col), which the error does not hold; None where nothing tells.
    """
    summary = summarise(rows, class_names)
    place = summary["classes"][LOCALISATION]
    pairs = [
        (row["true_positives"], row["shift_row_pm"], row["shift_col_pm"])
        for row in rows
        if row["class"] == LOCALISATION and math.isfinite(row["shift_row_pm"])
    ]
    number, *shift = np.array(pairs).reshape(-1, 3).T
    return {
        "images": summary["images"],
        MACRO: summary[MACRO],
        "columns": place["true_positives"] + place["false_negatives"],
        "found": place["true_positives"] + place["false_positives"],
        "rms_error_pm": place["rms_error_pm"],
        "shift_pm": [float(number @ part / number.sum()) for part in shift] if pairs else None,
    }


def frozen_block(rows: Rows, class_names: Sequence[str]) -> FrozenScores:
    """The block ``frozen`` of a card: `frozen_scores` and the ``simulation`` that it belongs to."""
    return {**frozen_scores(rows, class_names), "simulation": SIMULATION_VERSION}


def disagreements(frozen: FrozenScores, found: FrozenScores) -> list[str]:
    """What differs between frozen scores and those found now by more than rounding explains.

    Args:
        frozen: A card's block ``frozen``.
        found: Of `frozen_scores`, for as many images.

    Returns:
        A text for each score that differs.

    >>> scores = {"images": 20, "columns": 90, "macro_f1": 0.9, "found": 80,
    ...           "rms_error_pm": 9.0, "shift_pm": None}
    >>> disagreements(scores, {**scores, "macro_f1": 0.901, "found": 70})
    ['found was 80, is 70']
    """
    texts = []
    for name, (absolute, relative) in TOLERANCES.items():
        before, after = frozen[name], found[name]
        if before is None or after is None:
            same = before == after
        else:
            same = np.allclose(after, before, rtol=relative, atol=absolute)
        if not same:
            texts.append(f"{name} was {before}, is {after}")
    return texts
