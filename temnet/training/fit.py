"""Training of a network, from the first epoch or resumed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from temnet.config.differences import settings_hash
from temnet.config.experiment import Experiment
from temnet.config.learning.training import Training
from temnet.config.loading import write_experiment
from temnet.data.prefetch import WaitClock
from temnet.errors import InputError
from temnet.models.checkpoint import to_float32
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
from temnet.training.early_stopping import EarlyStop, stalled
from temnet.training.first_weights import first_weights
from temnet.training.learning_rate import Plateau, learning_rate
from temnet.training.losses import ColumnLoss, class_weights
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

    The state is saved to ``folder`` after each epoch.  If the training was stopped, by Ctrl-C or
    a power cut, calling `fit` again resumes after the last finished epoch and gives the same
    weights as an uninterrupted training.  If it has finished, `fit` only returns its network.

    Args:
        experiment: Settings of network, images, training and scores.
        make_dataset: Returns endless batches of (images, labels, weights), from the number of
            finished epochs, which sets their order, and a clock that measures waiting for data.
        selection: Examples that choose the best epoch; the first `training.selection_images`.
        folder: Gets checkpoints, log.csv and the curves for TensorBoard.
        progress: Called with the number of training steps just finished, of
            `training.epochs` times `Training.steps_per_epoch`.
        describe: Describes a batch, from epoch and batch, if the loss is not finite.

    Returns:
        The best epoch's network in float32, uncompiled.

    Raises:
        InputError: If ``folder`` holds a training of other settings, the training diverges, or
            `training.start_from` does not fit.
    """
    folder = Path(folder)
    # A second thread of linear algebra slows down MSD-net's small products.
    with devices(experiment.training), one_thread():
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
    """Trains the remaining epochs; arguments as for `fit`."""
    state = _earlier_state(folder, training_hash(experiment))
    model = build_model(experiment)
    if experiment.training.start_from is not None and not state.epochs:
        model.set_weights(first_weights(experiment))
    compile_model(model, experiment.training, experiment.class_names, selection)
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


def compile_model(
    model: keras.Model,
    training: Training,
    class_names: Sequence[str],
    examples: Sequence[Example] = (),
) -> keras.Model:
    """Compiles a model with loss and optimizer, and returns it.

    Args:
        model: The network.
        training: Settings of loss, optimizer and learning rate.
        class_names: Names of the kinds of column.
        examples: Examples for balanced class weights.
    """
    optimizer = keras.optimizers.AdamW(
        learning_rate=learning_rate(training),
        weight_decay=training.weight_decay,
        global_clipnorm=training.clip_norm,
        use_ema=training.ema > 0,
        ema_momentum=training.ema,
    )
    # Decay pulls towards zero, which suits kernels but not scales and offsets.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    loss = ColumnLoss(
        training.peak_weight,
        class_weights(training, class_names, examples),
        training.focal,
        training.dice_weight,
    )
    model.compile(optimizer=optimizer, loss=loss)
    return model


def best_model(experiment: Experiment, folder: str | Path) -> keras.Model:
    """The network of the best epoch of a training, in float32 and uncompiled.

    Raises:
        InputError: If ``folder`` has no trained network.
    """
    path = Path(folder) / "best.keras"
    if not path.is_file():
        raise InputError(f"{path}: no trained network found; run the stage `train` first.")
    return to_float32(keras.saving.load_model(path, compile=False), experiment)


def training_hash(experiment: Experiment) -> str:
    """A hash of all settings that the result of a training depends on."""
    names = ("model", "training", "labels")
    sections = {name: getattr(experiment, name).model_dump(mode="json") for name in names}
    # They choose the epoch; the others matter only for the stage `evaluate`.
    sections["evaluation"] = experiment.evaluation.model_dump(include={"radius", "border"})
    kept = {"training", "source", "image_epochs", "augment"}
    data = experiment.data.model_dump(mode="json", include=kept)
    return settings_hash({"identity": experiment.simulation.identity(), "data": data, **sections})


def _earlier_state(folder: Path, settings: str) -> TrainingState:
    """The state in a folder, which has to be of settings with this hash."""
    state = load_state(folder)
    if state.epochs and state.settings != settings:
        raise InputError(
            f"{folder} holds a training of {state.epochs} epochs with other settings (expected "
            f"hash {settings}, got {state.settings}); compare {folder}/experiment.yaml, or remove "
            "the folder to train from the beginning."
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
    training = experiment.training
    checkpoint = Checkpoint(folder, state=state)
    callbacks = [
        PeakF1(selection[: training.selection_images], experiment),
        WaitTime(clock),
        CsvLog(folder / "log.csv"),
        checkpoint,
        Progress(training.steps_per_epoch, progress),
    ]
    if training.schedule == "plateau":
        callbacks.append(
            Plateau(
                folder / "log.csv",
                training.learning_rate,
                training.plateau_factor,
                training.plateau_epochs,
            )
        )
    if training.early_stopping is not None:
        callbacks.append(EarlyStop(checkpoint, training.early_stopping))
    if keras.backend.backend() == "tensorflow":  # Keras' callback writes by TensorFlow alone
        callbacks.append(
            keras.callbacks.TensorBoard(str(folder / "tensorboard"), write_graph=False)
        )
    return callbacks
