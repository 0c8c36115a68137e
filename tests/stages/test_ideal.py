"""The ideal observer's part of the stage evaluate, with evidence made up by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.learning.data import Data
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.limits.ideal_observer import Evidence
from temnet.records import Columns, Peaks
from temnet.stages import ideal
from temnet.stages.stored_sets import StoredSets
from temnet.tables.csv_tables import read_table
from temnet.workflow.stage import silent

POSITIONS = np.array([[4.0, 4], [4, 8], [8, 4], [8, 8]])
CLASSES = ("A", "B")


def results(count):
    """Images of two columns of each class, at 1, 2, ... e/Å²."""
    columns = Columns(POSITIONS, np.array([0, 1, 1, 0]), np.ones(4, int))
    return [
        ImageResult(index, Peaks.empty(2), columns, (12.0, 12.0), {"dose": index + 1.0}, index)
        for index in range(count)
    ]


def observed(folder, monkeypatch, away, wanted, count=4):
    """Summary and jobs, where the images of A, B and an empty place are so far from each other."""
    points = np.array([[0.0], [away], [-away]])
    steps = points[None, :] - points[:, None]
    gram = np.einsum("abi,aci->abc", steps, steps)
    evidence = Evidence(-0.5 * np.einsum("abb->ab", gram), gram)
    jobs = []

    def evidences(simulation, index, split, places):
        jobs.append((index, split, places))
        return [evidence] * len(places)

    monkeypatch.setattr(ideal, "evidence_in_example", evidences)
    simulation = SimpleNamespace(seed=3, labels=SimpleNamespace(classes=CLASSES))
    sets = StoredSets(simulation, Data(image_size=32, workers=0))
    settings = Evaluation(ideal_observer=wanted, border=1.0)
    found = ideal.ideal_observer(settings, sets, "validation", results(count), folder, silent)
    return found, jobs


def test_without_the_setting_nothing_is_written(tmp_path, monkeypatch):
    assert observed(tmp_path, monkeypatch, 1, None) == (None, [])
    assert list(tmp_path.iterdir()) == []


# Without evidence the class is known by the neighbours, and which tenth of the places is empty is
# not: all are called columns, with a precision of 0.9 and a recall of 1.
@pytest.mark.parametrize(("away", "f1"), [(1e3, 1.0), (1e-6, 2 * 0.9 / 1.9)])
def test_images_that_differ_are_distinguished_and_equal_ones_are_not(
    tmp_path, monkeypatch, away, f1
):
    wanted = {"images": 2, "columns": 1, "doses": [1.0], "empty": 0.1}
    found, jobs = observed(tmp_path, monkeypatch, away, wanted)
    # Two of the four images, evenly chosen, with a column of each class.
    assert [index for index, _, _ in jobs] == [0, 2] and {split for _, split, _ in jobs} == {
        "validation"
    }
    for _, _, places in jobs:
        assert places.shape == (2, 2) and all(
            each in POSITIONS.tolist() for each in places.tolist()
        )
    assert (found.images, found.columns) == (2, 4)
    for scores in found.as_drawn.values():
        assert set(scores) == {*CLASSES, "macro"}
        assert scores["macro"].f1 == pytest.approx(f1, abs=1e-4)
    rows = read_table(tmp_path / "ideal_observer.csv")
    assert {row["dose"] for row in rows if row["dose"] > 0} == {1.0}
    shares = read_table(tmp_path / "ideal_confusion.csv")
    assert {row["true_class"] for row in shares} == {"A", "B", "empty"}
