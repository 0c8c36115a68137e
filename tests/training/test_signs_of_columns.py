"""The skewness on a card is that of images which show whether columns are bright or dark."""

import numpy as np
import pytest

from temnet.records import Columns, Example
from temnet.training.finish import shows_sign, span_of

SAMPLING = 0.2
PLACES = np.array([(row, col) for row in range(3, 16, 3) for col in range(3, 16, 3)], float)


def example(height, class_index=0):
    row, col = np.indices((90, 90)) * SAMPLING
    square = [(row - y) ** 2 + (col - x) ** 2 for y, x in PLACES]
    image = 1 + height * np.sum(np.exp(-np.array(square) / (2 * 0.4**2)), axis=0)
    n = len(PLACES)
    columns = Columns(PLACES, np.full(n, class_index), np.ones(n, np.int64))
    none = np.zeros(0)
    return Example(image[..., None], none, none, columns, {}, SAMPLING)


@pytest.mark.parametrize(
    ("height", "clear"), [(0.5, True), (-0.5, True), (0.02, False), (-0.02, False)]
)
def test_bright_and_dark_columns_show_it_and_faint_ones_do_not(height, clear):
    assert shows_sign(example(height)) == clear


def test_columns_that_are_not_labelled_show_nothing():
    assert not shows_sign(example(0.5, class_index=-1))


def test_the_range_leaves_out_two_percent_on_each_side():
    assert span_of(list(np.linspace(0, 1, 101))) == (0.02, 0.98)
    assert span_of([0.25]) == (0.25, 0.25)
    assert span_of([]) is None
