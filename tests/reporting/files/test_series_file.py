"""Records and tables of the stage `predict`: they come back, old keys too, and are documented."""

import json
from dataclasses import fields, replace

import pytest

from temnet.errors import InputError
from temnet.reporting.files.column_table import ColumnRow, column_fields
from temnet.reporting.files.prediction_rows import FocusRow, RingRow
from temnet.reporting.files.series_file import (
    Calibration,
    SeriesRecord,
    read_series_records,
    write_series,
)
from temnet.tables.csv_rows import column_help, read_rows, write_rows

RECORD = SeriesRecord(
    file="a.tif", files=("a.tif",), frames=2, rows=40, cols=50, sampling=0.2, network="n",
    classes=("Mo", "S"), masked_angstrom=((0.0, 1.0, 2.0, 3.0),), compared_by=("pixel size",),
    out_of_distribution=("coarser pixels",), notes=("a note",), threshold=0.5,
    calibration=Calibration(2.1, 0.201, 0.001, 6, False),
)  # fmt: skip


def test_records_come_back(tmp_path):
    records = [RECORD, replace(RECORD, file="b.tif", frame_files=(("b.tif", "c.tif"),))]
    write_series(tmp_path, records)
    assert read_series_records(tmp_path) == records


def test_files_of_earlier_versions_are_read(tmp_path):
    path = tmp_path / "series.json"
    few = {"file": "m.tif", "frames": 3, "rows": 4, "cols": 5, "sampling": 0.2, "network": "n"}
    path.write_text(json.dumps([few | {"classes": ["C"], "unlike": ["more noise"]}]))
    (record,) = read_series_records(tmp_path)
    assert record.out_of_distribution == ("more noise",) and record.compared_by is None
    path.write_text(json.dumps([few]))
    with pytest.raises(InputError, match="classes"):
        read_series_records(tmp_path)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (
            FocusRow("a.tif", 0, 2, 0.5, -0.25, float("nan")),
            "file,frame,focus,row_angstrom,col_angstrom,margin\na.tif,0,2,0.5,-0.25,\n",
        ),
        (
            RingRow("a.tif", 1, 3, 2.0, 4.0, 10.0, 20.0, "4 0 2"),
            "file,frame,atoms,row_angstrom,col_angstrom,row_pixel,col_pixel,columns\n"
            "a.tif,1,3,2,4,10,20,4 0 2\n",
        ),
    ],
)
def test_rows_have_the_headers_of_earlier_versions(tmp_path, row, text):
    write_rows(tmp_path / "a.csv", [row], type(row))
    assert (tmp_path / "a.csv").read_text() == text
    assert repr(read_rows(tmp_path / "a.csv", type(row))) == repr([row])


@pytest.mark.parametrize("row_type", [ColumnRow, FocusRow, RingRow])
def test_every_column_is_documented_with_its_unit(row_type):
    documented = column_help(row_type)
    assert len(documented) == len(fields(row_type)) and all(documented.values())
    for name, text in documented.items():
        assert ("[Å]" in text) == name.endswith("_angstrom")


def test_the_header_of_columns():
    assert ",".join(column_fields(["Mo", "S2"])) == (
        "file,frame,row_angstrom,col_angstrom,row_pixel,col_pixel,class,score,spread_angstrom,"
        "class_spread,site,flags,p_Mo,p_S2"
    )
