import math

import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.precision_recall import threshold_rows
from temnet.evaluation.reliability import calibration_error, outcomes, reliability_rows
from temnet.records import Columns, Peaks

SETTINGS = Evaluation(border=0)


def image_result(found, scores, found_class, true, true_class):
    found, true = (np.array(places, float).reshape(-1, 2) for places in (found, true))
    scores, count = np.array(scores, float), len(found)
    probabilities = np.zeros((count, 2))
    probabilities[np.arange(count), found_class] = 0.8 * scores
    probabilities[np.arange(count), 1 - np.array(found_class, int)] = 0.2 * scores
    peaks = Peaks(
        np.zeros(count, np.int64), found, np.array(found_class, np.int64), scores, probabilities,
        np.full(count, np.nan),
    )  # fmt: skip
    columns = Columns(true, np.array(true_class, np.int64), np.ones(len(true), np.int64))
    return ImageResult(0, peaks, columns, (50.0, 60.0))


def at(rows, name, threshold):
    (row,) = [r for r in rows if (r.class_, r.threshold) == (name, threshold)]
    return row


def test_precision_rises_and_recall_falls_with_the_threshold():
    # Correct, of the wrong class, false; one column more is never found.
    image = image_result(
        [[5, 5], [9, 9], [20, 20]],
        [0.9, 0.6, 0.3],
        [0, 1, 1],
        [[5, 5], [9, 9], [30, 30]],
        [0, 0, 1],
    )
    rows = threshold_rows([image, image], SETTINGS)
    low, middle, high = (at(rows, "any", value) for value in (0.05, 0.5, 0.8))
    assert [row.precision for row in (low, middle, high)] == [pytest.approx(2 / 3), 1, 1]
    assert [row.recall for row in (low, middle, high)] == pytest.approx([2 / 3, 2 / 3, 1 / 3])
    assert at(rows, "all", 0.5).precision == 0.5
    assert at(rows, "all", 0.05).f1 == pytest.approx(2 * 1 / 6)
    # A peak of the very threshold counts.
    assert at(rows, "any", 0.9).true_positives == 2
    assert math.isnan(at(rows, "any", 0.95).precision) and at(rows, "any", 0.95).recall == 0
    assert math.isnan(threshold_rows([], SETTINGS)[0].f1)


def test_outcomes_pair_predictions_with_columns():
    image = image_result(
        [[5, 5], [9, 9], [20, 20], [40, 40]], [0.9, 0.6, 0.3, 0.5], [0, 1, 1, 0],
        [[5, 5], [9, 9], [40, 40]], [0, 0, -1],
    )  # fmt: skip
    found = outcomes([image], SETTINGS)
    predicted, correct = found["any"]
    # The peak on an ignored column is neither correct nor wrong.
    assert sorted(zip(predicted.tolist(), correct.tolist(), strict=True)) == [
        (0.3, False), (0.6, True), (0.9, True),
    ]  # fmt: skip
    predicted, correct = found["all"]
    assert sorted(zip(predicted.round(6).tolist(), correct.tolist(), strict=True)) == [
        (0.24, False), (0.48, False), (0.72, True),
    ]  # fmt: skip


def test_scores_that_are_probabilities_have_no_error():
    rng = np.random.default_rng(0)
    predicted = rng.uniform(0.05, 1, 40_000)
    correct = rng.random(40_000) < predicted
    rows = reliability_rows(predicted, correct)
    assert [row.low for row in rows] == pytest.approx(np.arange(10) / 10)
    assert sum(row.peaks for row in rows) == 40_000
    assert calibration_error(rows) < 0.012
    sure = reliability_rows(np.full(1000, 0.9), np.arange(1000) % 2 == 0)
    assert len(sure) == 1 and calibration_error(sure) == pytest.approx(0.4)
    assert reliability_rows(np.array([1.0, 0.0]), np.array([True, False]))[-1].high == 1
    assert math.isnan(calibration_error(reliability_rows(np.zeros(0), np.zeros(0, bool))))
