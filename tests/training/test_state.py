import json

import keras
import numpy as np
import pytest

from temnet.errors import InputError
from temnet.system import files
from temnet.training import state as module
from temnet.training.state import TrainingState, load_state, restore, save_state


def model_after(steps, units=1):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(units)])
    model.compile(keras.optimizers.AdamW(0.1, use_ema=True), "mse")
    for _ in range(steps):
        model.train_on_batch(np.ones((4, 1)), 3 * np.ones((4, units)))
    return model


def everything(model):
    return [keras.ops.convert_to_numpy(v) for v in (*model.variables, *model.optimizer.variables)]


def test_round_trip(tmp_path):
    model = model_after(3)
    saved = save_state(model, tmp_path, TrainingState(1, best=0.5, best_epoch=0, grown_epoch=0))
    assert load_state(tmp_path) == saved
    again = model_after(0)
    restore(again, tmp_path, saved)
    for first, second in zip(everything(model), everything(again), strict=True):
        np.testing.assert_array_equal(first, second)
    assert int(again.optimizer.iterations) == 3
    model.train_on_batch(np.ones((4, 1)), np.zeros((4, 1)))
    again.train_on_batch(np.ones((4, 1)), np.zeros((4, 1)))
    for first, second in zip(everything(model), everything(again), strict=True):
        np.testing.assert_array_equal(first, second)


def test_no_earlier_training(tmp_path):
    assert load_state(tmp_path) == TrainingState()
    model = model_after(0)
    before = everything(model)
    restore(model, tmp_path, TrainingState())
    np.testing.assert_array_equal(before[0], everything(model)[0])


def test_the_state_of_an_earlier_temnet_has_grown_in_its_best_epoch(tmp_path):
    save_state(model_after(1), tmp_path, TrainingState(epochs=5, best=0.5, best_epoch=2))
    values = json.loads((tmp_path / "state.json").read_text())
    del values["grown_epoch"]
    (tmp_path / "state.json").write_text(json.dumps(values))
    assert load_state(tmp_path).grown_epoch == 2


def test_only_the_last_epoch_is_kept(tmp_path):
    model = model_after(1)
    for epochs in (1, 2, 3):
        save_state(model, tmp_path, TrainingState(epochs=epochs))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["last-0003.keras", "state.json"]


@pytest.mark.parametrize("crash", ["write_record", "save_atomically"])
def test_a_crash_leaves_the_epoch_before(tmp_path, monkeypatch, crash):
    model = model_after(1)
    earlier = save_state(model, tmp_path, TrainingState(epochs=1))

    def power_cut(*_, **__):
        raise KeyboardInterrupt

    model.train_on_batch(np.ones((4, 1)), np.ones((4, 1)))
    monkeypatch.setattr(module, crash, power_cut)
    with pytest.raises(KeyboardInterrupt):
        save_state(model, tmp_path, TrainingState(epochs=2))
    assert load_state(tmp_path) == earlier
    again = model_after(0)
    restore(again, tmp_path, earlier)
    assert int(again.optimizer.iterations) == 1


def test_a_failed_write_leaves_no_files(tmp_path, monkeypatch):
    model = model_after(1)

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        save_state(model, tmp_path, TrainingState(epochs=1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["{", '{"epoch": 3}', "[]"])
def test_a_damaged_state(tmp_path, text):
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(InputError, match="state.json.*[Rr]emove .* to train from the beginning"):
        load_state(tmp_path)


def test_missing_weights(tmp_path):
    save_state(model_after(1), tmp_path, TrainingState(epochs=1))
    (tmp_path / "last-0001.keras").unlink()
    with pytest.raises(InputError, match=r"last-0001.keras: the weights.*are missing"):
        load_state(tmp_path)


def test_weights_of_another_network(tmp_path):
    saved = save_state(model_after(1), tmp_path, TrainingState(epochs=1))
    with pytest.raises(InputError, match="do not fit the network"):
        restore(model_after(0, units=3), tmp_path, saved)
