"""Scores of a run as pages and figures use them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.csv_rows import write_rows
from temnet.errors import InputError
from temnet.evaluation.conditions import ConditionRow
from temnet.evaluation.confusion import OLD_FALSE_POSITIVE, ConfusionRow
from temnet.evaluation.precision_recall import ThresholdRow
from temnet.evaluation.reliability import ReliabilityRow
from temnet.evaluation.score_curves import CurveRow
from temnet.evaluation.scores import ScoreRow
from temnet.evaluation.summary import NetworkPair, Summary
from temnet.json_records import write_record
from temnet.reporting.run_results import RunResults
from temnet.reporting.score_results import chance_sentence, read_scores
from temnet.score_records import Baseline, Baselines, RarestBaseline
from tests.evaluation.made_rows import score_row
from tests.evaluation.made_summary import network_summary

BASELINES = Baselines(Baseline(0.123, 0.1, {}), RarestBaseline(0.5, 0.4, {}, rarest="S"))
PAIR = NetworkPair(2, 2, 0.1, 0.0, 0.2, better=1, worse=1, p=0.5, first="one", second="two")


def rows():
    """Both networks on three images, the last one without columns."""
    return [
        replace(score_row(index, name, *counts, error=1.0), network=network)
        for network, found in (("one", 2), ("two", 1))
        for index, counts in enumerate(((found, 0, 2 - found), (1, 1, 0), (0, 1, 0)))
        for name in ("S", "any", "all")
    ]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "evaluate"
    first = network_summary(baselines=BASELINES, threshold=0.4)
    summary = Summary("validation", {"one": first, "two": network_summary()}, [PAIR])
    write_record(folder / "summary.json", summary)
    write_rows(folder / "scores.csv", rows(), ScoreRow)
    write_rows(folder / "conditions.csv", [ConditionRow(i, i) for i in range(3)], ConditionRow)
    old = ConfusionRow("one", OLD_FALSE_POSITIVE, "S", 2)
    write_rows(folder / "confusion.csv", [old], ConfusionRow)
    for name, row_type in (
        ("thresholds", ThresholdRow), ("reliability", ReliabilityRow), ("dependence", CurveRow),
    ):  # fmt: skip
        write_rows(folder / f"{name}.csv", [], row_type)
    experiment = SimpleNamespace(evaluation=Evaluation(), class_names=("S",))
    return RunResults(tmp_path, tmp_path / "report", experiment)


def test_the_f1_of_images_is_that_of_images_with_columns(source):
    scores = read_scores(source)
    np.testing.assert_allclose(scores.image_f1("one"), [1, 2 / 3, np.nan])
    np.testing.assert_allclose(scores.image_f1("two"), [2 / 3, 2 / 3, np.nan])
    assert [row.true_class for row in scores.confusion("one")] == ["false positive"]
    assert scores.confusion("two") == [] and scores.ideal_curves() == ([], [])


def test_another_network_can_come_first(source):
    scores = read_scores(source).seen_from("two")
    assert list(scores.networks) == ["two", "one"] and scores.first.threshold == 0.35
    (pair,) = scores.summary.paired
    assert (pair.first, pair.second, pair.mean) == ("two", "one", -0.1)


def test_captions_hold_the_rule_and_the_chance_level(source):
    scores = read_scores(source)
    assert scores.how == "columns within 0.5 Å of a peak that scores 0.4 and 0.35 or more"
    assert scores.rule.startswith("9 images, columns")
    assert scores.levels == {"chance": 0.123, "never S": 0.5}
    for part in ("one", "0.12", "0.50 if S"):
        assert part in scores.chance
    assert "if" not in chance_sentence("one", replace(BASELINES, never_rarest=None))


def test_scores_of_an_earlier_version_are_refused(source):
    (source.root / "evaluate/conditions.csv").unlink()
    with pytest.raises(InputError, match="--overwrite"):
        read_scores(source)
    (source.root / "evaluate/scores.csv").unlink()
    assert read_scores(source) is None


def test_tables_had_other_names(source):
    curve = CurveRow("one", "dose", 10, 10, 10, "macro", 3, 0.5)
    write_rows(source.root / "evaluate/series.csv", [curve], CurveRow)  # old key
    scores = read_scores(source)
    assert scores.has("sweep") and scores.table("sweep", CurveRow)[0].f1 == 0.5
    write_rows(source.root / "evaluate/sweep.csv", [replace(curve, f1=0.25)], CurveRow)
    assert scores.ideal_curves()[1][0].f1 == 0.25
    assert not scores.has("atom_counts") and scores.table("atom_counts", CurveRow) == []
