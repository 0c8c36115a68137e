import numpy as np

from temnet.training.callbacks import Checkpoint
from temnet.training.early_stopping import EarlyStop, stalled
from temnet.training.state import TrainingState, load_state

INPUTS, TARGETS = np.ones((4, 1), np.float32), np.ones((4, 1), np.float32)


def test_a_training_without_growth_ends_and_stays_ended(one_weight, given_scores, tmp_path):
    checkpoint = Checkpoint(tmp_path)
    scores = given_scores([0.5, 0.4, 0.3, 0.9])
    one_weight.fit(
        INPUTS,
        TARGETS,
        epochs=9,
        verbose=0,
        callbacks=[scores, checkpoint, EarlyStop(checkpoint, 2)],
    )
    state = load_state(tmp_path)
    assert state.epochs == 3 and state.best_epoch == 0
    assert stalled(state, 2) and not stalled(state, 3) and not stalled(state, None)
    assert not stalled(TrainingState(), 1)


def test_a_score_that_stays_the_same_does_not_grow(one_weight, given_scores, tmp_path):
    """Also in a resumed training; the best epoch is the last of equal ones."""

    def run(first, last):
        checkpoint = Checkpoint(tmp_path, state=load_state(tmp_path))
        one_weight.fit(
            INPUTS, TARGETS, initial_epoch=first, epochs=last, verbose=0,
            callbacks=[given_scores([0.4, *8 * [0.5]]), checkpoint, EarlyStop(checkpoint, 3)],
        )  # fmt: skip
        return load_state(tmp_path)

    state = run(0, 3)
    assert (state.epochs, state.best_epoch, state.grown_epoch) == (3, 2, 1)
    state = run(3, 9)
    assert (state.epochs, state.best_epoch, state.grown_epoch) == (5, 4, 1)
    assert stalled(state, 3) and not stalled(state, 4)
