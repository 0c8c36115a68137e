import numpy as np
import pytest

from temnet.training.callbacks import CsvLog
from temnet.training.learning_rate import Plateau, learning_rate, plateaus

INPUTS, TARGETS = np.ones((4, 1), np.float32), np.ones((4, 1), np.float32)


def test_plateaus_by_hand():
    assert plateaus([], 2) == 0
    assert plateaus([0.1, 0.2, 0.3], 1) == 0
    assert plateaus([0.3, 0.2, 0.1, 0.0], 2) == 1
    assert plateaus([0.3, 0.2, 0.1, 0.0], 1) == 3


SCORES = [0.5, 0.4, 0.4, 0.6, 0.6, 0.5, 0.4]


def test_the_rate_falls_where_the_score_does_not_grow(one_weight, given_scores, tmp_path):
    def run(first, last):
        given, log = given_scores(SCORES), tmp_path / "log.csv"
        one_weight.fit(
            INPUTS, TARGETS, initial_epoch=first, epochs=last, verbose=0,
            callbacks=[given, CsvLog(log), Plateau(log, 0.1, 0.5, 2)],
        )  # fmt: skip
        return given.rates

    # Two epochs without growth after the first and after the fourth epoch.
    expected = [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025]
    assert run(0, 4) + run(4, 7) == pytest.approx(expected)


@pytest.mark.parametrize(("schedule", "last"), [("cosine", 0.01), ("constant", 1.0)])
def test_rates_rise_and_then_fall_or_stay(make_experiment, schedule, last):
    experiment = make_experiment(
        epochs=10, learning_rate=0.2, warmup_fraction=0.2, schedule=schedule
    )
    steps = 10 * experiment.training.epoch_size // experiment.training.batch_size
    rate = learning_rate(experiment.training)
    values = [float(rate(step)) for step in range(steps + 1)]
    top = round(0.2 * steps)
    assert values[0] < 0.3 * values[top] and values[top] == pytest.approx(0.2)
    assert values[-1] == pytest.approx(0.2 * last, rel=1e-3)
    assert learning_rate(make_experiment(learning_rate=0.3, schedule="plateau").training) == 0.3


def test_learning_rate_rises_and_falls_as_half_a_cosine(make_experiment):
    experiment = make_experiment(
        epochs=40, learning_rate=0.2, warmup_fraction=0.25, final_learning_rate_fraction=0.1
    )
    rate = learning_rate(experiment.training)  # 120 steps, 30 of them rising
    assert float(rate(0)) == pytest.approx(0.2 / 31, rel=1e-4)
    assert float(rate(15)) == pytest.approx((0.2 / 31 + 0.2) / 2, rel=1e-4)
    assert float(rate(30)) == pytest.approx(0.2)
    assert float(rate(75)) == pytest.approx(0.2 * (1 + 0.1) / 2, rel=1e-4)
    assert float(rate(120)) == pytest.approx(0.02, rel=1e-4)


def test_learning_rate_without_a_rise(make_experiment):
    rate = learning_rate(make_experiment(learning_rate=0.2, warmup_fraction=0).training)
    assert float(rate(0)) == pytest.approx(0.2)
