"""Early end of a training whose score no longer grows."""

from __future__ import annotations

import keras

from temnet.training.callbacks import Checkpoint, Logs
from temnet.training.state import TrainingState


def stalled(state: TrainingState, epochs: int | None) -> bool:
    """Whether the score of a training has not grown for ``epochs`` epochs; never with None."""
    if epochs is None or state.grown_epoch is None:
        return False
    return state.epochs - 1 - state.grown_epoch >= epochs


class EarlyStop(keras.callbacks.Callback):
    """Ends a training whose score has not grown for some epochs.

    Its state is that of `Checkpoint`, so that a resumed training stops where it would have.

    Args:
        checkpoint: The checkpoint, which knows the best epoch; it has to come before this one.
        epochs: Number of epochs without growth.
    """

    def __init__(self, checkpoint: Checkpoint, epochs: int) -> None:
        super().__init__()
        self.checkpoint, self.epochs = checkpoint, epochs

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Ends the training after the last of these epochs."""
        if stalled(self.checkpoint.state, self.epochs):
            self.model.stop_training = True
