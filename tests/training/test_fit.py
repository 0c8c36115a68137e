import shutil

import keras
import numpy as np
import pytest

from temnet.errors import InputError
from temnet.models.checkpoint import save_network
from temnet.models.description import describe
from temnet.models.factory import build_model
from temnet.training.fit import (
    best_model,
    compile_model,
    fit,
    training_hash,
)
from temnet.training.state import load_state


def last(folder):
    """All variables of the last epoch: weights and the optimizer's, its averages included."""
    model = keras.saving.load_model(folder / load_state(folder).weights)
    return [keras.ops.convert_to_numpy(v) for v in (*model.variables, *model.optimizer.variables)]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


class Interrupt:
    """Ctrl-C after some steps."""

    def __init__(self, after):
        self.left = after

    def __call__(self, steps):
        self.left -= steps
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def finished(make_experiment, make_dataset, selection, tmp_path_factory):
    """Settings, folder and network of a training in half precision that ran to its end."""
    experiment, folder = make_experiment(precision="mixed_bfloat16"), tmp_path_factory.mktemp("fit")
    return experiment, folder, fit(experiment, make_dataset, selection, folder)


def test_a_resumed_training_gives_the_weights_of_an_uninterrupted_one(
    finished, make_dataset, selection, tmp_path
):
    experiment, folder, straight = finished
    with pytest.raises(KeyboardInterrupt):  # in the second step of the second epoch
        fit(experiment, make_dataset, selection, tmp_path / "broken", Interrupt(5))
    assert load_state(tmp_path / "broken").epochs == 1
    shutil.copytree(tmp_path / "broken", tmp_path / "other")
    steps = []
    resumed = fit(experiment, make_dataset, selection, tmp_path / "broken", steps.append)
    assert steps == [3, 1, 1, 1]
    assert same(last(folder), last(tmp_path / "broken"))
    assert same(straight.get_weights(), resumed.get_weights())
    # The comparison notices when the second part sees other images.
    fit(experiment, lambda epochs, clock: make_dataset(0), selection, tmp_path / "other")
    assert not same(last(folder), last(tmp_path / "other"))


def test_files_of_a_training(finished):
    experiment, folder, model = finished
    assert {path.name for path in folder.iterdir()} == {
        "best.keras", "last-0002.keras", "state.json", "experiment.yaml", "log.csv", "tensorboard",
    }  # fmt: skip
    assert not model.compiled
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert same(model.get_weights(), best_model(experiment, folder).get_weights())
    assert (folder / "log.csv").read_text().count("\n") == 3


def test_a_finished_training_is_not_repeated(finished, selection):
    experiment, folder, model = finished

    def unwanted(epochs):
        raise AssertionError("there is nothing left to train")

    again = fit(experiment, unwanted, selection, folder)
    assert same(model.get_weights(), again.get_weights())


def test_a_training_of_other_settings_is_refused(
    finished, make_experiment, make_dataset, selection
):
    before = finished[1].joinpath("experiment.yaml").read_text()
    with pytest.raises(InputError, match="holds a training of 2 epochs with other settings"):
        fit(make_experiment(learning_rate=0.1), make_dataset, selection, finished[1])
    assert finished[1].joinpath("experiment.yaml").read_text() == before


@pytest.mark.slow
def test_training_starts_from_a_networks_weights(
    make_experiment, make_dataset, selection, tmp_path
):
    # With almost no rate the weights stay where they began: those of the network, not of the seed.
    still = {"learning_rate": 1e-12, "weight_decay": 0, "epochs": 1}
    other = make_experiment().model_copy(update={"seed": 99})
    first = build_model(other)
    save_network(tmp_path / "first", first, other, describe("first", other, 0.5))
    experiment = make_experiment(start_from=str(tmp_path / "first"), **still)
    trained = fit(experiment, make_dataset, selection, tmp_path / "trained")
    plain = fit(make_experiment(**still), make_dataset, selection, tmp_path / "plain")

    def kernels(model):
        return [variable.numpy() for variable in model.trainable_variables]

    for found, wanted, unwanted in zip(*map(kernels, (trained, first, plain)), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-8)
        assert found.ndim < 2 or not np.allclose(found, unwanted, atol=1e-3)


def test_a_missing_training(make_experiment, tmp_path):
    with pytest.raises(InputError, match="no trained network found; run the stage `train` first"):
        best_model(make_experiment(), tmp_path)


def test_the_hash_depends_on_settings_of_training_and_images(make_experiment):
    plain = make_experiment()
    workers = plain.model_copy(update={"data": plain.data.model_copy(update={"workers": 7})})
    assert training_hash(workers) == training_hash(plain) == training_hash(make_experiment())
    assert training_hash(make_experiment(ema=0.9)) != training_hash(plain)
    assert training_hash(plain.model_copy(update={"seed": 4})) != training_hash(plain)


def test_only_kernels_decay(make_experiment):
    inputs = keras.Input((None, None, 1))
    maps = keras.layers.BatchNormalization()(keras.layers.Conv2D(2, 1)(inputs))
    model = compile_model(keras.Model(inputs, maps), make_experiment(ema=0).training, [])
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    decaying = {v.name for v in model.trainable_variables if optimizer._use_weight_decay(v)}
    assert decaying == {"kernel"}
    assert not optimizer.use_ema
    assert optimizer.global_clipnorm == 1
