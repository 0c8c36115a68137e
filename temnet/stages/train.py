"""Stage `train`: teaches the network and keeps it with its card."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from temnet.config.experiment import Experiment
from temnet.data.batch_settings import BatchSettings
from temnet.data.batches import describe_batch
from temnet.models.checkpoint import find_network, read_card
from temnet.models.factory import build_model
from temnet.stages import simulate
from temnet.stages.stored_sets import examples, split_folder
from temnet.training.batches import open_batches
from temnet.training.finish import finish_network
from temnet.training.fit import first_weights, fit
from temnet.workflow.stage import Progress, Stage

NETWORK = "network"
"""Name of the trained network's folder, in that of the stage."""

FRESH = "images"
"""Folder, in that of the stage, of fresh images that serve several epochs."""


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the network depends on."""
    sections = experiment.model_dump(mode="json", include={"model", "training"})
    values = {**simulate.settings(experiment), **sections}
    # Radius and border choose the epoch and the threshold; the rest is for the stage `evaluate`.
    values["evaluation"] = experiment.evaluation.model_dump(include={"radius", "border"})
    used = {"image_size", "training", "selection", "source", "image_epochs", "exit_wave_reuse"}
    values["data"] = {key: value for key, value in values["data"].items() if key in used}
    values["data"]["augment"] = experiment.data.augment.model_dump(mode="json")
    start = experiment.training.start_from
    if start is not None:
        values["start_from"] = read_card(find_network(start)).sha256
    return values


def check(experiment: Experiment) -> None:
    """Whether the network that the training starts from fits; the stage before makes the sets.

    Raises:
        InputError: It does not, or there is none.
    """
    if experiment.training.start_from is not None:
        first_weights(experiment)


def run(experiment: Experiment, root: Path, folder: Path, inputs: None, progress: Progress) -> None:
    """Trains, or goes on training, and saves the best network with its card."""
    fresh = experiment.data.source == "fresh"
    training_set = folder / FRESH if fresh else split_folder(experiment, "training")
    selection = list(examples(experiment, "selection"))
    total = experiment.training.epochs * experiment.training.steps_per_epoch
    batches = BatchSettings.of(experiment)
    with progress("train", total) as done:
        model = fit(
            experiment,
            lambda epochs, clock: open_batches(experiment, training_set, epochs, clock),
            selection,
            folder,
            done,
            lambda epoch, batch: describe_batch(batches, training_set, epoch, batch),
        )
    shutil.rmtree(folder / FRESH, ignore_errors=True)
    with progress("score on selection", len(selection)) as done:
        finish_network(
            folder / NETWORK, model, experiment, selection, network_name(root), progress=done
        )


def network_name(root: Path) -> str:
    """What a network that is trained in a run folder is called."""
    return root.resolve().name.replace("_", "-")


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """The network and how long its training is."""
    training, model = experiment.training, build_model(experiment)
    return [
        f"network: {experiment.model.kind} with {model.count_params():,} parameters, "
        f"{experiment.focus_count} image(s) in, {', '.join(experiment.class_names)} out",
        f"{training.epochs} epochs of {training.images_per_epoch} images, "
        f"{training.batch_size} per step, {training.precision}",
    ]


STAGE = Stage(
    name="train",
    requires=("simulate",),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
    resumable=True,
)
