"""A trained network with its card, as `python -m temnet.predict` and `load_network` take it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import keras

from temnet.config.card import ImageStatistics
from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.evaluation.evaluate import evaluate
from temnet.evaluation.metrics import image_counts, pooled_scores
from temnet.inference.image_statistics import example_appearance
from temnet.inference.out_of_distribution import reference
from temnet.json_records import as_values
from temnet.models.checkpoint import Network, check_replaceable, save_network, to_float32
from temnet.models.description import describe
from temnet.records import Example
from temnet.training.fit_calibration import calibrate

FEWEST_IMAGES = 30
"""Of fewer images an image of the same kind would often be called unlike."""


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
        folder: Where to; a network that is there already is replaced.
        model: ``temnet.build_model(experiment)``, trained in any way.
        experiment: What built the model and made its images.
        selection: Examples that it was not taught on, some hundred of them; of fewer than
            `FEWEST_IMAGES` the card does not keep what taught images look like.
        name: What it is called; the folder's name by default.
        progress: Called with 1 after each example that was scored.

    Raises:
        InputError: There are no examples, the model is not the one that the experiment describes,
            or the folder holds something else than a network.
    """
    if not selection:
        raise InputError("There are no examples to choose a network's threshold by; give some.")
    check_replaceable(Path(folder).resolve())
    model = to_float32(model, experiment)  # what is saved is what is calibrated
    calibration, threshold = calibrate(model, selection, experiment)
    name = name or Path(folder).resolve().name
    card = replace(describe(name, experiment, threshold), score_calibration=calibration)
    network = Network(name, model, experiment, card)
    rows = evaluate(network, enumerate(selection), experiment.evaluation, progress=progress)
    counts = image_counts(rows, experiment.class_names, {i: i for i in range(len(selection))})
    card = replace(
        card,
        metrics={"split": "selection", **as_values(pooled_scores(counts))},
        image_statistics=describe_images(selection, experiment),
    )
    save_network(folder, model, experiment, card)


def describe_images(examples: Iterable[Example], experiment: Experiment) -> ImageStatistics | None:
    """The entry ``image_statistics`` of a network's card; see `out_of_distribution.reference`.

    Args:
        examples: Selection images, none of which the network was taught on.
        experiment: The network's settings.

    Returns:
        None of fewer than `FEWEST_IMAGES` images.
    """
    width = experiment.labels.normalisation_width
    seen = [example_appearance(example, width) for example in examples]
    return reference(seen, experiment.model.sampling) if len(seen) >= FEWEST_IMAGES else None
