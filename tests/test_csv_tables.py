import math

import pytest

from temnet.errors import InputError
from temnet.system.files import replace_file
from temnet.tables.csv_tables import read_table, write_table


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


def test_a_cell_that_a_spreadsheet_would_run_is_text_in_the_file_and_itself_again(tmp_path):
    name = "=cmd|' calc'!A0.tif"
    write_table(tmp_path / "t.csv", [{"file": name, "frame": -1}], ("file", "frame"))
    assert (
        "\n'=cmd" in (tmp_path / "t.csv").read_text()
        and ",-1\n" in (tmp_path / "t.csv").read_text()
    )
    assert read_table(tmp_path / "t.csv") == [{"file": name, "frame": -1}]


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


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "f.bin"
    replace_file(path, b"old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("temnet.system.files.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old" and list(path.parent.iterdir()) == [path]
