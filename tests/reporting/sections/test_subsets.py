"""The section on scores of subsets."""

import numpy as np

from temnet.config.experiment import Experiment
from temnet.evaluation.scores_of_subsets import SubsetRow
from temnet.reporting.page import render
from temnet.reporting.run_results import RunResults
from temnet.reporting.sections.subsets import subset_section
from temnet.tables.csv_rows import write_rows


def _source(folder):
    subsets = {
        "good": {"dose": [500, None], "column_contrast": [20, None]},
        "rare": {"energy": [80e3, 80e3], "astigmatism": [None, 40], "coma": [5, 50]},
    }
    experiment = Experiment(stages=("report",), evaluation={"subsets": subsets})
    (folder / "evaluate").mkdir()
    return RunResults(folder, folder, experiment)


def test_a_line_for_each_subset_with_its_ranges(tmp_path):
    source, none = _source(tmp_path), [np.nan] * 8
    rows = [
        SubsetRow("net", "good", 12, 6, 345, 0.9876, 0.5, 0.664, 0.611, 0.722, 0.555, 0.5, 0.6),
        SubsetRow("net", "rare", 0, 0, 0, *none),
    ]
    write_rows(source.root / "evaluate" / "subsets.csv", rows, SubsetRow)
    page = render("title", [], [subset_section(source)])
    for shown in ("345", "0.988", "0.664 [0.611, 0.722]", "0.555 [0.500, 0.600]"):
        assert shown in page
    assert "good: dose (e/Å²) at least 500, contrast of the columns (%) at least 20." in page
    assert "energy (eV) 80000, two-fold astigmatism (Å) at most 40, coma (Å) 5 to 50." in page
    assert "nan" not in page
    assert "subsets.csv" in page


def test_no_section_without_subsets(tmp_path):
    assert subset_section(_source(tmp_path)) is None
