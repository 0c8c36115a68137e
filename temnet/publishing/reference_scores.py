"""The frozen scores of a network, on a few images that can be simulated again anywhere.

They are of the first validation images of the network's own experiment, made from their seeds and
not read from a stored set, so that a test notices when anything between the specimen and the score
has changed.  Their noise is steady: the electrons of all pixels of a stored image come from one
stream of random numbers, which another type of processor may leave after the first pixels, and
other noise changes the scores more than, for example, a wrong normalisation does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from temnet.config.card import FrozenScores
from temnet.config.simulation import SIMULATION_VERSION, SimulationSettings
from temnet.evaluation.evaluate import evaluate
from temnet.evaluation.metrics import ImageCounts, image_counts, pooled_scores
from temnet.evaluation.scores import LOCALISATION, ScoreRow
from temnet.models.network import Network
from temnet.records import Example
from temnet.simulation.sweep import simulate_portable

SPLIT = "validation"

IMAGES = 20
"""Images that are scored."""


NOISE_ERRORS, LEAST_CHANGE = 4.0, 0.02
"""The mean F1 of images whose noise alone is another one may change by so many of its standard
errors, or by so much if that is more."""

Rows = Sequence[ScoreRow]


def frozen_examples(simulation: SimulationSettings) -> list[Example]:
    """The images that are scored, made from their seeds."""
    return simulate_portable(simulation, IMAGES, SPLIT)


def example_rows(network: Network, examples: Iterable[Example]) -> Rows:
    """Rows of scores of a network on examples, as the network's own experiment scores them."""
    return evaluate(network, enumerate(examples), network.experiment.evaluation)


def frozen_scores(rows: Rows, class_names: Sequence[str]) -> FrozenScores:
    """Rows of scores as the few numbers that are kept.

    Args:
        rows: Of `example_rows`.
        class_names: The classes.
    """
    pooled = pooled_scores(counts_of_rows(rows, class_names))
    any_class = pooled.classes[LOCALISATION]
    pairs = [
        (row.true_positives, row.shift_row_pm, row.shift_col_pm)
        for row in rows
        if row.class_ == LOCALISATION and math.isfinite(row.shift_row_pm)
    ]
    shift = None
    if pairs:
        number, rows_pm, cols_pm = np.array(pairs, np.float64).T
        total = number.sum()
        shift = (float(number @ rows_pm / total), float(number @ cols_pm / total))
    return FrozenScores(
        images=pooled.images,
        macro_f1=pooled.macro_f1,
        columns=any_class.columns,
        found=any_class.peaks,
        rms_error_pm=any_class.rms_error_pm,
        shift_pm=shift,
        simulation=SIMULATION_VERSION,
    )


def counts_of_rows(rows: Rows, class_names: Sequence[str]) -> ImageCounts:
    """The counts of every image, each of a specimen of its own."""
    return image_counts(rows, class_names, {row.index: row.index for row in rows})


def contradiction(scored: ImageCounts, found: ImageCounts) -> str:
    """Why images cannot be those of a stored set, but for their noise; empty if they can.

    As everywhere, the F1 of an image is that of an image with columns; see `ImageCounts.image_f1`.

    Args:
        scored: Counts of the stored set by one network.
        found: Counts of the first images of the set, made again with other noise, by the same one.

    Returns:
        The first image with another number of true columns, or the mean F1 before and now.
    """
    shared = min(len(scored), len(found))
    first = np.arange(shared)
    before, after = scored.select(first), found.select(first)
    for index in np.flatnonzero(before.columns != after.columns):
        return (
            f"image {index} had {before.columns[index]} columns and has {after.columns[index]} now"
        )
    known = before.columns > 0
    f1_before, f1_after = before.image_f1()[known], after.image_f1()[known]
    change = f1_after - f1_before
    if len(change) < 2:
        return ""
    error = change.std(ddof=1) / math.sqrt(len(change))
    if abs(change.mean()) <= max(LEAST_CHANGE, NOISE_ERRORS * error):
        return ""
    return (
        f"the mean F1 of the first {shared} images was {f1_before.mean():.3f} and is "
        f"{f1_after.mean():.3f} now"
    )
