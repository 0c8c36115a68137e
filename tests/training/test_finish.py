"""A network that was trained in one's own way becomes one that the commands take."""

from dataclasses import replace

import keras
import numpy as np
import pytest

import temnet
from temnet.errors import InputError
from temnet.images.normalize import normalize
from temnet.models.checkpoint import load_network
from temnet.records import ImageSeries
from temnet.training.finish import FEWEST_IMAGES, finish_network

IMAGES = FEWEST_IMAGES + 2


@pytest.fixture(scope="module")
def experiment(network_folder):
    return load_network(network_folder / "tiny").experiment


@pytest.fixture(scope="module")
def selection(experiment):
    """Specimens of the experiment, their labels themselves as images, in different noise."""
    specimens = [temnet.simulate_example(experiment, index, "selection") for index in range(8)]
    shown = []
    for index in range(IMAGES):
        example = specimens[index % 8]
        noise = np.random.default_rng(index).normal(0, 0.05, example.images.shape)
        bright = 1 - example.labels[..., -1:]
        shown.append(replace(example, images=(1 + bright + noise).astype(np.float32)))
    return shown


@pytest.fixture(scope="module")
def finished(experiment, selection, tmp_path_factory):
    """The folder, and the model of a user's own training."""
    model = temnet.build_model(experiment)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.03), loss)
    width = experiment.labels.normalisation_width
    images = np.stack([normalize(one.images, one.sampling, width) for one in selection])
    labels = np.stack([one.labels for one in selection])
    model.fit(images, labels, batch_size=8, epochs=20, verbose=0)
    folder = tmp_path_factory.mktemp("runs") / "mine"
    finish_network(folder, model, experiment, selection)
    return folder, model


def test_it_is_saved_with_its_card(finished):
    folder, model = finished
    network = load_network(folder)
    card = network.card
    assert network.name == "mine"
    assert 0 < card.threshold < 1 and card.score_calibration is not None
    assert card.metrics.split == "selection" and card.metrics.images == IMAGES
    assert card.metrics.classes["any"].f1 > 0.8
    assert card.image_statistics.count == IMAGES
    for saved, own in zip(network.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(saved, own)


def test_it_finds_columns(finished, selection):
    network = load_network(finished[0])
    shown = max(selection, key=lambda one: len(one.columns))
    peaks = temnet.find_columns(network, ImageSeries(shown.images[None], shown.sampling))
    there = shown.columns.inside(6.2, 6.2).sum()  # 31 times 0.2 Å
    assert there > 4 and 0.6 * there < len(peaks) < 2 * there
    assert np.all(peaks.score >= network.card.threshold - 1e-9)


def test_another_model_is_refused(experiment, selection, tmp_path):
    other = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(3, 1)])
    with pytest.raises(InputError, match="does not match the experiment's section model"):
        finish_network(tmp_path / "mine", other, experiment, selection[:2])
    assert not (tmp_path / "mine").exists()


def test_an_empty_selection_is_refused(experiment, tmp_path):
    with pytest.raises(InputError, match="none were given"):
        finish_network(tmp_path / "mine", temnet.build_model(experiment), experiment, [])


def test_from_few_examples_the_card_gets_no_statistics(experiment, selection, tmp_path):
    finish_network(tmp_path / "few", temnet.build_model(experiment), experiment, selection[:3])
    assert load_network(tmp_path / "few").card.image_statistics is None


def test_the_saved_model_is_the_scored_one(finished, experiment, selection, tmp_path):
    folder, model = finished
    coarse = temnet.build_model(experiment, precision="mixed_bfloat16")
    coarse.set_weights(model.get_weights())
    finish_network(tmp_path / "coarse", coarse, experiment, selection)
    found, expected = load_network(tmp_path / "coarse").card, load_network(folder).card
    assert replace(found, name=expected.name, sha256=expected.sha256) == expected
