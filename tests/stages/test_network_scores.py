"""All scores of one network, from results whose counts are known."""

import math

import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import ScoreRow
from temnet.records import Columns, Peaks
from temnet.stages.network_scores import score_network, write_scores
from temnet.tables.csv_rows import read_rows

SETTINGS = Evaluation(border=0)
CLASSES = ("Mo", "S")
EXTENT = (20.0, 20.0)


def image(index, found, scores, true):
    """Peaks and columns at (row, class) a column of the image."""
    classes = np.array([kind for _, kind in found], np.int64)
    probabilities = np.full((len(found), 2), 0.1)
    probabilities[np.arange(len(found)), classes] = np.array(scores) - 0.1
    peaks = Peaks(
        np.zeros(len(found), np.int64),
        np.array([(row, 5.0) for row, _ in found]).reshape(-1, 2),
        classes,
        np.array(scores, float),
        probabilities,
        np.full(len(found), np.nan),
    )
    columns = Columns(
        np.array([(row, 5.0) for row, _ in true]).reshape(-1, 2),
        np.array([kind for _, kind in true], np.int64),
        np.ones(len(true), np.int64),
    )
    return ImageResult(index, peaks, columns, EXTENT, {"dose": 100.0 * (index + 1)}, index)


RESULTS = [
    # Mo found, S found as Mo, S missed; a peak below the threshold.
    image(0, [(2, 0), (5, 0), (9, 1)], [0.9, 0.8, 0.2], [(2, 0), (5, 1), (9, 1)]),
    # No columns, two false positives.
    image(1, [(4, 0), (8, 1)], [0.7, 0.6], []),
]


@pytest.fixture(scope="module")
def scored():
    return score_network("net", 0.5, RESULTS, CLASSES, SETTINGS, seed=1)


def test_the_summary_holds_the_counts_of_both_images(scored):
    summary = scored.summary
    mo, s, place = (summary.classes[name] for name in ("Mo", "S", "any"))
    assert (mo.true_positives, mo.false_positives, mo.false_negatives) == (1, 2, 0)
    assert (s.true_positives, s.false_positives, s.false_negatives) == (0, 1, 2)
    assert (place.columns, place.peaks) == (3, 4)
    assert summary.macro_f1 == pytest.approx((2 / 4 + 0) / 2)
    # F1 of the one image with columns: one found, one false, two missed.
    assert summary.mean_image_f1 == pytest.approx(2 / 5)
    assert (summary.images, summary.specimens, summary.threshold) == (2, 2, 0.5)
    rates = summary.without_columns
    assert (rates.images, rates.false_positives) == (1, 2)
    assert rates.per_100_nm2 == pytest.approx(2 * 100 / 4)  # an area of 4 nm²


def test_tables_have_the_rows_of_the_network(scored, tmp_path):
    confusion = {(row.true_class, row.found_class): row.columns for row in scored.confusion}
    assert confusion["S", "Mo"] == confusion["S", "missed"] == confusion["Mo", "Mo"] == 1
    assert confusion["false positive", "Mo"] == confusion["false positive", "S"] == 1
    at_lowest = next(row for row in scored.thresholds if row.threshold == 0.05)
    assert (at_lowest.class_, at_lowest.true_positives, at_lowest.false_negatives) == ("any", 3, 0)
    assert sum(row.peaks for row in scored.reliability if row.class_ == "any") == 5
    assert {row.parameter for row in scored.dependence} == {"dose", "mean_score"}
    assert {(row.low, row.high) for row in scored.dependence if row.parameter == "dose"} == {
        (100, 200)
    }  # too few images for more than one bin
    write_scores([scored, scored], tmp_path)
    rows = read_rows(tmp_path / "scores.csv", ScoreRow)
    assert len(rows) == 2 * 2 * 4 and {row.network for row in rows} == {"net"}
    assert {row.dose for row in rows} == {100, 200}
    assert {path.name for path in tmp_path.iterdir()} == {
        "scores.csv", "confusion.csv", "thresholds.csv", "reliability.csv", "dependence.csv",
    }  # fmt: skip


def test_without_images_nothing_is_known():
    summary = score_network("net", 0.5, [], CLASSES, SETTINGS, seed=1).summary
    assert summary.images == summary.specimens == 0
    assert math.isnan(summary.macro_f1) and math.isnan(summary.intervals.macro_f1[0])
