"""Columns for programs, by two columns that are known."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from live_stand_ins import found

from temnet.live.columns_json import columns_csv, columns_json, counts, frame_json, screen_json
from temnet.records import ColumnFlag


@pytest.fixture
def made(make_frame):
    """Columns at (1, 2) and (3, 4.5) Å with scores of 0.9 and 0.3; pixels of 0.2 x 0.1 Å."""
    frame = replace(make_frame(7), pixel_size=(0.2, 0.1))
    with_flags = found(frame, 1.23456)
    flags = np.array([ColumnFlag.FRINGES | ColumnFlag.RINGS, 0])
    return replace(with_flags, columns=replace(with_flags.columns, flags=flags))


def test_columns_from_the_threshold_on_in_pixels_and_angstrom(made):
    values = json.loads(json.dumps(columns_json(made, 2.00049), allow_nan=False))
    assert values["columns"] == {
        "row": [5.0], "col": [20.0], "row_angstrom": [1.0], "col_angstrom": [2.0],
        "class": [0], "score": [0.9], "flags": ["fringes rings"],
    }  # fmt: skip
    assert (values["frame"], values["shape"], values["age_s"]) == (7, [32, 24], 2.0)
    assert (values["analysis_s"], values["threshold"], values["mean_score"]) == (1.235, 0.5, 0.9)
    assert values["pixel_size_angstrom"] == [0.2, 0.1] and values["counts"] == [1, 0]


def test_the_screen_also_gets_columns_below_the_threshold_and_its_picture(made):
    values = json.loads(json.dumps(screen_json(made, 0.0), allow_nan=False))
    assert values["columns"]["row"] == [5.0, 15.0] and values["columns"]["flags"][1] == ""
    assert values["picture"] == {"shape": [32, 24], "block": 1} and values["floor"] == 0.1
    assert values["counts"] == [1, 0]  # as shown


def test_without_columns_there_is_no_mean_score(made):
    nothing = replace(made, threshold=0.95)
    values = frame_json(nothing, 0.0)
    assert values["mean_score"] is None and "columns" not in values
    assert counts(nothing) == [0, 0] and counts(replace(made, threshold=0.1)) == [1, 1]
    assert columns_json(nothing, 0.0)["columns"]["row"] == []


def test_the_table_has_the_same_columns(made):
    (row,) = csv.DictReader(io.StringIO(columns_csv(made).decode()))
    listed = columns_json(made, 0.0)["columns"]
    for name, key in (("row_pixel", "row"), ("col_pixel", "col"), ("score", "score"),
                      ("row_angstrom", "row_angstrom")):  # fmt: skip
        assert float(row[name]) == pytest.approx(listed[key][0], abs=1e-3)
    assert row["class"] == "metal" and row["file"] == "frame 7"
    assert row["flags"] == listed["flags"][0]
