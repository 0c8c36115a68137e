"""Sizes and numbers of examples."""

import pytest
from pydantic import ValidationError

from temnet.config.learning.data import Data


def test_rows_come_before_columns_and_only_training_is_cropped():
    data = Data(image_size=(48, 64), augment={"crop": 32})
    assert data.shape == (48, 64)
    assert data.batch_shape("training") == (32, 32)
    assert data.batch_shape("selection") == data.batch_shape("validation") == (48, 64)
    assert Data(image_size=40).batch_shape("training") == (40, 40)


def test_each_split_has_its_own_number():
    data = Data(training=5, selection=3, validation=2)
    assert [data.count(split) for split in ("training", "selection", "validation")] == [5, 3, 2]


@pytest.mark.parametrize(
    ("size", "shape"),
    [(16, (16, 16)), (4096, (4096, 4096)), ([16, 4096], (16, 4096)), (64.0, (64, 64))],
)
def test_sizes_within_the_limits(size, shape):
    assert Data(image_size=size, augment=False).shape == shape


@pytest.mark.parametrize("size", [15, 4097, [16, 15], [32], [32, 32, 32], 32.5, "32", True, None])
def test_other_sizes_are_refused_with_one_sentence(size):
    with pytest.raises(ValidationError) as caught:
        Data(image_size=size, augment=False)
    (fault,) = caught.value.errors()
    assert fault["loc"] == ("image_size",)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"image_size": 32, "augment": {"crop": 33}}, "data.augment.crop to at most 32"),
        ({"image_size": [64, 32]}, "data.augment to false"),
        ({"image_epochs": 2}, "data.source to fresh"),
    ],
)
def test_settings_that_exclude_each_other_name_the_key_to_change(values, key):
    with pytest.raises(ValidationError, match=key):
        Data(**values)


def test_at_the_limit_they_agree():
    assert Data(image_size=32, augment={"crop": 32}).shape == (32, 32)
    assert Data(image_size=[64, 32], augment={"crop": 32}).shape == (64, 32)
    assert Data(image_epochs=2, source="fresh").image_epochs == 2
