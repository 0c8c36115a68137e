from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.data.batches import ordered_batches, training_batches
from temnet.data.shuffling import epoch_order
from temnet.data.store import open_set
from temnet.images.normalize import normalize
from tests.data.sets import batch_settings, make_set


@pytest.fixture(scope="module")
def experiment(settings):
    return settings()


@pytest.fixture(scope="module")
def folder(experiment, tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    for split in ("training", "selection"):
        make_set(experiment, split, root / split)
    return root


@given(st.integers(1, 400), st.integers(0, 5), st.integers(0, 5))
def test_a_pass_shows_each_example_once(count, seed, epoch):
    order = np.concatenate(epoch_order(count, seed, epoch))
    np.testing.assert_array_equal(np.sort(order), np.arange(count))
    np.testing.assert_array_equal(order, np.concatenate(epoch_order(count, seed, epoch)))


def test_passes_differ():
    first, second = (np.concatenate(epoch_order(300, 1, epoch)) for epoch in (0, 1))
    assert np.mean(first == second) < 0.1


def test_training_resumes_in_the_same_order(experiment, folder):
    def images(start, count):
        batches = training_batches(batch_settings(experiment), folder / "training", start)
        return [batch[0] for batch in islice(batches, count)]

    steps = experiment.training.steps_per_epoch
    assert steps == 2
    whole, later = images(0, 5 * steps), images(3, 2 * steps)
    for expected, found in zip(whole[3 * steps :], later, strict=True):
        np.testing.assert_array_equal(expected, found)
    assert np.abs(whole[0] - whole[1]).max() > 0.1


def test_the_same_example_is_turned_differently_in_another_pass(experiment, folder):
    batches = training_batches(batch_settings(experiment), folder / "training", 0)
    seen = np.concatenate([batch[0] for batch in islice(batches, 15)])  # three passes
    power = (seen.astype(float) ** 4).sum(axis=(1, 2, 3))  # the same for an image and its turns
    first, second = np.triu_indices(len(seen), 1)
    same = np.isclose(power[first], power[second], rtol=1e-5)
    assert same.sum() >= 15
    turned = np.abs(seen[first[same]] - seen[second[same]]).max(axis=(1, 2, 3)) > 0.1
    assert 0.5 < turned.mean() < 1


def test_selection_comes_in_order_as_it_is_and_normalised(experiment, folder):
    batches = list(ordered_batches(batch_settings(experiment), "selection", folder / "selection"))
    assert [len(batch[0]) for batch in batches] == [4, 2]
    example = open_set(folder / "selection").example(5)
    np.testing.assert_allclose(batches[1][0][1], normalize(example.images, 0.25, 12.0), rtol=1e-6)
    np.testing.assert_array_equal(batches[1][1][1], example.labels)


def test_dataset_has_the_shapes_that_fit_wants(experiment, folder):
    pytest.importorskip("tensorflow")
    from temnet.data.pipeline import make_dataset

    dataset = make_dataset(experiment, "training", folder / "training")
    images, labels, weights = next(iter(dataset))
    assert images.shape == (4, 32, 32, 2)
    assert labels.shape == (4, 32, 32, 4)
    assert weights.shape == (4, 32, 32)
    expected = next(training_batches(batch_settings(experiment), folder / "training", 0))
    np.testing.assert_array_equal(images, expected[0])
    assert sum(1 for _ in make_dataset(experiment, "selection", folder / "selection")) == 2
    fresh = next(iter(make_dataset(experiment, "training")))
    assert fresh[0].shape == (4, 32, 32, 2)
