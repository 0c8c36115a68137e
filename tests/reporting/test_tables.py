import math

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.files import replace_file
from temnet.records import Peaks
from temnet.reporting.tables import (
    column_fields,
    peaks_from_rows,
    peaks_rows,
    read_table,
    write_table,
)


def test_numbers_come_back_as_numbers_and_texts_as_texts(tmp_path):
    rows = [
        {"file": "007", "frame": 3, "score": 0.1234567891, "site": None},
        {"file": 'a "b", c\nd', "frame": -1, "score": math.nan, "site": True},
    ]
    write_table(tmp_path / "t.csv", rows, ("file", "frame", "score", "site"))
    first, second = read_table(tmp_path / "t.csv")
    assert first["file"] == "007" and first["frame"] == 3 and isinstance(first["frame"], int)
    assert first["score"] == pytest.approx(0.1234567891, rel=1e-6)
    assert math.isnan(first["site"]) and math.isnan(second["score"])
    assert second["file"] == 'a "b", c\nd' and second["site"] == 1


def test_names_that_are_no_utf8_survive(tmp_path):
    name = b"M\xfcnchen.tif".decode("utf-8", "surrogateescape")
    write_table(tmp_path / "t.csv", [{"file": name}], ("file",))
    assert read_table(tmp_path / "t.csv")[0]["file"] == name


def test_a_row_with_other_keys_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match="Row 1 of t.csv .* c"):
        write_table(tmp_path / "t.csv", [{"a": 1}, {"c": 1}], ("a",))
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the table is empty"),
        (b"a,b\n1,2\n3\n", "line 3: expected 2 cells .* got 1"),
        (b"\0\0\1", "binary file"),
    ],
)
def test_damaged_tables_are_named(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=f"t.csv.*{message}"):
        read_table(tmp_path / "t.csv")


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(InputError, match="t.csv: this table cannot be read"):
        read_table(tmp_path / "t.csv")


def peaks():
    return Peaks(
        frame=np.array([0, 2]),
        positions=np.array([[1.0, 2.0], [3.5, 0.25]]),
        class_index=np.array([1, 0]),
        score=np.array([0.9, 0.5]),
        probabilities=np.array([[0.1, 0.8], [0.4, 0.1]]),
        spread=np.array([np.nan, 0.1]),
        class_spread=np.array([0.02, np.nan]),
    )


def test_peaks_come_back_from_their_rows(tmp_path):
    classes = ["metal", "oxide"]
    rows = peaks_rows(peaks(), 0.5, classes, "m.tif", site=np.array([4, -1]))
    assert rows[0]["row_pixel"] == 2.0 and rows[0]["col_pixel"] == 4.0  # positions / 0.5 Å
    assert [row["class"] for row in rows] == ["oxide", "metal"]
    assert [row["site"] for row in rows] == [4, -1]
    write_table(tmp_path / "c.csv", rows, column_fields(classes))
    found = peaks_from_rows(read_table(tmp_path / "c.csv"), classes)
    for name in (
        "frame",
        "positions",
        "class_index",
        "score",
        "probabilities",
        "spread",
        "class_spread",
    ):
        np.testing.assert_allclose(getattr(found, name), getattr(peaks(), name), err_msg=name)
    assert len(peaks_from_rows([], classes)) == 0


def test_peaks_of_other_classes_are_refused():
    rows = peaks_rows(peaks(), 0.5, ["metal", "oxide"], "m.tif")
    with pytest.raises(InputError, match="lacks p_Mo"):
        peaks_from_rows(rows, ["Mo"])
    rows[0]["class"] = "gas"
    with pytest.raises(InputError, match="class gas"):
        peaks_from_rows(rows, ["metal", "oxide"])


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "f.bin"
    replace_file(path, b"old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("temnet.files.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old" and list(path.parent.iterdir()) == [path]
