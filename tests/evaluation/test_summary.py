import math

import pytest

from temnet.evaluation.summary import summarise


def row(index, name, true, false, missed, error=math.nan):
    return {
        "index": index,
        "class": name,
        "true_positives": true,
        "false_positives": false,
        "false_negatives": missed,
        "rms_error_pm": error,
    }


def test_counts_are_added_before_scores_are_taken():
    rows = [row(0, "Mo", 1, 0, 0, 3.0), row(1, "Mo", 3, 4, 0, 5.0), row(1, "S", 0, 0, 2)]
    summary = summarise(rows, ["Mo", "S"])
    mo = summary["classes"]["Mo"]
    assert (mo["precision"], mo["recall"]) == (0.5, 1.0)
    assert mo["f1"] == pytest.approx(2 / 3)  # the mean of the images' own would be 0.8
    assert mo["rms_error_pm"] == pytest.approx(math.sqrt((9 + 3 * 25) / 4))
    assert summary["macro_f1"] == pytest.approx(1 / 3) and summary["images"] == 2


def test_what_cannot_be_told_is_none_and_never_one():
    summary = summarise([row(0, "Mo", 0, 0, 0)], ["Mo"])
    assert summary["macro_f1"] is None
    for name in ("Mo", "any", "all"):
        scores = summary["classes"][name]
        assert [scores[key] for key in ("precision", "recall", "f1", "rms_error_pm")] == [None] * 4
    assert summarise([], ["Mo"])["images"] == 0
