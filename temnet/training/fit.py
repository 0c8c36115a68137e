"""Training a network, from the first epoch or from where an earlier run stood."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from temnet.config.differences import settings_hash
from temnet.config.experiment import Experiment
from temnet.config.loading import write_experiment
from temnet.data.prefetch import WaitClock
from temnet.errors import InputError
from temnet.models.checkpoint import load_network, to_float32
from temnet.models.factory import build_model
from temnet.records import Example
from temnet.system.threads import one_thread
from temnet.training.callbacks import (
    Checkpoint,
    CsvLog,
    PeakF1,
    Progress,
    StopOnNaN,
    WaitTime,
)
from temnet.training.distribution import devices
from temnet.training.losses import ColumnLoss
from temnet.training.schedules import EarlyStop, Plateau, stalled
from temnet.training.state import TrainingState, load_state, restore

LOGGER = logging.getLogger(__name__)


def fit(
    experiment: Experiment,
    make_dataset: Callable[[int, WaitClock], Any],
    selection: Sequence[Example],
    folder: str | Path,
    progress: Callable[[int], object] | None = None,
    describe: Callable[[int, int], str] | None = None,
) -> keras.Model:
    """Trains the experiment's network and returns it with its best weights.

    At each epoch's end everything goes to ``folder``; a run that ended in between, by Ctrl-C or
    a power cut, goes on after the last whole epoch when `fit` is called again, and gives the
    same weights as if it had run through.  A training that is finished only returns its network.

    Args:
        experiment: The settings.
        make_dataset: Given the number of epochs that are done and a clock that is to be told of
            waiting, returns batches of (images, labels, weights) without end, in the order that
            follows these epochs.
        selection: Examples that choose the best epoch; the first `training.selection_images`.
        folder: Where checkpoints, log.csv and the curves for TensorBoard go.
        progress: Called with the number of training steps just finished, of
            `training.epochs` times `Training.steps_per_epoch`.
        describe: Tells of a batch, given the epoch and the batch, should the loss not be finite.

    Returns:
        The best epoch's network in float32, uncompiled.

    Raises:
        InputError: ``folder`` holds the training of other settings, the training diverged, or
            `training.start_from` does not fit.
    """
    folder = Path(folder)
    # A second thread of linear algebra spins between MSD-net's small products, at their cost.
    with devices(experiment), one_thread():
        _train(experiment, make_dataset, selection, folder, progress, describe)
    return best_model(experiment, folder)


def _train(
    experiment: Experiment,
    make_dataset: Callable[[int, WaitClock], Any],
    selection: Sequence[Example],
    folder: Path,
    progress: Callable[[int], object] | None,
    describe: Callable[[int, int], str] | None,
) -> None:
    """Trains the epochs that are not done yet; arguments as for `fit`."""
    state = _earlier_state(experiment, folder)
    model = build_model(experiment)
    if experiment.training.start_from is not None and not state.epochs:
        model.set_weights(first_weights(experiment))
    compile_model(model, experiment, selection)
    restore(model, folder, state)
    folder.mkdir(parents=True, exist_ok=True)
    write_experiment(experiment, folder / "experiment.yaml")
    epochs, steps = experiment.training.epochs, experiment.training.steps_per_epoch
    if state.epochs < epochs and not stalled(state, experiment.training.early_stopping):
        clock = WaitClock()
        LOGGER.info("training epochs %d to %d of %d steps", state.epochs + 1, epochs, steps)
        model.fit(
            make_dataset(state.epochs, clock),
            initial_epoch=state.epochs,
            epochs=epochs,
            steps_per_epoch=steps,
            callbacks=[
                StopOnNaN(describe),
                *_callbacks(experiment, selection, folder, state, clock, progress),
            ],
            shuffle=False,  # the order is the dataset's own
            verbose=0,
        )


def first_weights(experiment: Experiment) -> list[np.ndarray]:
    """The weights of the network that `training.start_from` names.

    Raises:
        InputError: There is no such network, or it sees or finds something else than this one.
    """
    network = load_network(experiment.training.start_from)
    wanted, found = ({
        "classes": list(settings.class_names),
        "focal images": settings.focus_count,
        "model": settings.model.model_dump(),
    } for settings in (experiment, network.experiment))  # fmt: skip
    for what, value in wanted.items():
        if found[what] != value:
            raise InputError(
                f"training.start_from: the network {network.name} has other {what} than this "
                f"experiment ({found[what]}, not {value}); start from one that has the same, or "
                "from random weights."
            )
    return network.model.get_weights()


def compile_model(
    model: keras.Model, experiment: Experiment, examples: Sequence[Example] = ()
) -> keras.Model:
    """The model with the experiment's loss and optimizer.

    Args:
        model: The network.
        experiment: The settings.
        examples: From which balanced class weights are taken.
    """
    settings = experiment.training
    optimizer = keras.optimizers.AdamW(
        learning_rate=learning_rate(experiment),
        weight_decay=settings.weight_decay,
        global_clipnorm=settings.clip_norm,
        use_ema=settings.ema > 0,
        ema_momentum=settings.ema,
    )
    # Decay pulls towards zero, which is right for kernels but not for scales and offsets.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    loss = ColumnLoss(
        settings.peak_weight,
        class_weights(experiment, examples),
        settings.focal,
        settings.dice_weight,
    )
    model.compile(optimizer=optimizer, loss=loss)
    return model


def class_weights(experiment: Experiment, examples: Sequence[Example]) -> list[float] | None:
    """What each kind of column counts in the loss; None where all count the same.

    Balanced weights are inverse to how much of the examples' label maps each kind takes, with a
    mean of one over the labels; kinds that are not in the examples have the largest.

    Raises:
        InputError: Balanced weights are asked for without examples.
    """
    wanted = experiment.training.class_weights
    if wanted == "equal":
        return None
    if isinstance(wanted, dict):
        return [float(wanted.get(name, 1.0)) for name in experiment.class_names]
    if not examples:
        raise InputError("training.class_weights: balanced weights need examples to count.")
    shares = np.sum([one.labels[..., :-1].sum(axis=(0, 1)) for one in examples], axis=0)
    there = shares > 0
    if not there.any():
        return None
    weights = np.where(there, shares[there].sum() / there.sum() / np.maximum(shares, 1e-9), 0)
    return np.where(there, weights, weights.max()).tolist()


def learning_rate(
    experiment: Experiment,
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """A linear rise, then half a cosine down to a fraction of the highest rate, or none.

    With the schedule `plateau` it is a number, which the callback `Plateau` lowers.
    """
    settings = experiment.training
    if settings.schedule == "plateau":
        return settings.learning_rate
    total = settings.epochs * experiment.training.steps_per_epoch
    warmup = round(settings.warmup_fraction * total)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=settings.learning_rate / (warmup + 1),
        decay_steps=max(total - warmup, 1),
        alpha=settings.final_learning_rate_fraction if settings.schedule == "cosine" else 1.0,
        warmup_target=settings.learning_rate,
        warmup_steps=warmup,
    )


def best_model(experiment: Experiment, folder: str | Path) -> keras.Model:
    """The network of the best epoch of a training, in float32 and uncompiled.

    Raises:
        InputError: There is no training in ``folder``.
    """
    path = Path(folder) / "best.keras"
    if not path.is_file():
        raise InputError(f"{path}: there is no trained network; run the stage `train` first.")
    return to_float32(keras.saving.load_model(path, compile=False), experiment)


def training_hash(experiment: Experiment) -> str:
    """A hash of the settings that a training's course depends on."""
    names = ("model", "training", "labels")
    sections = {name: getattr(experiment, name).model_dump(mode="json") for name in names}
    # They choose the epoch; the rest is for the stage `evaluate`.
    sections["evaluation"] = experiment.evaluation.model_dump(include={"radius", "border"})
    kept = {"training", "source", "image_epochs", "augment"}
    data = experiment.data.model_dump(mode="json", include=kept)
    return settings_hash({"identity": experiment.simulation.identity(), "data": data, **sections})


def _earlier_state(experiment: Experiment, folder: Path) -> TrainingState:
    state, settings = load_state(folder), training_hash(experiment)
    if state.epochs and state.settings != settings:
        raise InputError(
            f"{folder} holds a training of {state.epochs} epochs with other settings (hash "
            f"{settings} was expected, {state.settings} found); compare {folder}/experiment.yaml, "
            "or remove the folder to train from the beginning."
        )
    return state if state.epochs else TrainingState(settings=settings)


def _callbacks(
    experiment: Experiment,
    selection: Sequence[Example],
    folder: Path,
    state: TrainingState,
    clock: WaitClock,
    progress: Callable[[int], object] | None,
) -> list[keras.callbacks.Callback]:
    count = min(experiment.training.selection_images, len(selection))
    chosen = [selection[index] for index in range(count)]
    checkpoint = Checkpoint(folder, state=state)
    callbacks = [
        PeakF1(chosen, experiment),
        WaitTime(clock),
        CsvLog(folder / "log.csv"),
        checkpoint,
        Progress(experiment.training.steps_per_epoch, progress),
    ]
    if experiment.training.schedule == "plateau":
        settings = experiment.training
        callbacks.append(
            Plateau(
                folder / "log.csv",
                settings.learning_rate,
                settings.plateau_factor,
                settings.plateau_epochs,
            )
        )
    if experiment.training.early_stopping is not None:
        callbacks.append(EarlyStop(checkpoint, experiment.training.early_stopping))
    if keras.backend.backend() == "tensorflow":  # Keras' callback writes by TensorFlow alone
        callbacks.append(
            keras.callbacks.TensorBoard(str(folder / "tensorboard"), write_graph=False)
        )
    return callbacks
