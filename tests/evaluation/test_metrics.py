import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temnet.evaluation.bootstrap import interval, intervals
from temnet.evaluation.metrics import image_counts, pooled_scores, scores, statistics
from tests.evaluation.made_rows import score_row

CLASSES = ("Mo", "S")


def image_rows(index, rng):
    """Rows of an image of made-up counts."""
    counts = rng.integers(0, 6, (2, 3)) * (rng.random((2, 3)) < 0.8)
    shift = rng.uniform(-9, 9, 2) if rng.random() < 0.8 else np.full(2, math.nan)
    every = [*counts, counts.sum(axis=0), counts.sum(axis=0)]
    return [
        score_row(index, name, *count.tolist(), rng.uniform(1, 30) if count[0] else math.nan, shift)
        for name, count in zip((*CLASSES, "any", "all"), every, strict=True)
    ]


def make(count, seed=0, per_specimen=1):
    rng = np.random.default_rng(seed)
    rows = [row for index in range(count) for row in image_rows(index, rng)]
    specimens = {index: index // per_specimen for index in range(count)}
    return rows, image_counts(rows, CLASSES, specimens)


def f1(rows):
    """2 TP / (2 TP + FP + FN) of the counts of rows together."""
    true, false, missed = (
        sum(getattr(row, f"{key}s") for row in rows)
        for key in ("true_positive", "false_positive", "false_negative")
    )
    total = 2 * true + false + missed
    return 2 * true / total if total else math.nan


def f1_of(rows):
    """F1 of the images with columns."""
    every = [row for row in rows if row.class_ == "all"]
    return np.array([f1([row]) for row in every if row.true_positives + row.false_negatives])


def macro_of(rows):
    """Mean F1 over the classes that occur or were found."""
    of_classes = [f1([row for row in rows if row.class_ == name]) for name in CLASSES]
    known = [value for value in of_classes if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def shift_of(rows):
    """Root mean square of the shifts that are known."""
    shifts = [math.hypot(row.shift_row_pm, row.shift_col_pm) for row in rows if row.class_ == "all"]
    known = np.array([shift for shift in shifts if np.isfinite(shift)])
    return math.sqrt(np.mean(known**2)) if len(known) else math.nan


TABLE = [
    # Image 0: both Mo found, 3 pm off; an S is called Mo.
    score_row(0, "Mo", 2, 1, 0, 3.0, (3.0, 4.0)),
    score_row(0, "S", 0, 0, 1),
    score_row(0, "any", 3, 0, 0, 4.0),
    score_row(0, "all", 2, 1, 1, 3.0, (3.0, 4.0)),
    # Image 1: one of two Mo found, 6 pm off; all three S found, and one more where none is.
    score_row(1, "Mo", 1, 0, 1, 6.0, (0.0, 1.0)),
    score_row(1, "S", 3, 1, 0, 2.0),
    score_row(1, "any", 4, 1, 1, 3.0),
    score_row(1, "all", 4, 1, 1, 3.5, (0.0, 1.0)),
    # Image 2: no columns, one false positive.
    score_row(2, "Mo", 0, 1, 0),
    score_row(2, "S", 0, 0, 0),
    score_row(2, "any", 0, 1, 0),
    score_row(2, "all", 0, 1, 0),
]
"""A table to be added up by hand."""


def test_a_table_that_is_added_up_by_hand():
    images = image_counts(TABLE, CLASSES, {0: 0, 1: 0, 2: 1})
    pooled = pooled_scores(images)
    mo, s, place = (pooled.classes[name] for name in ("Mo", "S", "any"))
    # Mo: 3 found, 2 false, 1 missed; S: 3, 1 and 1; any: 7, 2 and 1.
    assert (mo.true_positives, mo.false_positives, mo.false_negatives) == (3, 2, 1)
    assert (mo.precision, mo.recall, mo.f1) == pytest.approx((3 / 5, 3 / 4, 6 / 9))
    assert (s.precision, s.recall, s.f1) == pytest.approx((3 / 4, 3 / 4, 6 / 8))
    assert (place.precision, place.recall, place.f1) == pytest.approx((7 / 9, 7 / 8, 14 / 17))
    assert (place.columns, place.peaks) == (8, 9)
    assert mo.rms_error_pm == pytest.approx(math.sqrt((2 * 9 + 1 * 36) / 3))
    assert place.rms_error_pm == pytest.approx(math.sqrt((3 * 16 + 4 * 9) / 7))
    assert (pooled.images, pooled.macro_f1) == (3, pytest.approx((6 / 9 + 6 / 8) / 2))
    # F1 of the images: 4 / 6 and 8 / 10; the third has no columns.
    np.testing.assert_allclose(images.image_f1(), [4 / 6, 8 / 10, math.nan])
    assert images.columns.tolist() == [3, 5, 0]
    values = scores(images)
    assert values["macro_f1"] == pytest.approx((6 / 9 + 6 / 8) / 2)
    assert values["mean_image_f1"] == pytest.approx((4 / 6 + 8 / 10) / 2)
    assert values["median_image_f1"] == pytest.approx((4 / 6 + 8 / 10) / 2)
    assert values["share_good_images"] == 0
    assert values["rms_shift_pm"] == pytest.approx(math.sqrt((25 + 1) / 2))


def test_the_pooled_scores_are_the_statistics_of_the_whole_sample():
    _, images = make(40)
    values, pooled = scores(images), pooled_scores(images)
    for name in (*CLASSES, "any", "all"):
        for key in ("precision", "recall", "f1", "rms_error_pm"):
            assert values[f"{name}/{key}"] == pytest.approx(getattr(pooled.classes[name], key))


def test_without_counts_there_are_no_rates():
    pooled = pooled_scores(image_counts([score_row(0, "Mo", 0, 0, 0)], ["Mo"], {0: 0}))
    assert math.isnan(pooled.macro_f1) and pooled.images == 1
    for one in pooled.classes.values():
        rates = (one.precision, one.recall, one.f1, one.rms_error_pm)
        assert np.isnan(rates).all()
    missed = pooled_scores(image_counts([score_row(0, "Mo", 0, 0, 5)], ["Mo"], {0: 0}))
    assert missed.macro_f1 == 0  # a class that occurs and is never found counts


def test_an_image_without_columns_has_no_f1_whatever_was_found_in_it():
    # Else a network would be averaged over more images the more false positives it has.
    rows = [score_row(0, name, 0, false, 0) for name, false in
            (("Mo", 2), ("S", 0), ("any", 2), ("all", 2))]  # fmt: skip
    images = image_counts(rows, CLASSES, {0: 0})
    assert np.isnan(images.image_f1()).all()
    assert scores(images)["all/precision"] == 0


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_a_weighted_sample_is_one_with_images_repeated(seed, count):
    rows, images = make(count, seed)
    weights = np.random.default_rng(seed).integers(0, 4, (3, count))
    found = statistics(images, weights)
    for number, weight in enumerate(weights):
        repeated = [row for row in rows for _ in range(weight[row.index])]
        own = f1_of(repeated)
        expected = {
            "rms_shift_pm": shift_of(repeated),
            "macro_f1": macro_of(repeated),
            "mean_image_f1": own.mean() if len(own) else math.nan,
            "median_image_f1": np.median(own) if len(own) else math.nan,
            "share_good_images": np.mean(own > 0.95) if len(own) else math.nan,
        }
        for name in (*CLASSES, "any", "all"):
            part = [row for row in repeated if row.class_ == name and row.true_positives]
            squares = [row.true_positives * row.rms_error_pm**2 for row in part]
            pairs = sum(row.true_positives for row in part)
            expected[f"{name}/rms_error_pm"] = (
                math.sqrt(sum(squares) / pairs) if pairs else math.nan
            )
            expected[f"{name}/f1"] = f1([row for row in repeated if row.class_ == name])
        for name, value in expected.items():
            assert found[name][number] == pytest.approx(value, nan_ok=True)


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    rows, images = make(300)
    own = f1_of(rows)
    low, high = intervals(images, np.random.default_rng(1))["mean_image_f1"]
    error = own.std() / math.sqrt(len(own))
    assert (low + high) / 2 == pytest.approx(own.mean(), abs=0.2 * error)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert intervals(images, np.random.default_rng(1))["mean_image_f1"] == (low, high)


def test_images_of_one_specimen_are_not_counted_as_independent():
    # Every specimen's images are the same: eight times as many images add no information.
    rng = np.random.default_rng(0)
    single = [image_rows(index, rng) for index in range(60)]
    rows = [replace(row, index=8 * i + k) for i, part in enumerate(single) for k in range(8)
            for row in part]  # fmt: skip

    def width(specimens):
        images = image_counts(rows, CLASSES, specimens)
        low, high = intervals(images, np.random.default_rng(0))["macro_f1"]
        return high - low

    together = width({index: index // 8 for index in range(480)})
    apart = width({index: index for index in range(480)})
    assert together / apart == pytest.approx(math.sqrt(8), rel=0.15)


def test_one_specimen_or_none_has_no_interval():
    _, images = make(4, per_specimen=4)
    assert all(
        np.isnan(pair).all() for pair in intervals(images, np.random.default_rng(0)).values()
    )
    none = image_counts([], CLASSES, {})
    assert math.isnan(scores(none)["macro_f1"]) and math.isnan(scores(none)["median_image_f1"])
    assert np.isnan(interval(np.full(3, np.nan))).all()
