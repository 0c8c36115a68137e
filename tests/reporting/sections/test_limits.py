"""What the page says of the ideal observer."""

import html
import math
from types import SimpleNamespace

import pytest

from temnet.csv_tables import write_table
from temnet.reporting.run_results import RunResults
from temnet.reporting.score_results import Scores
from temnet.reporting.score_tables import CURVE_FIELDS, IDEAL_FIELDS
from temnet.reporting.sections.limits import bound_parts, ideal_parts


def rows():
    return [
        {"rule": rule, "dose": dose, "class": name, "columns": count, "f1": f1 - 0.1 * low,
         "f1_low": math.nan if name == "S" else 0.25, "f1_high": 0.95}
        for low, rule in enumerate(("highest F1", "most probable"))
        for dose, f1 in ((100, 0.5), (math.nan, 0.75))
        for name, count in (("S", 7), ("macro", 9))
    ]  # fmt: skip


@pytest.fixture
def scores(tmp_path):
    network = {
        "macro_f1": 0.333,
        "classes": {"S": {"f1": 0.222}},
        "intervals": {"macro_f1": (0.3, 0.4), "classes": {"S": {"f1": (0.1, 0.3)}}},
    }
    source = RunResults(tmp_path, tmp_path / "report", SimpleNamespace())
    return Scores(source, "validation", {"net": network}, [], [], {})


def text(scores):
    return html.unescape(" ".join(part.text for part in ideal_parts(scores)))


def test_networks_and_the_limit_stand_side_by_side(scores, tmp_path):
    write_table(tmp_path / "evaluate/ideal_observer.csv", rows(), IDEAL_FIELDS)
    page = text(scores)
    assert "from 9 columns; networks stand beside it where evaluation.series.dose is set" in page
    assert "0.222 [0.100, 0.300]</td><td>0.650</td><td>0.750</td>" in page
    assert "0.333 [0.300, 0.400]</td><td>0.650 [0.250, 0.950]</td>" in page
    assert (tmp_path / "report/ideal_observer.svg").is_file()
    series = {**dict.fromkeys(CURVE_FIELDS, 0.5), "network": "net", "parameter": "dose"}
    curves = [{**series, "class": name, "middle": 200.0} for name in ("S", "macro")]
    write_table(tmp_path / "evaluate/series.csv", curves, CURVE_FIELDS)
    assert "beside it that of the networks on the specimens of the dose series" in text(scores)
    defocus = [{**row, "parameter": "defocus"} for row in curves]
    write_table(tmp_path / "evaluate/series.csv", defocus, CURVE_FIELDS)
    assert "evaluation.series.dose is set" in text(scores)


def test_without_columns_or_without_the_question_there_is_no_figure(scores, tmp_path):
    assert ideal_parts(scores) == [] and bound_parts(scores) == []
    write_table(tmp_path / "evaluate/ideal_observer.csv", [], IDEAL_FIELDS)
    assert "No column was there" in text(scores)
    assert not (tmp_path / "report").exists()
