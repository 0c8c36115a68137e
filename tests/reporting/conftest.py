"""A run with the scores of two networks."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.conditions import ConditionRow
from temnet.evaluation.confusion import OLD_FALSE_POSITIVE, ConfusionRow
from temnet.evaluation.precision_recall import ThresholdRow
from temnet.evaluation.reliability import ReliabilityRow
from temnet.evaluation.score_curves import CurveRow
from temnet.evaluation.scores import ScoreRow
from temnet.evaluation.summary import NetworkPair, Summary
from temnet.reporting.run_results import RunResults
from temnet.score_records import Baseline, Baselines, RarestBaseline
from temnet.tables.csv_rows import write_rows
from temnet.tables.json_records import write_record
from tests.evaluation.made_rows import score_row
from tests.evaluation.made_summary import network_summary

BASELINES = Baselines(Baseline(0.123, 0.1, {}), RarestBaseline(0.5, 0.4, {}, rarest="S"))
PAIR = NetworkPair(2, 2, 0.1, 0.0, 0.2, better=1, worse=1, p=0.5, first="one", second="two")


def rows():
    """Rows of both networks on three images, the last one without columns."""
    return [
        replace(score_row(index, name, *counts, error=1.0), network=network)
        for network, found in (("one", 2), ("two", 1))
        for index, counts in enumerate(((found, 0, 2 - found), (1, 1, 0), (0, 1, 0)))
        for name in ("S", "any", "all")
    ]


@pytest.fixture
def scored_run(tmp_path):
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
