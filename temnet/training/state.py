"""The state of a training on disk, from which it resumes exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import keras

from temnet.errors import InputError
from temnet.system.files import beside, put_in_place
from temnet.tables.json_records import read_record, write_record

STATE_FILE = "state.json"


@dataclass(frozen=True)
class TrainingState:
    """The state of a training, `state.json`.

    Attributes:
        epochs: Number of finished epochs.
        weights: Name of the file with the last epoch's weights and optimizer.
        best: Best value of the monitored score; None before the first.
        best_epoch: Last epoch with this value, counted from 0.
        grown_epoch: First epoch with this value; earlier versions did not record it.
        settings: Hash of the settings that the training depends on; empty if not given.
    """

    epochs: int = 0
    weights: str = ""
    best: float | None = None
    best_epoch: int | None = None
    grown_epoch: int | None = None
    settings: str = ""


def save_state(model: keras.Model, folder: Path, state: TrainingState) -> TrainingState:
    """Saves weights and optimizer, then writes state.json, then removes older weights.

    A crash in between leaves the earlier state.json with its file of weights.

    Args:
        model: The compiled model at an epoch's end, with its own weights (not their average).
        folder: The training's folder.
        state: The state.

    Returns:
        The state with the name of the saved file.
    """
    name = f"last-{state.epochs:04d}.keras"
    save_atomically(model, folder / name, optimizer=True)
    state = replace(state, weights=name)
    write_record(folder / STATE_FILE, state)
    for older in folder.glob("last-*.keras"):
        if older.name != name:
            older.unlink()
    return state


def load_state(folder: Path) -> TrainingState:
    """Reads the state of a training; the initial state if there is none.

    Raises:
        InputError: If state.json is damaged, or the weights that it names are missing.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        return TrainingState()
    try:
        state = read_record(path, TrainingState)
    except InputError as error:
        raise InputError(f"{error} Remove {folder} to train from the beginning.") from error
    if state.grown_epoch is None:  # of an earlier version
        state = replace(state, grown_epoch=state.best_epoch)
    if not (folder / state.weights).is_file():
        raise InputError(
            f"{folder / state.weights}: the weights of the last epoch, named in state.json, are "
            f"missing; restore the file, or remove {folder} to train from the beginning."
        )
    return state


def restore(model: keras.Model, folder: Path, state: TrainingState) -> None:
    """Gives a compiled model the weights and the optimizer's variables of a state.

    Raises:
        InputError: If the weights do not fit the network.
    """
    if not state.epochs:
        return
    path = folder / state.weights
    model.optimizer.build(model.trainable_variables)
    try:
        model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise InputError(
            f"{path}: these weights do not fit the network ({str(error).splitlines()[0]}); "
            f"remove {folder} to train from the beginning."
        ) from error


def save_atomically(model: keras.Model, path: Path, optimizer: bool) -> None:
    """Saves a model in one step: readers see the old or the new file, never a partial one.

    Args:
        model: The model.
        path: The file, with the ending ``.keras``; missing folders are created.
        optimizer: Whether to save the optimizer's state too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = beside(path.with_suffix(""), "part")
    temporary = part.with_name(f"{part.name}{path.suffix}")  # Keras asks for the ending
    try:
        model.save(temporary, include_optimizer=optimizer)
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
