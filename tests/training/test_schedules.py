from types import SimpleNamespace

import keras
import numpy as np
import pytest

from temnet.errors import InputError
from temnet.training.callbacks import Checkpoint, CsvLog
from temnet.training.fit import class_weights, learning_rate
from temnet.training.schedules import EarlyStop, Plateau, plateaus, stalled
from temnet.training.state import TrainingState, load_state

INPUTS, TARGETS = np.ones((4, 1), np.float32), np.ones((4, 1), np.float32)


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


class Say(keras.callbacks.Callback):
    """Puts given scores into the logs and keeps the learning rates."""

    def __init__(self, scores):
        super().__init__()
        self.scores, self.rates = scores, []

    def on_epoch_end(self, epoch, logs=None):
        logs["peak_f1"] = self.scores[epoch]
        self.rates.append(round(float(self.model.optimizer.learning_rate), 6))


def test_plateaus_by_hand():
    assert plateaus([], 2) == 0
    assert plateaus([0.1, 0.2, 0.3], 1) == 0
    assert plateaus([0.3, 0.2, 0.1, 0.0], 2) == 1
    assert plateaus([0.3, 0.2, 0.1, 0.0], 1) == 3


SCORES = [0.5, 0.4, 0.4, 0.6, 0.6, 0.5, 0.4]


def test_the_rate_falls_where_the_score_does_not_grow(model, tmp_path):
    def run(first, last):
        say, log = Say(SCORES), tmp_path / "log.csv"
        model.fit(
            INPUTS, TARGETS, initial_epoch=first, epochs=last, verbose=0,
            callbacks=[say, CsvLog(log), Plateau(log, 0.1, 0.5, 2)],
        )  # fmt: skip
        return say.rates

    # Two epochs without growth after the first and after the fourth epoch.
    expected = [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025]
    assert run(0, 4) + run(4, 7) == pytest.approx(expected)


def test_a_training_that_does_not_become_better_ends_and_stays_ended(model, tmp_path):
    checkpoint = Checkpoint(tmp_path)
    say = Say([0.5, 0.4, 0.3, 0.9])
    model.fit(
        INPUTS, TARGETS, epochs=9, verbose=0, callbacks=[say, checkpoint, EarlyStop(checkpoint, 2)]
    )
    state = load_state(tmp_path)
    assert state.epochs == 3 and state.best_epoch == 0
    assert stalled(state, 2) and not stalled(state, 3) and not stalled(state, None)
    assert not stalled(TrainingState(), 1)


def test_a_score_that_stays_the_same_does_not_grow(model, tmp_path):
    """Also where a part of the training was an earlier run's; the best is the last of equals."""

    def run(first, last):
        checkpoint = Checkpoint(tmp_path, state=load_state(tmp_path))
        model.fit(
            INPUTS, TARGETS, initial_epoch=first, epochs=last, verbose=0,
            callbacks=[Say([0.4, *8 * [0.5]]), checkpoint, EarlyStop(checkpoint, 3)],
        )  # fmt: skip
        return load_state(tmp_path)

    state = run(0, 3)
    assert (state.epochs, state.best_epoch, state.grown_epoch) == (3, 2, 1)
    state = run(3, 9)
    assert (state.epochs, state.best_epoch, state.grown_epoch) == (5, 4, 1)
    assert stalled(state, 3) and not stalled(state, 4)


@pytest.mark.parametrize(("schedule", "last"), [("cosine", 0.01), ("constant", 1.0)])
def test_rates_rise_and_then_fall_or_stay(make_experiment, schedule, last):
    experiment = make_experiment(
        epochs=10, learning_rate=0.2, warmup_fraction=0.2, schedule=schedule
    )
    steps = 10 * experiment.training.epoch_size // experiment.training.batch_size
    rate = learning_rate(experiment)
    values = [float(rate(step)) for step in range(steps + 1)]
    top = round(0.2 * steps)
    assert values[0] < 0.3 * values[top] and values[top] == pytest.approx(0.2)
    assert values[-1] == pytest.approx(0.2 * last, rel=1e-3)
    assert learning_rate(make_experiment(learning_rate=0.3, schedule="plateau")) == 0.3


def test_class_weights(make_experiment):
    names = make_experiment().class_names
    labels = np.zeros((2, 6, len(names) + 1))
    labels[0, :, 0], labels[1, :2, 1] = 1, 1  # three times as much of the first
    examples = [SimpleNamespace(labels=labels)]
    assert class_weights(make_experiment(), examples) is None
    given = make_experiment(class_weights={names[0]: 3})
    assert class_weights(given, ()) == [3.0, *[1.0] * (len(names) - 1)]
    balanced = make_experiment(class_weights="balanced")
    np.testing.assert_allclose(class_weights(balanced, examples)[:2], [2 / 3, 2])
    assert class_weights(balanced, [SimpleNamespace(labels=0 * labels)]) is None
    with pytest.raises(InputError, match="need examples"):
        class_weights(balanced, ())
