import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temnet.evaluation.metrics import interval, intervals, scores, statistics, tally
from temnet.evaluation.scores import macro_f1
from temnet.evaluation.summary import summarise

CLASSES = ("Mo", "S")


def image_rows(index, rng):
    """Rows as `score_image` makes them, of made-up counts."""
    counts = rng.integers(0, 6, (2, 3)) * (rng.random((2, 3)) < 0.8)
    rows, shift = [], rng.uniform(-9, 9, 2) if rng.random() < 0.8 else np.full(2, math.nan)
    for name, (true, false, missed) in zip(
        (*CLASSES, "any", "all"), [*counts, counts.sum(axis=0), counts.sum(axis=0)], strict=True
    ):
        total = 2 * true + false + missed
        rows.append(
            {
                "index": index,
                "class": name,
                "true_positives": int(true),
                "false_positives": int(false),
                "false_negatives": int(missed),
                "f1": 2 * true / total if total else math.nan,
                "rms_error_pm": float(rng.uniform(1, 30)) if true else math.nan,
                "shift_row_pm": shift[0],
                "shift_col_pm": shift[1],
            }
        )
    return rows


def make(count, seed=0, per_specimen=1):
    rng = np.random.default_rng(seed)
    rows = [row for index in range(count) for row in image_rows(index, rng)]
    return rows, tally(rows, CLASSES, {index: index // per_specimen for index in range(count)})


def f1_of(rows):
    """F1 of the images with columns."""
    every = [row for row in rows if row["class"] == "all"]
    return np.array([row["f1"] for row in every if row["true_positives"] + row["false_negatives"]])


def shift_of(rows):
    """Root mean square of the shifts that are known."""
    shifts = [
        np.hypot(row["shift_row_pm"], row["shift_col_pm"]) for row in rows if row["class"] == "all"
    ]
    known = np.array([shift for shift in shifts if np.isfinite(shift)])
    return math.sqrt(np.mean(known**2)) if len(known) else math.nan


def test_scores_are_those_of_the_rows():
    rows, images = make(40)
    values, summary = scores(images), summarise(rows, CLASSES)
    assert values["macro_f1"] == pytest.approx(macro_f1(rows))
    for name in (*CLASSES, "any", "all"):
        for key in ("precision", "recall", "f1", "rms_error_pm"):
            assert values[f"{name}/{key}"] == pytest.approx(summary["classes"][name][key])
    f1 = f1_of(rows)
    assert 0 < len(f1) < 40
    assert values["mean_image_f1"] == pytest.approx(np.mean(f1))
    assert values["median_image_f1"] == pytest.approx(np.median(f1))
    assert values["share_good_images"] == pytest.approx(np.mean(f1 > 0.95))
    assert values["rms_shift_pm"] == pytest.approx(shift_of(rows))


def test_an_image_without_columns_has_no_f1_whatever_was_invented_in_it():
    # Else a network would be averaged over more images the more it invents.
    rows = image_rows(0, np.random.default_rng(0))
    for row, false in zip(rows, (2, 0, 2, 2), strict=True):
        row.update(true_positives=0, false_positives=false, false_negatives=0, f1=0.0)
    images = tally(rows, CLASSES, {0: 0})
    assert np.isnan(images.image_f1()).all()
    assert scores(images)["all/precision"] == 0


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_a_weighted_sample_is_one_with_images_repeated(seed, count):
    rows, images = make(count, seed)
    weights = np.random.default_rng(seed).integers(0, 4, (3, count))
    found = statistics(images, weights)
    for number, weight in enumerate(weights):
        repeated = [
            {**row, "index": (copy, row["index"])}
            for row in rows
            for copy in range(weight[row["index"]])
        ]
        f1 = f1_of(repeated)
        expected = {
            "rms_shift_pm": shift_of(repeated),
            "macro_f1": macro_f1(repeated),
            "mean_image_f1": f1.mean() if len(f1) else math.nan,
            "median_image_f1": np.median(f1) if len(f1) else math.nan,
            "share_good_images": np.mean(f1 > 0.95) if len(f1) else math.nan,
        }
        for name, value in expected.items():
            assert found[name][number] == pytest.approx(value, nan_ok=True)
        summary = summarise(repeated, CLASSES)["classes"]
        for name in (*CLASSES, "any", "all"):
            error = summary[name]["rms_error_pm"]
            expected_error = math.nan if error is None else error
            assert found[f"{name}/rms_error_pm"][number] == pytest.approx(
                expected_error, nan_ok=True
            )


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    rows, images = make(300)
    f1 = f1_of(rows)
    low, high = intervals(images, np.random.default_rng(1))["mean_image_f1"]
    error = f1.std() / math.sqrt(len(f1))
    assert (low + high) / 2 == pytest.approx(f1.mean(), abs=0.2 * error)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert intervals(images, np.random.default_rng(1))["mean_image_f1"] == (low, high)


def test_images_of_one_specimen_are_not_counted_as_independent():
    # Every specimen's images are the same: eight times as many images tell nothing more.
    rng = np.random.default_rng(0)
    single = [image_rows(index, rng) for index in range(60)]
    rows = [{**row, "index": 8 * i + k} for i, part in enumerate(single) for k in range(8)
            for row in part]  # fmt: skip

    def width(specimens):
        images = tally(rows, CLASSES, specimens)
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
    none = tally([], CLASSES, {})
    assert math.isnan(scores(none)["macro_f1"]) and math.isnan(scores(none)["median_image_f1"])
    assert np.isnan(interval(np.full(3, np.nan))).all()
