import logging
from itertools import islice

import numpy as np
import psutil
import pytest

from temnet.data.batches import training_batches
from temnet.data.fresh import fresh_examples, renewed_examples
from temnet.errors import InputError
from temnet.simulation.example import simulate_example
from tests.data.sets import batch_settings

LOGGER = logging.getLogger(__name__)


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_fresh_examples_start_from_any_index(settings, workers):
    examples = fresh_examples(batch_settings(settings(data={"workers": workers})), "training", 3)
    for index in (3, 4, 5, 6):
        expected, found = simulate_example(settings(), index), next(examples)
        np.testing.assert_array_equal(found.images, expected.images.astype(np.float16))
        np.testing.assert_array_equal(found.labels, expected.labels)
    examples.close()


RENEWED = {"source": "fresh", "image_epochs": 2}


def dimensions(examples, count):
    """A drawn parameter that differs between examples."""
    return [example.parameters["tilt_direction_deg"] for example in islice(examples, count)]


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_images_serve_some_epochs_and_are_then_replaced(settings, tmp_path, workers):
    experiment = settings(data={**RENEWED, "workers": workers})
    examples = renewed_examples(batch_settings(experiment), tmp_path, 8, 0)
    seen = dimensions(examples, 32)
    examples.close()
    epochs = [seen[start : start + 8] for start in range(0, 32, 8)]
    assert all(len(set(epoch)) == 8 for epoch in epochs)
    assert set(epochs[0]) == set(epochs[1]) and epochs[0] != epochs[1]
    assert set(epochs[2]) == set(epochs[3]) and not set(epochs[0]) & set(epochs[2])
    # They are the examples with these indices, and no more than two sets are kept.
    expected = {
        simulate_example(experiment, k).parameters["tilt_direction_deg"] for k in range(8, 16)
    }
    assert set(epochs[2]) == expected
    assert {path.name for path in tmp_path.iterdir()} <= {f"renewed-0000{k}" for k in (0, 1, 2)}
    assert len(list(tmp_path.iterdir())) <= 2


def test_a_resumed_training_sees_the_same(settings, tmp_path):
    experiment = settings(data=RENEWED)
    steps = experiment.training.steps_per_epoch
    straight = training_batches(batch_settings(experiment), tmp_path / "a", 0)
    whole = [batch[0] for batch in islice(straight, 5 * steps)]
    straight.close()
    later = training_batches(batch_settings(experiment), None, 3)
    for expected, found in zip(whole[3 * steps :], islice(later, 2 * steps), strict=True):
        np.testing.assert_array_equal(expected, found[0])
    later.close()


@pytest.mark.long
def test_memory_stays_as_it_is_over_ten_thousand_images(settings):
    """Resident size of this process and its workers after 1,000 and after 10,000 images."""
    examples = fresh_examples(batch_settings(settings(data={"workers": 2})), "training", 0)

    def resident():
        here = psutil.Process()
        return sum(one.memory_info().rss for one in [here, *here.children(recursive=True)])

    for _ in islice(examples, 1000):
        pass
    early = resident()
    for _ in islice(examples, 9000):
        pass
    late = resident()
    examples.close()
    LOGGER.info("%.1f MB after 1,000 images, %.1f MB after 10,000", early / 1e6, late / 1e6)
    assert late < 1.05 * early


def test_stored_images_are_not_renewed(settings):
    with pytest.raises(InputError, match="set data.source to fresh"):
        settings(data={"image_epochs": 2})
