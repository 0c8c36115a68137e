"""Stage `train`: trains the network and saves it with its card."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from temnet.config.experiment import Experiment, required
from temnet.data.batch_settings import BatchSettings
from temnet.data.batches import describe_batch
from temnet.models.factory import build_model
from temnet.models.network_folders import find_network, read_card
from temnet.stages import simulate
from temnet.stages.stored_sets import StoredSets
from temnet.training.batches import open_batches
from temnet.training.finish import finish_network
from temnet.training.first_weights import first_weights, with_start
from temnet.training.fit import fit
from temnet.workflow.stage import Stage, Work

NETWORK = "network"
"""Folder of the trained network, in the stage's folder."""

FRESH = "images"
"""Folder of fresh images that serve several epochs, in the stage's folder."""

DATA_SETTINGS = {"image_size", "training", "selection", "source", "exit_wave_reuse"}
"""Settings of `data` that the network depends on, beside `augment` and `image_epochs`."""


def settings(experiment: Experiment) -> Mapping[str, object]:
    """Settings that the network depends on."""
    data = experiment.data.model_dump(mode="json", include=DATA_SETTINGS)
    values: dict[str, object] = {
        **simulate.settings(experiment),
        **experiment.model_dump(mode="json", include={"model", "training"}),
        # They choose the epoch and the threshold; the others matter only for `evaluate`.
        "evaluation": experiment.evaluation.model_dump(include={"radius", "border"}),
        "data": {**data, "augment": experiment.data.augment.model_dump(mode="json")},
    }
    if experiment.data.image_epochs > 1:  # finished trainings know of it only then
        values["image_epochs"] = experiment.data.image_epochs
    start = experiment.training.start_from
    if start is not None:
        values["start_from"] = read_card(find_network(start)).sha256
    return values


def check(experiment: Experiment) -> None:
    """Checks that the network that the training starts from fits.

    Raises:
        InputError: If it does not fit or does not exist.
    """
    if experiment.training.start_from is not None:
        first_weights(experiment)


def run(work: Work[None]) -> None:
    """Starts or resumes the training, and saves the best network with its card."""
    experiment = work.experiment
    fresh = experiment.data.source == "fresh"
    sets = StoredSets.of(experiment)
    training_set = work.folder / FRESH if fresh else sets.folder("training")
    selection = list(sets.examples("selection"))
    total = experiment.training.epochs * experiment.training.steps_per_epoch
    batches = BatchSettings.of(experiment)
    with work.progress("train", total) as done:
        model = fit(
            experiment,
            lambda epochs, clock: open_batches(experiment, training_set, epochs, clock),
            selection,
            work.folder,
            done,
            lambda epoch, batch: describe_batch(batches, training_set, epoch, batch),
        )
    shutil.rmtree(work.folder / FRESH, ignore_errors=True)
    with work.progress("score on selection", len(selection)) as done:
        finish_network(
            work.folder / NETWORK,
            with_start(model, experiment),
            experiment,
            selection,
            network_name(work.root),
            progress=done,
        )


def network_name(root: Path) -> str:
    """Name of a network that is trained in a run folder."""
    return root.resolve().name.replace("_", "-")


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """The network and the length of its training."""
    training, model = experiment.training, build_model(experiment)
    kind = required(experiment.model and experiment.model.kind, "model")
    return [
        f"network: {kind} with {model.count_params():,} parameters, "
        f"{experiment.focus_count} image(s) in, {', '.join(experiment.class_names)} out",
        f"{training.epochs} epochs of {training.epoch_size} images, "
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
