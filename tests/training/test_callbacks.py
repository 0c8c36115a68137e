import csv
import logging
import time

import imageio.v3 as iio
import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from temnet.data.prefetch import WaitClock
from temnet.errors import InputError
from temnet.training.callbacks import (
    Checkpoint,
    CsvLog,
    ImagePanel,
    PeakF1,
    Progress,
    StopOnNaN,
    WaitTime,
)
from temnet.training.state import load_state

INPUTS, TARGETS = np.ones((8, 1), np.float32), 3 * np.ones((8, 1), np.float32)


def train(model, epochs, *callbacks, start=0):
    return model.fit(
        INPUTS, TARGETS, batch_size=4, epochs=epochs, initial_epoch=start,
        callbacks=list(callbacks), verbose=0,
    )  # fmt: skip


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("mode", "values", "best", "grown"),
    [
        ("max", [0.1, 0.7, 0.2], 1, 1),
        ("min", [0.3, 0.7, 0.2], 2, 2),
        ("max", [0.5, float("nan"), 0.1], 0, 0),
        # Of equals the later one has seen more, but the score has not grown.
        ("max", [0.5, 0.5, 0.1], 1, 0),
        ("min", [0.3, 0.2, 0.2], 2, 1),
    ],
)
def test_best_and_last(one_weight, given_scores, tmp_path, mode, values, best, grown):
    scores = given_scores(values)
    train(one_weight, 3, scores, Checkpoint(tmp_path, mode=mode))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "best.keras", "last-0003.keras", "state.json",
    ]  # fmt: skip
    kept = keras.saving.load_model(tmp_path / "best.keras").get_weights()[0].item()
    assert kept == scores.averages[best]
    state = load_state(tmp_path)
    assert (state.epochs, state.best, state.best_epoch) == (3, values[best], best)
    assert state.grown_epoch == grown


def test_the_last_has_the_weights_themselves_not_their_average(one_weight, given_scores, tmp_path):
    scores = given_scores([0.0])
    train(one_weight, 1, scores, Checkpoint(tmp_path))
    kept = keras.saving.load_model(tmp_path / "last-0001.keras").get_weights()[0].item()
    keras.utils.set_random_seed(1)
    fresh = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    expected = fresh.get_weights()[0].item()
    for _ in range(2):  # steps of gradient descent on (w - 3)^2
        expected -= 0.05 * 2 * (expected - 3)
    assert kept == pytest.approx(expected, rel=1e-5)
    assert scores.averages[0] != pytest.approx(expected, rel=1e-3)


def test_checkpoint_needs_its_monitored_score(one_weight, tmp_path):
    with pytest.raises(InputError, match=r"monitors 'peak_f1'.*they have loss.*before Checkpoint"):
        train(one_weight, 1, Checkpoint(tmp_path))
    with pytest.raises(ValueError, match="max or min"):
        Checkpoint(tmp_path, mode="highest")


def test_log_has_a_line_per_epoch_and_continues(one_weight, given_scores, tmp_path):
    log = tmp_path / "log.csv"
    history = train(one_weight, 3, CsvLog(log)).history["loss"]
    table = rows(log)
    assert [row["epoch"] for row in table] == ["0", "1", "2"]
    assert [float(row["loss"]) for row in table] == pytest.approx(history, rel=1e-6)
    assert {row["learning_rate"] for row in table} == {"0.05"}
    train(one_weight, 4, given_scores([0, 0, 0.5, 0.25]), CsvLog(log), start=2)  # epoch 2 once more
    again = rows(log)
    assert [row["epoch"] for row in again] == ["0", "1", "2", "3"]
    assert again[1]["loss"] == table[1]["loss"] and again[2]["loss"] != table[2]["loss"]
    assert [row["peak_f1"] for row in again] == ["", "", "0.5", "0.25"]


def test_nan_ends_the_training(one_weight, given_scores, tmp_path):
    bad = TARGETS.copy()
    bad[4:] = np.nan  # the second batch
    with pytest.raises(
        InputError, match=r"loss is nan in epoch 1, batch 2.*learning_rate"
    ) as caught:
        one_weight.fit(
            INPUTS, bad, batch_size=4, shuffle=False, verbose=0,
            callbacks=[StopOnNaN(), given_scores([0]), Checkpoint(tmp_path)],
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
    # With another rate the same command would be refused.
    assert "again with --overwrite or another --output" in str(caught.value)


def test_the_message_describes_the_batch(one_weight):
    bad = TARGETS.copy()
    bad[4:] = np.inf
    describe = lambda epoch, batch: f"epoch {epoch} batch {batch}"  # noqa: E731
    with pytest.raises(InputError, match=r"The batch has epoch 0 batch 1\."):
        one_weight.fit(
            INPUTS, bad, batch_size=4, shuffle=False, verbose=0, callbacks=[StopOnNaN(describe)]
        )


def test_waiting_is_in_the_logs(one_weight, tmp_path):
    clock = WaitClock()

    class Wait(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            clock.waited += 0.25

    clock.waited = 9  # before the training
    train(one_weight, 2, Wait(), WaitTime(clock), CsvLog(tmp_path / "log.csv"))
    assert [float(row["waited"]) for row in rows(tmp_path / "log.csv")] == [0.5, 0.5]


def test_processor_time_is_that_of_the_process(one_weight, tmp_path):
    class Work(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            start = time.process_time()
            while time.process_time() - start < 0.2:
                pass
            time.sleep(0.3)  # takes no processor time

    before = time.process_time()
    train(one_weight, 2, Work(), CsvLog(tmp_path / "log.csv"))
    spent = time.process_time() - before
    found = [float(row["processor_seconds"]) for row in rows(tmp_path / "log.csv")]
    assert min(found) >= 0.19 and sum(found) <= spent + 0.02
    assert all(float(row["seconds"]) >= 0.49 for row in rows(tmp_path / "log.csv"))


def test_a_panel_is_drawn_for_some_epochs_and_goes_to_tensorboard(
    make_experiment, make_dataset, selection, tmp_path
):
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(3, 1)])
    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))
    panel = ImagePanel(selection[:2], make_experiment(), tmp_path, every=2, threshold=0.1)
    model.fit(make_dataset(0), epochs=4, steps_per_epoch=1, verbose=0, callbacks=[panel])
    pictures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert pictures == ["panel-0002.png", "panel-0004.png"]
    image = iio.imread(tmp_path / pictures[0])
    assert image.shape[0] > 300 and image[..., :3].std() > 10
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in events.Images("columns")] == [1, 3]


def test_a_finite_loss_passes(one_weight):
    assert len(train(one_weight, 2, StopOnNaN()).history["loss"]) == 2


def test_progress_counts_steps_and_writes_a_line(one_weight, caplog):
    steps = []
    with caplog.at_level(logging.INFO, "temnet"):
        train(one_weight, 3, Progress(2, steps.append), start=1)
    assert steps == [2, 1, 1, 1, 1]
    lines = [record.message for record in caplog.records]
    assert [line.split(":")[0] for line in lines] == ["epoch 2 of 3", "epoch 3 of 3"]
    assert lines[-1].endswith("0:00:00 left")


def test_peak_f1_is_in_the_logs_and_changes_nothing(make_experiment, make_dataset, selection):
    def weights(*callbacks):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(3, 1)])
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.AdamW(use_ema=True), loss)
        history = model.fit(
            make_dataset(0), epochs=2, steps_per_epoch=3, verbose=0, callbacks=list(callbacks)
        )
        return model.get_weights(), history.history

    plain, _ = weights()
    scored, history = weights(PeakF1(selection, make_experiment()))
    for first, second in zip(plain, scored, strict=True):
        np.testing.assert_array_equal(first, second)
    assert all(0 <= value <= 1 for value in history["peak_f1"])
    assert len(history["peak_f1"]) == len(history["peak_threshold"]) == 2
