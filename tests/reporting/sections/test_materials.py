"""The section on scores by material."""

import pytest

from temnet.config.experiment import Experiment
from temnet.evaluation.scores_by_material import MaterialRow
from temnet.reporting.page import render
from temnet.reporting.run_results import RunResults
from temnet.reporting.sections.materials import material_section
from temnet.tables.csv_rows import write_rows


@pytest.fixture
def source(tmp_path):
    (tmp_path / "evaluate").mkdir()
    return RunResults(tmp_path, tmp_path, Experiment(stages=("report",)))


def test_a_line_for_each_material(source):
    rows = [
        MaterialRow("net", "SrTiO3", "perovskite", "110", 4, 90, 0.984, 0.5, 0.66, 0.991, 0.75),
        MaterialRow("net", "Au", "fcc", "100", 2, 30, 1.0, 1.0, 1.0),
    ]
    write_rows(source.root / "evaluate" / "materials.csv", rows, MaterialRow)
    section = material_section(source)
    page = render("title", [], [section])
    for shown in ("SrTiO3", "[110]", "0.98", "0.50", "0.99", "0.75", "[100]"):
        assert shown in page
    assert "nan" not in page
    assert "materials.csv" in page


def test_no_section_without_materials(source):
    assert material_section(source) is None
