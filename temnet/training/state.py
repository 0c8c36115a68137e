"""The state of a training on disk, from which it goes on exactly."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras

from temnet.errors import InputError
from temnet.system.files import put_in_place, replace_file

STATE_FILE = "state.json"


@dataclass(frozen=True)
class TrainingState:
    """How far a training has come.

    Attributes:
        epochs: Epochs that are finished.
        weights: Name of the file with the last epoch's weights and optimizer.
        best: Best value of what is monitored; None before there is one.
        best_epoch: The epoch, counted from 0, that had it; of several the last.
        grown_epoch: The first that had it.
        settings: Hash of the settings that the training depends on; empty if it was not given.
    """

    epochs: int = 0
    weights: str = ""
    best: float | None = None
    best_epoch: int | None = None
    grown_epoch: int | None = None
    settings: str = ""


def save_state(model: keras.Model, folder: Path, state: TrainingState) -> TrainingState:
    """Writes weights and optimizer, then names them in state.json, then removes older ones.

    A crash in between leaves the earlier state.json with the file that it names.

    Args:
        model: The compiled model at an epoch's end, with its own weights (not their average).
        folder: Where to.
        state: The state; its ``weights`` is set here.
    """
    name = f"last-{state.epochs:04d}.keras"
    save_atomically(model, folder / name, optimizer=True)
    state = replace(state, weights=name)
    replace_file(folder / STATE_FILE, json.dumps(asdict(state), indent=1).encode())
    for older in folder.glob("last-*.keras"):
        if older.name != name:
            older.unlink()
    return state


def load_state(folder: Path) -> TrainingState:
    """The state in a folder; that of a training not yet begun if there is none.

    Raises:
        InputError: state.json is damaged, or the file that it names is missing.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        return TrainingState()
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        # Earlier versions did not tell the first of equal epochs.
        state = TrainingState(**{"grown_epoch": values.get("best_epoch"), **values})
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: this is not the state of a training ({error}); remove {folder} to train "
            "from the beginning."
        ) from error
    if not (folder / state.weights).is_file():
        raise InputError(
            f"{folder / state.weights}: the weights of the last epoch, which state.json names, "
            f"are missing; put them back, or remove {folder} to train from the beginning."
        )
    return state


def restore(model: keras.Model, folder: Path, state: TrainingState) -> None:
    """Gives a compiled model the weights and the optimizer's variables of a state.

    Raises:
        InputError: The file belongs to another network.
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
    """Saves a model in one step: the old file, or the new one, never a part.

    Args:
        model: The model.
        path: Where to, with the ending ``.keras``; missing folders are made.
        optimizer: Whether the optimizer's state is saved too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part.keras")
    try:
        model.save(temporary, include_optimizer=optimizer)
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
