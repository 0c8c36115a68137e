"""Steps of an epoch, the curriculum, and weights of classes."""

import pytest
from pydantic import ValidationError

from temnet.config.learning.training import Training


@pytest.mark.parametrize(
    ("images", "batch", "size", "steps"),
    [(24, 8, 24, 3), (23, 8, 16, 2), (8, 8, 8, 1), (3, 8, 8, 1), (1000, 7, 994, 142)],
)
def test_an_epoch_is_whole_batches(images, batch, size, steps):
    training = Training(images_per_epoch=images, batch_size=batch)
    assert (training.epoch_size, training.steps_per_epoch) == (size, steps)


def test_ranges_widen_in_a_straight_line_and_stay():
    training = Training(curriculum={"start": 0.2, "epochs": 4})
    found = [training.range_fraction(epoch) for epoch in (0, 1, 2, 3, 4, 100)]
    assert found == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])
    assert Training().range_fraction(0) == 1


@pytest.mark.parametrize("weights", ["equal", "balanced", {}, {"S": 0}, {"S": 1e6, "Mo": 0.5}])
def test_weights_by_rule_or_by_class(weights):
    assert Training(class_weights=weights).class_weights == weights


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ("rare", "equal, balanced, or a number"),
        (3, "equal, balanced, or a number"),
        ({"S": "3"}, "equal, balanced, or a number"),
        ({"S": True}, "equal, balanced, or a number"),
        ({"S": -0.1}, "weights of 0 to 1e"),
        ({"S": 1.1e6}, "weights of 0 to 1e"),
        ({"S": float("nan")}, "equal, balanced, or a number"),
    ],
)
def test_other_weights_are_refused_with_one_sentence(weights, words):
    with pytest.raises(ValidationError, match=words) as caught:
        Training(class_weights=weights)
    assert len(caught.value.errors()) == 1
