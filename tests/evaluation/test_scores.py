import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import position_error, rates, score_image
from temnet.records import Columns, Peaks

CLASSES = ("Mo", "S2")
SHAPE = (20.0, 30.0)


def peaks_at(places, classes):
    places = np.array(places, float).reshape(-1, 2)
    count = len(places)
    return Peaks(
        np.zeros(count, np.int64),
        places,
        np.array(classes, np.int64),
        np.ones(count),
        np.ones((count, len(CLASSES))) / len(CLASSES),
        np.full(count, np.nan),
    )


def columns_at(places, classes):
    places = np.array(places, float).reshape(-1, 2)
    return Columns(places, np.array(classes, np.int64), np.ones(len(places), np.int64))


def score(peaks, columns, radius=0.5, border=0.0, shape=SHAPE):
    settings = Evaluation(radius=radius, border=border)
    return score_image(ImageResult(0, peaks, columns, shape), CLASSES, settings)


def scores(peaks, columns, **settings):
    return {row.class_: row for row in score(peaks, columns, **settings)}


def counts(row):
    return row.true_positives, row.false_positives, row.false_negatives


def test_rows_are_the_classes_then_any_then_all():
    peaks, columns = peaks_at([[5, 5]], [0]), columns_at([[5, 5]], [0])
    image = ImageResult(7, peaks, columns, SHAPE, {"dose": 200.0, "defocus": [-50.0, 0.0]})
    rows = score_image(image, CLASSES, Evaluation(), "net")
    assert [row.class_ for row in rows] == ["Mo", "S2", "any", "all"]
    assert {(row.network, row.index, row.dose, row.defocus) for row in rows} == {
        ("net", 7, 200, -50)
    }
    assert math.isnan(score(peaks, columns)[0].dose)  # not drawn


def test_a_column_of_the_wrong_class_is_missed_and_a_false_positive():
    columns = columns_at([[5, 5], [5, 8], [9, 9]], [0, 1, 1])
    rows = scores(peaks_at([[5, 5.1], [5, 8.1], [15, 15]], [0, 0, 1]), columns)
    assert counts(rows["Mo"]) == (1, 1, 0)
    assert counts(rows["S2"]) == (0, 1, 2)
    assert counts(rows["any"]) == (2, 1, 1)
    assert counts(rows["all"]) == (1, 2, 2)
    assert rows["any"].precision == rows["any"].recall == pytest.approx(2 / 3)
    assert rows["Mo"].f1 == pytest.approx(2 / 3)
    assert rows["S2"].f1 == 0


def test_a_peak_of_the_wrong_class_takes_no_column_from_the_right_one():
    columns = columns_at([[5, 5]], [0])
    rows = scores(peaks_at([[5, 5.05], [5, 5.3]], [1, 0]), columns)
    assert counts(rows["Mo"]) == (1, 0, 0)
    assert counts(rows["S2"]) == (0, 1, 0)


def test_nothing_found_has_no_precision_and_nothing_there_no_recall():
    none = scores(peaks_at([], []), columns_at([[5, 5]], [0]))
    assert math.isnan(none["any"].precision) and none["any"].recall == 0
    assert none["any"].f1 == 0 and math.isnan(none["S2"].f1)
    empty = scores(peaks_at([[5, 5]], [0]), columns_at([], []))
    assert empty["any"].precision == 0 and math.isnan(empty["any"].recall)
    assert math.isnan(empty["any"].rms_error_pm)


def test_ignored_columns_and_their_peaks_are_out_of_the_count():
    columns = columns_at([[5, 5], [9, 9]], [0, -1])
    with_peak = scores(peaks_at([[5, 5], [9, 9.2]], [0, 1]), columns)
    without = scores(peaks_at([[5, 5]], [0]), columns)
    for rows in (with_peak, without):
        assert counts(rows["all"]) == counts(rows["any"]) == (1, 0, 0)
    beyond = scores(peaks_at([[5, 5], [9, 9.6]], [0, 1]), columns)
    assert counts(beyond["all"]) == (1, 1, 0)
    # An ignored column excuses one peak, not two, and takes none from a column that counts.
    twice = scores(peaks_at([[5, 5], [9, 9.1], [9, 8.9]], [0, 1, 1]), columns)
    assert counts(twice["all"]) == (1, 1, 0)
    beside = columns_at([[5, 5], [5, 5.4]], [0, -1])
    assert counts(scores(peaks_at([[5, 5.3]], [0]), beside)["all"]) == (1, 0, 0)


def test_a_pair_across_the_border_is_judged_by_its_column():
    columns = columns_at([[2.0, 5], [1.9, 9], [1.0, 15]], [0, 0, 0])
    peaks = peaks_at([[1.8, 5], [2.1, 9], [0.5, 20]], [0, 0, 0])
    assert counts(scores(peaks, columns, border=1.95)["any"]) == (1, 0, 0)
    assert counts(scores(peaks, columns)["any"]) == (2, 1, 1)
    # Swapping the sides of the field puts columns near the far end out of it.
    far = score(peaks_at([], []), columns_at([[5, 25]], [0]), shape=SHAPE[::-1])
    assert far[0].false_negatives == 0
    assert scores(peaks_at([], []), columns_at([[5, 25]], [0]))["Mo"].false_negatives == 1


def test_position_error_is_the_scatter_about_one_shift():
    # The corners of a square of half-diagonal 0.05 Å about a shift: 5 pm, times the root of 4/3.
    corners = np.array([[0.05, 0], [-0.05, 0], [0, 0.05], [0, -0.05]])
    rms, shift = position_error(corners + [0.1, -0.2])
    np.testing.assert_allclose(shift, [0.1, -0.2])
    assert rms == pytest.approx(0.05 * math.sqrt(4 / 3))
    places = np.array([[5, 5], [5, 8], [8, 5], [8, 8.0]])
    rows = scores(peaks_at(places + corners + [0.1, -0.2], [0] * 4), columns_at(places, [0] * 4))
    assert rows["any"].rms_error_pm == pytest.approx(5 * math.sqrt(4 / 3))
    for row in rows.values():
        assert (row.shift_row_pm, row.shift_col_pm) == pytest.approx((10, -20))
    alone = scores(peaks_at(places[:1], [0]), columns_at(places[:1], [0]))
    assert math.isnan(alone["any"].shift_row_pm)
    assert math.isnan(rows["S2"].rms_error_pm)
    assert math.isnan(position_error(corners[:1])[0])
    assert position_error(np.zeros((0, 2)))[1].tolist() == [0, 0]


def test_position_error_of_known_scatter():
    rng = np.random.default_rng(3)
    rms, _ = position_error(rng.normal(0.3, 0.04, (20000, 2)))
    assert rms == pytest.approx(0.04 * math.sqrt(2), rel=0.01)


@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(0, 30))
def test_every_peak_and_column_inside_is_counted_once(seed, found, there):
    rng = np.random.default_rng(seed)
    peaks = peaks_at(rng.uniform(0, 1, (found, 2)) * SHAPE, rng.integers(0, 2, found))
    columns = columns_at(rng.uniform(0, 1, (there, 2)) * SHAPE, rng.integers(0, 2, there))
    rows = scores(peaks, columns, radius=2.0)
    for name in ("any", "all"):
        true, false, missed = counts(rows[name])
        assert true + false == found and true + missed == there
    assert rows["all"].true_positives <= rows["any"].true_positives
    together = np.add(counts(rows["Mo"]), counts(rows["S2"]))
    assert tuple(together) == counts(rows["all"])


def test_rates_of_counts_are_the_textbooks():
    precision, recall, f1 = rates(np.array([[6, 2, 4], [0, 0, 3], [0, 2, 0], [0, 0, 0]]))
    np.testing.assert_array_equal(precision, [0.75, math.nan, 0, math.nan])
    np.testing.assert_array_equal(recall, [0.6, 0, math.nan, math.nan])
    np.testing.assert_allclose(f1, [2 / 3, 0, 0, math.nan])  # 2 * 0.75 * 0.6 / (0.75 + 0.6)
