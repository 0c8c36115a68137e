"""Sentences on how often columns are found, by numbers chosen by hand."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

from temnet.movies.rates import RateRow
from temnet.movies.sections.detection import RATES, detection_texts
from temnet.movies.site_tables import SiteRow
from temnet.reporting.files.series_file import SeriesRecord, write_series
from temnet.reporting.run_results import RunResults
from temnet.tables.csv_rows import write_rows

NUMBERS = {one.name: 0.0 for one in fields(SiteRow) if one.type == "float"}
SITE = SiteRow(site=0, class_="Pt", frames=9, appearances=0, disappearances=0, region="edge",
               neighbours=4, **NUMBERS)  # fmt: skip
RATE = RateRow(**{one.name: 0.0 for one in fields(RateRow) if one.type == "float"} | {
    "by": "region", "group": "edge", "class_": "Pt", "sites": 7,
    "mean_empty_frames": 12.0, "mean_occupied_frames": 30.0})  # fmt: skip


def sites(*detections):
    return [replace(SITE, detection=value) for value in detections]


@pytest.fixture
def source(tmp_path):
    return RunResults(tmp_path, tmp_path / "report", SimpleNamespace())


def averaged(source, number, *rates):
    record = SeriesRecord(file="a", frames=9, rows=8, cols=8, sampling=0.1, network="n",
                          classes=("Pt",), average=number)  # fmt: skip
    (source.root / "predict").mkdir(exist_ok=True)
    write_series(source.root / "predict", [record])
    if rates:
        (source.root / RATES).parent.mkdir(exist_ok=True)
        write_rows(source.root / RATES, rates, RateRow)


def test_the_middle_and_the_worst_of_the_known_sites_are_given(source):
    (text,) = detection_texts(source, sites(0.5, np.nan, 0.91, 0.97))
    assert "91%" in text and "50%" in text and "97%" not in text
    assert list(detection_texts(source, sites(np.nan))) == []
    assert list(detection_texts(source, [])) == []


def test_averages_blur_times_and_fast_sites_are_doubtful(source):
    averaged(source, 1, RATE)
    assert list(detection_texts(source, [])) == []
    averaged(source, 2, RATE)  # stays of 12 frames are six averages
    (text,) = detection_texts(source, [])
    assert "averages of 2" in text
    averaged(source, 4, RATE)
    _, doubtful = detection_texts(source, [])
    assert doubtful.startswith("Doubtful: Pt, edge") and "after 12 frames" in doubtful
