"""Sentences on how columns were found in images."""

from types import SimpleNamespace

import pytest

from temnet.reporting.files.prediction_rows import FocusRow
from temnet.reporting.files.series_file import Calibration, SeriesRecord
from temnet.reporting.run_results import RunResults
from temnet.reporting.sections.images import (
    MOST_NAMED,
    _shifts_text,
    _steps,
    _what_was_done,
    evenly,
)
from temnet.tables.csv_rows import write_rows

NAN = float("nan")


@pytest.fixture
def source(tmp_path):
    experiment = SimpleNamespace(prediction=SimpleNamespace(symmetries=False))
    return RunResults(tmp_path, tmp_path / "report", experiment)


def series(file="a.tif", **values):
    given = {"frames": 1, "rows": 8, "cols": 9, "sampling": 0.21, "network": "n", "classes": ("m",)}
    return SeriesRecord(file=file, **(given | values))


@pytest.mark.parametrize(
    ("count", "most", "chosen"),
    [(0, 6, []), (1, 6, [0]), (6, 6, [0, 1, 2, 3, 4, 5]), (11, 3, [0, 5, 10]), (9, 2, [0, 8])],
)
def test_chosen_frames_reach_from_the_first_to_the_last(count, most, chosen):
    assert evenly(count, most) == chosen


@pytest.mark.parametrize(
    ("given", "taken", "words"),
    [
        (0.2, True, "was measured on lattice planes 2.3 Å apart: 0.2 ± 0.0012 Å by 4 spots."),
        (0.21, False, "from the file, is 5.0 % larger."),
        (0.19, False, "from the file, is 5.0 % smaller."),
        (0.20008, False, "from the file, agrees."),
    ],
)
def test_a_calibration_names_the_pixel_size_that_was_used(source, given, taken, words):
    measured = Calibration(spacing=2.3, sampling=0.2, uncertainty=0.0012, spots=4, taken=taken)
    text = _steps(source, series(sampling=given, calibration=measured))
    assert words in text and ("pixel size that was used" in text) != taken
    assert "lattice" not in _steps(source, series())


def test_shifts_are_the_longest_of_the_file_and_unaligned_frames_are_counted():
    rows = [
        FocusRow("a", 0, 0, 0.0, 0.0, 5.0), FocusRow("a", 0, 1, 3.0, 4.0, 5.0),
        FocusRow("a", 1, 0, 0.0, 0.0, NAN), FocusRow("a", 1, 1, 0.0, 0.0, NAN),
        FocusRow("b", 0, 1, 30.0, 40.0, 5.0),
    ]  # fmt: skip
    text = _shifts_text(rows, "a")
    assert "up to 5.00 Å" in text and "1 frame could not" in text
    assert "up to 50.00 Å" in _shifts_text(rows, "b") and "could not" not in _shifts_text(rows, "b")


def test_foci_and_symmetries_are_named_only_where_they_were_used(source):
    plain = _steps(source, series())
    assert "focal series" not in plain and "symmetries" not in plain
    source.experiment.prediction.symmetries = True
    rows = [FocusRow("a.tif", 0, 1, 0.6, 0.8, 5.0)]
    write_rows(source.root / "predict" / "foci.csv", rows, FocusRow)
    text = _steps(source, series(threshold=0.25))
    assert "eight symmetries" in text and "up to 1.00 Å" in text and "reaches 0.25," in text


def test_files_treated_alike_share_a_paragraph_and_long_lists_are_cut(source):
    alike = [series("a.tif"), series("b.tif")]
    (whole,) = _what_was_done(source, alike)
    assert "a.tif" not in whole.text
    first, second = _what_was_done(source, [*alike, series("c.tif", sampling=0.5)])
    assert "a.tif and b.tif: " in first.text and "c.tif: " in second.text and "0.5 Å" in second.text
    many = [series(f"{n}.tif", sampling=0.1 + n / 100) for n in range(MOST_NAMED + 3)]
    parts = _what_was_done(source, many)
    assert len(parts) == MOST_NAMED + 1 and "3 more" in parts[-1].text
