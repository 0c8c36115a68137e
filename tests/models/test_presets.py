"""Every network that experiments/models offers, on one simulated image."""

from pathlib import Path

import keras
import numpy as np
import pytest

from temnet.config.loading import parse_yaml, validate
from temnet.images.normalize import normalize
from temnet.models.factory import build_model
from temnet.simulation.example import simulate_example
from temnet.training.fit import compile_model
from temnet.training.peak_scores import find_all, macro_peak_f1

FOLDER = Path(__file__).parents[2] / "experiments" / "models"
SMALL = ("msdnet_small",)
PRESETS = [
    pytest.param(path, id=path.stem, marks=() if path.stem in SMALL else pytest.mark.slow)
    for path in sorted(FOLDER.glob("*.yaml"))
]
STEPS = 150


def make_experiment(path):
    return validate(
        {
            "structure": {"kind": "mos2", "vacancies": {"S": 0.15}, "edge_probability": 0},
            "microscope": {
                "energy": 80e3,
                "aperture_mrad": 40,
                "defocus": {"start": -60, "steps": [0, 50, 100]},
            },
            "camera": {"sampling": 0.2, "dose": 20000},
            "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
            "data": {"image_size": 64},
            "model": {**parse_yaml(path.read_text()), "sampling": 0.2},
            "training": {
                "epochs": 1, "batch_size": 1, "images_per_epoch": STEPS, "learning_rate": 5e-3,
                "ema": 0, "weight_decay": 0,
            },
            "stages": ["simulate", "train"],
        },
        path.name,
    )  # fmt: skip


@pytest.fixture(scope="module")
def example():
    return simulate_example(make_experiment(FOLDER / "unet_small.yaml"), 1)


def arrays(example):
    images = normalize(example.images, example.sampling, 12.0)
    return images[None], example.labels[None], example.weights[None]


def trained(path, example, steps):
    """The network after some steps on the one image, and its losses."""
    experiment = make_experiment(path)
    model = compile_model(build_model(experiment), experiment.training, experiment.class_names)
    losses = [float(model.train_on_batch(*arrays(example))) for _ in range(steps)]
    return experiment, model, losses


@pytest.mark.slow
@pytest.mark.parametrize("path", PRESETS)
def test_one_image_is_learnt_by_heart(path, example):
    assert len(np.unique(example.columns.class_index[example.columns.class_index >= 0])) == 3
    experiment, model, _ = trained(path, example, 0)
    scores = []
    for _ in range(0, STEPS, 30):
        for _ in range(30):
            model.train_on_batch(*arrays(example))
        results = find_all(model, [example], experiment.labels)
        where = (experiment.class_names, experiment.evaluation)
        scores.append(macro_peak_f1(results, *where, 0.3))
        if scores[-1] == 1:
            break
    assert scores[-1] == 1, scores


@pytest.mark.parametrize("path", PRESETS)
def test_all_weights_move_and_training_can_be_repeated(path, example, tmp_path):
    experiment = make_experiment(path)
    before = [np.array(v) for v in build_model(experiment).trainable_variables]
    _, model, losses = trained(path, example, 3)  # the last layer moves first, then the others
    for start, variable in zip(before, model.trainable_variables, strict=True):
        assert np.abs(np.array(variable) - start).max() > 0, variable.path
    assert trained(path, example, 3)[2] == losses
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True, compile=False)
    images = arrays(example)[0]
    expected = model.predict(images, verbose=0)
    np.testing.assert_array_equal(again.predict(images, verbose=0), expected)
