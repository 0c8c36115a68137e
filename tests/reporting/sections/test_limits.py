"""The part of the page on the ideal observer."""

import html
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from temnet.evaluation.limits.ideal_scores import IdealRow
from temnet.evaluation.score_curves import CurveRow
from temnet.evaluation.summary import Summary
from temnet.reporting.run_results import RunResults
from temnet.reporting.score_results import Scores
from temnet.reporting.sections.limits import bound_parts, ideal_parts
from temnet.score_records import ClassIntervals, Intervals
from temnet.tables.csv_rows import write_rows
from tests.evaluation.made_summary import class_scores, network_summary


def rows():
    return [
        IdealRow(
            rule, dose, name, count, f1 - 0.1 * low, math.nan if name == "S" else 0.25, 0.95
        )
        for low, rule in enumerate(("highest F1", "most probable"))
        for dose, f1 in ((100, 0.5), (math.nan, 0.75))
        for name, count in (("S", 7), ("macro", 9))
    ]  # fmt: skip


@pytest.fixture
def scores(tmp_path):
    network = network_summary(
        macro_f1=0.333,
        classes={"S": class_scores(0.222)},
        intervals=Intervals((0.3, 0.4), classes={"S": ClassIntervals(f1=(0.1, 0.3))}),
    )
    source = RunResults(tmp_path, tmp_path / "report", SimpleNamespace())
    return Scores(source, Summary("validation", {"net": network}, []), [], {})


def text(scores):
    return html.unescape(" ".join(part.text for part in ideal_parts(scores)))


def test_networks_are_beside_the_limit(scores, tmp_path):
    write_rows(tmp_path / "evaluate/ideal_observer.csv", rows(), IdealRow)
    page = text(scores)
    assert "from 9 columns; set evaluation.sweep.dose" in page
    assert "0.222 [0.100, 0.300]</td><td>0.650</td><td>0.750</td>" in page
    assert "0.333 [0.300, 0.400]</td><td>0.650 [0.250, 0.950]</td>" in page
    assert (tmp_path / "report/ideal_observer.svg").is_file()
    curves = [CurveRow("net", "dose", 200, 200, 200, name, 9, 0.5) for name in ("S", "macro")]
    write_rows(tmp_path / "evaluate/sweep.csv", curves, CurveRow)
    assert "beside it F1 of the networks" in text(scores)
    defocus = [replace(row, parameter="defocus") for row in curves]
    write_rows(tmp_path / "evaluate/sweep.csv", defocus, CurveRow)
    assert "set evaluation.sweep.dose" in text(scores)


def test_without_columns_or_without_limits_there_is_no_figure(scores, tmp_path):
    assert ideal_parts(scores) == [] and bound_parts(scores) == []
    write_rows(tmp_path / "evaluate/ideal_observer.csv", [], IdealRow)
    assert "the images have no columns" in text(scores)
    assert not (tmp_path / "report").exists()
