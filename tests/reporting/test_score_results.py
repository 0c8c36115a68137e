"""Scores of a run as pages and figures use them."""

from dataclasses import replace

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.evaluation.score_curves import CurveRow
from temnet.reporting.score_results import chance_sentence, read_scores
from temnet.tables.csv_rows import write_rows


def test_the_f1_of_images_is_that_of_images_with_columns(scored_run):
    scores = read_scores(scored_run)
    np.testing.assert_allclose(scores.image_f1("one"), [1, 2 / 3, np.nan])
    np.testing.assert_allclose(scores.image_f1("two"), [2 / 3, 2 / 3, np.nan])
    assert [row.true_class for row in scores.confusion("one")] == ["false positive"]
    assert scores.confusion("two") == [] and scores.ideal_curves() == ([], [])


def test_another_network_can_come_first(scored_run):
    scores = read_scores(scored_run).seen_from("two")
    assert list(scores.networks) == ["two", "one"] and scores.first.threshold == 0.35
    (pair,) = scores.summary.paired
    assert (pair.first, pair.second, pair.mean) == ("two", "one", -0.1)


def test_captions_hold_the_rule_and_the_chance_level(scored_run):
    scores = read_scores(scored_run)
    assert scores.how == "columns within 0.5 Å of a peak that scores 0.4 and 0.35 or more"
    assert scores.rule.startswith("9 images, columns")
    assert scores.levels == {"chance": 0.123, "never S": 0.5}
    for part in ("one", "0.12", "0.50 if S"):
        assert part in scores.chance
    assert "if" not in chance_sentence("one", replace(scores.first.baselines, never_rarest=None))


def test_scores_of_an_earlier_version_are_refused(scored_run):
    (scored_run.root / "evaluate/conditions.csv").unlink()
    with pytest.raises(InputError, match="--overwrite"):
        read_scores(scored_run)
    (scored_run.root / "evaluate/scores.csv").unlink()
    assert read_scores(scored_run) is None


def test_tables_had_other_names(scored_run):
    curve = CurveRow("one", "dose", 10, 10, 10, "macro", 3, 0.5)
    write_rows(scored_run.root / "evaluate/series.csv", [curve], CurveRow)  # old key
    scores = read_scores(scored_run)
    assert scores.has("sweep") and scores.table("sweep", CurveRow)[0].f1 == 0.5
    write_rows(scored_run.root / "evaluate/sweep.csv", [replace(curve, f1=0.25)], CurveRow)
    assert scores.ideal_curves()[1][0].f1 == 0.25
    assert not scores.has("atom_counts") and scores.table("atom_counts", CurveRow) == []
