import subprocess
import sys

import numpy as np
import pytest

from temnet.data.batches import training_batches
from temnet.data.prefetch import WaitClock
from temnet.data.pydataset import BatchDataset, make_pydataset
from temnet.errors import InputError
from temnet.training.batches import open_batches
from tests.data.sets import batch_settings, make_set


@pytest.fixture(scope="module")
def folder(settings, tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    for split in ("training", "selection"):
        make_set(settings(), split, root / split)
    return root


def test_batches_are_those_of_tf_data(settings, folder):
    pytest.importorskip("tensorflow")
    from temnet.data.pipeline import make_dataset

    for split, count in (("training", 7), ("selection", 2)):
        ours = make_pydataset(settings(), split, folder / split)
        theirs = make_dataset(settings(), split, folder / split)
        for index, batch in zip(range(count), theirs, strict=False):
            for expected, found in zip(batch, ours[index], strict=True):
                np.testing.assert_array_equal(expected, found)
    assert ours.num_batches == 2


def test_any_batch_can_be_asked_for(settings, folder):
    dataset = make_pydataset(settings(), "training", folder / "training", start_epoch=1)
    source = training_batches(batch_settings(settings()), folder / "training", 1)
    expected = [next(source)[0] for _ in range(6)]
    for index in (0, 1, 5, 2, 3, 0):
        np.testing.assert_array_equal(dataset[index][0], expected[index])
    assert dataset.num_batches is None


def test_waiting_is_measured(settings, folder):
    clock = WaitClock()
    dataset = make_pydataset(settings(), "training", folder / "training", clock=clock)
    dataset[0]
    assert clock.lap() > 0


def test_an_unknown_split_is_refused(settings):
    with pytest.raises(InputError, match="splits are training"):
        make_pydataset(settings(), "test")


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_training_batches_are_the_same_for_each_backend(settings, folder, monkeypatch, backend):
    pytest.importorskip("tensorflow")
    monkeypatch.setattr("keras.backend.backend", lambda: backend)
    opened = open_batches(settings(), folder / "training", 1, WaitClock())
    assert isinstance(opened, BatchDataset) == (backend == "jax")
    first = opened[0] if backend == "jax" else next(iter(opened))
    source = batch_settings(settings()), folder / "training"
    for found, expected in zip(first, next(training_batches(*source, 1)), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert np.abs(first[0] - next(training_batches(*source, 0))[0]).max() > 0.1


JAX = """
import os, sys
os.environ["KERAS_BACKEND"] = "jax"
sys.modules["tensorflow"] = None  # as if it were not installed
from pathlib import Path
import keras, temnet
from temnet.config.loading import load_experiment
from temnet.data.prefetch import WaitClock
from temnet.training.batches import open_batches
from temnet.training.fit import compile_model
from temnet.models.factory import build_model
experiment = load_experiment(sys.argv[1], {})
model = compile_model(build_model(experiment), experiment.training, experiment.class_names)
dataset = open_batches(experiment, Path(sys.argv[2]), 0, WaitClock())
history = model.fit(dataset, epochs=2, steps_per_epoch=2, verbose=0, shuffle=False)
print(keras.backend.backend(), len(history.history["loss"]))
"""


def test_training_needs_no_tensorflow(settings, folder, tmp_path):
    pytest.importorskip("jax")
    from temnet.config.loading import write_experiment

    write_experiment(settings(), tmp_path / "experiment.yaml")
    arguments = [sys.executable, "-c", JAX, str(tmp_path / "experiment.yaml")]
    done = subprocess.run(
        [*arguments, str(folder / "training")], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["jax", "2"], done.stderr
