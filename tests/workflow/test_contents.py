"""Sizes and checksums of a result's files, against zlib over the same bytes."""

import zlib

import pytest

from temnet.workflow.contents import PART, contents, damage


@pytest.fixture
def result(tmp_path):
    (tmp_path / "maps" / "deep").mkdir(parents=True)
    (tmp_path / "maps" / "b.tif").write_bytes(b"12")
    (tmp_path / "maps" / "deep" / "a.tif").write_bytes(b"345")
    (tmp_path / "maps" / "card.json").write_text("{}")
    (tmp_path / "columns.csv").write_bytes(b"a,b\n")
    (tmp_path / "stage.json").write_text("{}")
    return tmp_path


def test_files_and_folders_but_not_what_users_may_change(result):
    names = b"b.tif 2\ndeep/a.tif 3\n"
    assert contents(result) == {
        "columns.csv": [4, zlib.crc32(b"a,b\n")],
        "maps/": [2, 5, zlib.crc32(names)],
    }


@pytest.mark.parametrize("more", [0, 1, PART - 1, PART, PART + 5])
def test_the_checksum_covers_beginning_and_end(tmp_path, more):
    data = bytes(range(256)) * (PART // 256) + b"e" * more
    (tmp_path / "large").write_bytes(data)
    covered = data[:PART] + data[max(PART, len(data) - PART) :]
    assert contents(tmp_path) == {"large": [PART + more, zlib.crc32(covered)]}


@pytest.mark.parametrize("place", [0, PART - 1, -1, -PART])
def test_a_changed_byte_at_either_end_is_damage(tmp_path, place):
    data = bytearray(4 * PART)
    (tmp_path / "large").write_bytes(data)
    written = contents(tmp_path)
    assert damage(tmp_path, written) is None
    data[place] = 1
    (tmp_path / "large").write_bytes(data)
    assert damage(tmp_path, written) == "large was changed"


def test_damage_names_the_file_and_its_size(result):
    written = contents(result)
    (result / "columns.csv").write_bytes(b"a")
    assert damage(result, written) == "columns.csv has 1 of 4 bytes"
    (result / "columns.csv").unlink()
    assert damage(result, written) == "columns.csv is missing"


def test_a_renamed_file_in_a_folder_is_damage_and_an_added_one_is_not(result):
    written = contents(result)
    (result / "maps" / "b.tif").rename(result / "maps" / "c.tif")
    assert damage(result, written) == "maps/ has 2 files of 5 bytes; 2 of 5 were written"
    (result / "maps" / "b.tif").write_bytes(b"12")
    (result / "new.csv").touch()
    (result / "maps" / "card.json").write_text("changed")
    assert damage(result, written) is None


def test_records_without_contents_are_not_compared(result):
    assert damage(result, None) is None and damage(result, ["columns.csv"]) is None
