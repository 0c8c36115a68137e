"""Classes by the number of atoms in a column."""

import math

import pytest
from pydantic import ValidationError

from temnet.config.learning.labels import Labels, split_class


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Mo", ("Mo", 0, math.inf)),
        ("metal:0-0", ("metal", 0, 0)),
        ("metal:10-12", ("metal", 10, 12)),
        ("metal:7-", ("metal", 7, math.inf)),
    ],
)
def test_a_name_gives_kind_and_range(name, parts):
    assert split_class(name) == parts


@pytest.mark.parametrize(
    "name", ["metal:", "metal:5", "metal:5-4", "metal:-3", ":1-2", "a:1-2:3-4"]
)
def test_names_with_a_colon_but_no_range_are_refused(name):
    with pytest.raises(ValueError, match="range of atoms"):
        split_class(name)


def test_ranges_of_one_kind_must_not_share_a_number_of_atoms():
    adjoining = ("metal:4-", "oxide:1-9", "metal:1-3")
    assert Labels(classes=adjoining).classes == adjoining
    for shared in (("metal:3-", "metal:1-3"), ("metal", "metal:1-3"), ("metal:1-9", "metal:2-3")):
        with pytest.raises(ValidationError, match="columns of [23] atoms belong|of 1 atoms belong"):
            Labels(classes=shared)


@pytest.mark.parametrize(
    ("classes", "words"), [(("Mo", "Mo"), "must differ"), (("Mo", "background"), "automatically")]
)
def test_double_classes_and_the_background_are_refused(classes, words):
    with pytest.raises(ValidationError, match=words):
        Labels(classes=classes)
