"""Columns in one call: what reaches the analysis, and what cannot go together."""

import numpy as np
import pytest

from temnet import column_search
from temnet.column_search import find_columns
from temnet.errors import InputError
from temnet.records import ImageSeries


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"sampling": 0.2}, "sampling"),
        ({"axes": "frames"}, "axes"),
        ({"invert": True}, "invert"),
        ({"sampling": 0.2, "mask": []}, "sampling, mask"),
    ],
)
def test_a_series_that_was_read_takes_no_settings_of_reading(given, named):
    series = ImageSeries(np.ones((1, 64, 64, 1), np.float32), 0.2)
    with pytest.raises(InputError, match=f"give {named} to temnet.read_images"):
        find_columns("no-such-network", series, **given)


def test_what_is_not_given_is_left_to_the_file_and_the_network(monkeypatch):
    seen = {}

    def request_of(images, name, values, caller):
        seen.update(values, name=name, caller=caller)
        raise InputError("enough")

    monkeypatch.setattr(column_search, "request_of", request_of)
    with pytest.raises(InputError, match="enough"):
        find_columns("a", np.ones((4, 4)))
    assert seen == {
        "sampling": "header", "axes": "auto", "threshold": "card", "min_distance": None,
        "symmetries": False, "engine": "auto", "name": "a", "caller": "temnet.find_columns",
    }  # fmt: skip
    with pytest.raises(InputError, match="enough"):
        find_columns("b", np.ones((4, 4)), sampling=0.1, threshold=0.25, invert=True)
    assert (seen["sampling"], seen["threshold"], seen["invert"]) == (0.1, 0.25, True)


@pytest.mark.parametrize("shape", [(64, 48), (3, 64, 48)])
def test_settings_that_do_not_exist_are_refused_before_a_network_is_opened(shape):
    with pytest.raises(InputError, match="inverted"):
        find_columns("no-such-network", np.ones(shape), sampling=0.2, inverted=True)
    with pytest.raises(InputError, match="no-such-network"):
        find_columns("no-such-network", np.ones(shape), sampling=0.2)
