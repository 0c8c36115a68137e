"""Calibrating, scoring and saving a trained network with its card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from temnet.config.card import ImageStatistics
from temnet.config.card_scores import SelectionScores
from temnet.config.experiment import Experiment, required
from temnet.config.learning.labels import Labels
from temnet.errors import InputError
from temnet.evaluation.column_contrast import column_contrast
from temnet.evaluation.evaluate import evaluate
from temnet.evaluation.metrics import image_counts, pooled_scores
from temnet.inference.checks.grey_levels import skewness, slow_variation
from temnet.inference.checks.image_statistics import example_appearance
from temnet.inference.checks.neighbour_distances import neighbour_distances
from temnet.inference.checks.out_of_distribution import reference
from temnet.inference.engines.check_images import check_images
from temnet.models.checkpoint import save_network, to_float32
from temnet.models.description import describe
from temnet.models.network import Network
from temnet.models.network_folders import check_replaceable
from temnet.records import IGNORED, Example
from temnet.training.fit_calibration import calibrate

FEWEST_IMAGES = 30
"""Smallest number of images for statistics on the card; with fewer, images of the same kind would
often be reported as out of distribution."""


SIGN_CONTRAST = 0.15
"""Contrast of columns from which an image shows whether they are bright or dark."""

SIGN_QUANTILES = (0.02, 0.98)
"""Quantiles of the skewness of such images that stand on the card.  A honeycomb of bright columns,
as of graphene, is rare among crystals and has the sign of dark ones."""


def finish_network(
    folder: str | Path,
    model: keras.Model,
    experiment: Experiment,
    selection: Sequence[Example],
    name: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Calibrates a network's scores, chooses its threshold, and saves it with a card.

    Args:
        folder: The network's folder; an earlier network in it is replaced.
        model: ``temnet.build_model(experiment)``, trained in any way.
        experiment: Settings of the model and its images.
        selection: Some hundred examples that it was not trained on; from fewer than
            `FEWEST_IMAGES` the card gets no statistics of images.
        name: Its name; by default that of the folder.
        progress: Called with 1 after each scored example.

    Raises:
        InputError: If there are no examples, the model does not fit the experiment, or the folder
            holds anything but a network.
    """
    if not selection:
        raise InputError("A network's threshold is chosen on examples, but none were given.")
    check_replaceable(Path(folder).resolve())
    model = to_float32(model, experiment)  # the saved model is the calibrated one
    calibration, threshold = calibrate(model, selection, experiment)
    name = name or Path(folder).resolve().name
    card = replace(describe(name, experiment, threshold), score_calibration=calibration)
    network = Network(name, model, experiment, card)
    rows = evaluate(network, enumerate(selection), experiment.evaluation, progress=progress)
    counts = image_counts(rows, experiment.class_names, {i: i for i in range(len(selection))})
    card = replace(
        card,
        metrics=SelectionScores(**vars(pooled_scores(counts))),
        image_statistics=describe_images(
            selection, required(experiment.labels, "labels"), experiment.sampling
        ),
        neighbour_distances=neighbour_distances(
            (example.columns for example in selection), experiment.class_names
        ),
    )
    width = required(experiment.labels, "labels").normalisation_width
    save_network(folder, model, experiment, card, check_images(selection, width))


def describe_images(
    examples: Iterable[Example], labels: Labels, sampling: float
) -> ImageStatistics | None:
    """The entry ``image_statistics`` of a network's card; see `out_of_distribution.reference`.

    Args:
        examples: Selection images, which the network was not trained on.
        labels: The network's labels; uses `normalisation_width`.
        sampling: Pixel size of the network [Å].

    Returns:
        The statistics; None from fewer than `FEWEST_IMAGES` images.
    """
    width, seen, slow, skew = labels.normalisation_width, [], [], []
    for example in examples:
        seen.append(example_appearance(example, width))
        slow.append(slow_variation(example.images, sampling))
        if shows_sign(example):
            skew.append(skewness(example.images, sampling))
    if len(seen) < FEWEST_IMAGES:
        return None
    return replace(
        reference(seen, sampling),
        slow_variation=round(float(np.nanmax(slow)), 4),
        skewness=span_of(skew),
    )


def shows_sign(example: Example) -> bool:
    """Whether columns are clearly brighter or darker than their surroundings."""
    columns = example.columns
    labelled = columns.positions[columns.class_index != IGNORED]
    return abs(column_contrast(example.images[..., 0], labelled, example.sampling)) > SIGN_CONTRAST


def span_of(values: Sequence[float]) -> tuple[float, float] | None:
    """The range of nearly all values; None without any."""
    if not values:
        return None
    low, high = np.quantile(values, SIGN_QUANTILES)
    return round(float(low), 3), round(float(high), 3)
