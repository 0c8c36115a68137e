import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.records import Columns
from temnet.simulation.labels import draw_labels

SAMPLING, WIDTH = 0.2, 0.4


def columns(positions, classes):
    return Columns(
        np.array(positions, float).reshape(-1, 2),
        np.array(classes, np.int64),
        np.ones(len(classes), np.int64),
    )


def test_a_lone_column_is_a_gaussian_of_its_width_at_its_place():
    labels, weights = draw_labels(columns([[4.03, 6.11]], [1]), (40, 50), SAMPLING, WIDTH, 2)
    row, col = np.mgrid[:40, :50] * SAMPLING
    expected = np.exp(-((row - 4.03) ** 2 + (col - 6.11) ** 2) / (2 * WIDTH**2))
    np.testing.assert_allclose(labels[..., 1], expected, atol=4e-4)
    assert labels[..., 0].max() == 0
    assert np.all(weights == 1)
    swapped = np.exp(-((row - 6.11) ** 2 + (col - 4.03) ** 2) / (2 * WIDTH**2))
    assert np.abs(labels[..., 1] - swapped).max() > 0.9


places = st.floats(-1, 9)


@given(st.lists(st.tuples(places, places, st.integers(-1, 2)), max_size=12))
def test_labels_are_fractions_that_sum_to_one(drawn):
    given_columns = columns([d[:2] for d in drawn], [d[2] for d in drawn])
    labels, weights = draw_labels(given_columns, (40, 40), SAMPLING, WIDTH, 3)
    np.testing.assert_allclose(labels.sum(axis=-1), 1, atol=1e-5)
    assert labels.min() >= 0
    assert set(np.unique(weights)) <= {0.0, 1.0}


def test_overlapping_spots_do_not_overshoot():
    labels, _ = draw_labels(columns([[4, 4], [4, 4.3]], [0, 0]), (40, 40), SAMPLING, WIDTH, 1)
    assert labels[..., 0].max() <= 1
    both, _ = draw_labels(columns([[4, 4], [4, 4]], [0, 1]), (40, 40), SAMPLING, WIDTH, 2)
    assert both[20, 20] == pytest.approx([0.5, 0.5, 0])


def test_no_judgement_near_an_ignored_column():
    labels, weights = draw_labels(columns([[4, 4]], [-1]), (40, 40), SAMPLING, WIDTH, 1)
    assert labels[..., 0].max() == 0
    assert weights[20, 20] == 0 and weights[20, 24] == 0
    assert weights[20, 26] == 1 and weights[0, 0] == 1


def test_no_columns_is_all_background_and_a_wrong_class_is_refused():
    labels, weights = draw_labels(Columns.empty(), (8, 6), SAMPLING, WIDTH, 2)
    assert labels.shape == (8, 6, 3) and np.all(labels[..., 2] == 1) and np.all(weights == 1)
    with pytest.raises(ValueError, match="class"):
        draw_labels(columns([[1, 1]], [2]), (8, 6), SAMPLING, WIDTH, 2)
