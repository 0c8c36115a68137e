"""columns.csv: the numbers come back, a block at a time, and what is wrong with it is named."""

import csv
import re

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.records import Peaks
from temnet.reporting.files import column_table
from temnet.reporting.files.column_summary import summarise_columns
from temnet.reporting.files.column_table import (
    ColumnTableWriter,
    column_blocks,
    column_fields,
    read_columns,
)

CLASSES = ("metal", "oxide")
FIELDS = (
    "frame", "positions", "class_index", "score", "probabilities", "spread", "class_spread",
    "flags",
)  # fmt: skip


def peaks(frames=(0, 2), seed=0):
    count = len(frames)
    rng = np.random.default_rng(seed)
    return Peaks(
        frame=np.array(frames),
        positions=rng.uniform(0, 50, (count, 2)),
        class_index=rng.integers(0, 2, count),
        score=rng.random(count),
        probabilities=rng.random((count, 2)),
        spread=np.where(np.arange(count) % 2, 0.1, np.nan),
        class_spread=np.full(count, np.nan),
        flags=np.arange(count) % 3,
    )


def write(path, *parts, site=None):
    with ColumnTableWriter(path, CLASSES) as table:
        for file, part in parts:
            table.write(part, (0.5, 0.25), file, site)
    return path


def rows_of(path):
    """The table by Python's own reader."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.DictReader(file))


def test_each_cell_has_the_value_of_its_column(tmp_path):
    found = Peaks(
        frame=np.array([3]),
        positions=np.array([[1.0, 2.0]]),
        class_index=np.array([1]),
        score=np.array([0.123456789]),
        probabilities=np.array([[0.25, 0.75]]),
        spread=np.array([np.nan]),
        class_spread=np.array([0.02]),
        flags=np.array([5]),
    )
    (row,) = rows_of(write(tmp_path / "c.csv", ("m.tif", found), site=np.array([7])))
    assert tuple(row) == column_fields(CLASSES)
    assert row == {
        "file": "m.tif", "frame": "3", "row_angstrom": "1", "col_angstrom": "2", "row_pixel": "2",
        "col_pixel": "8", "class": "oxide", "score": "0.1234568", "spread_angstrom": "",
        "class_spread": "0.02", "site": "7", "flags": "no-lattice too-close",
        "p_metal": "0.25", "p_oxide": "0.75",
    }  # fmt: skip


def test_a_table_without_flags_is_read(tmp_path):
    path = write(tmp_path / "c.csv", ("m.tif", peaks()))
    rows = [row.split(",") for row in path.read_text().splitlines()]
    place = rows[0].index("flags")
    path.write_text("\n".join(",".join(row[:place] + row[place + 1 :]) for row in rows) + "\n")
    assert read_columns(path, CLASSES).peaks.flags.tolist() == [0, 0]


def test_the_table_comes_back_from_blocks_of_any_size(tmp_path, monkeypatch):
    a, b = peaks([0, 0, 2, 5, 5]), peaks([0, 1, 1], seed=1)
    path = write(tmp_path / "c.csv", ('a, "b".tif', a), ("=b.tif", b))
    expected = Peaks.concatenate([a, b])
    for rows in (1, 3, 2**15):
        monkeypatch.setattr(column_table, "BLOCK_ROWS", rows)
        assert max(len(block) for block in column_blocks(path)) <= rows
        table = read_columns(path, CLASSES)
        for name in FIELDS:
            mine, theirs = getattr(table.peaks, name), getattr(expected, name)
            np.testing.assert_allclose(mine, theirs, rtol=5.1e-7, err_msg=name)
        assert table.files == ('a, "b".tif', "=b.tif") and table.class_names == CLASSES
        assert table.file_index.tolist() == [0] * 5 + [1] * 3
        np.testing.assert_allclose(table.pixels, expected.positions / (0.5, 0.25), rtol=1e-6)
        assert table.site.tolist() == [-1] * 8
        assert len(table.of("=b.tif")) == 3 and len(table.of("=b.tif", 1)) == 2
        assert len(table.of("c.tif")) == 0


def test_a_table_copied_with_its_sites_has_the_same_cells(tmp_path, monkeypatch):
    path = write(tmp_path / "c.csv", ("a.tif", peaks([0, 1, 1])), ("b.tif", peaks([0], seed=2)))
    monkeypatch.setattr(column_table, "BLOCK_ROWS", 2)
    with ColumnTableWriter(tmp_path / "d.csv", CLASSES) as copy:
        for block, site in zip(column_blocks(path), ([4, -1], [0, 5]), strict=True):
            copy.copy(block, np.array(site))
    before, after = rows_of(path), rows_of(tmp_path / "d.csv")
    assert [row["site"] for row in after] == ["4", "-1", "0", "5"]
    assert [{**row, "site": ""} for row in after] == before


def test_an_empty_table_has_no_columns_of_its_classes(tmp_path):
    table = read_columns(write(tmp_path / "c.csv"))
    assert len(table) == 0 and table.peaks.probabilities.shape == (0, 2) and table.files == ()


def test_names_that_are_no_utf8_survive(tmp_path):
    name = b"M\xfcnchen.tif".decode("utf-8", "surrogateescape")
    assert read_columns(write(tmp_path / "c.csv", (name, peaks()))).files == (name,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: b"", "the table is empty"),
        (lambda text: text[:-20], "expected 14 cells"),
        (lambda text: re.sub(rb",(metal|oxide),0", b",gas,0", text), "class gas"),
        (lambda text: text.replace(b"m.tif,0", b"m.tif,x"), "'x'"),
        (lambda text: text.replace(b"p_metal", b"p_Mo"), "lacks the columns p_metal"),
        (lambda text: text.replace(b"m.tif,0", b"m.tif,\0"), "NUL|'.x00'"),
    ],
)
def test_damaged_tables_and_those_of_other_classes_are_named(tmp_path, change, message):
    path = write(tmp_path / "c.csv", ("m.tif", peaks()))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(InputError, match=f"c.csv.*({message})"):
        read_columns(path, CLASSES)
    path.unlink()
    with pytest.raises(InputError, match="c.csv: this table cannot be read"):
        read_columns(path, CLASSES)


def test_a_page_learns_numbers_and_the_columns_of_some_frames(tmp_path, monkeypatch):
    monkeypatch.setattr(column_table, "BLOCK_ROWS", 2)
    a, b = peaks([0, 0, 0, 2, 5]), peaks([0, 1, 1], seed=1)
    path = write(tmp_path / "c.csv", ("a.tif", a), ("b.tif", b))
    summary = summarise_columns(path, {"a.tif": 7, "b.tif": 2}, [("a.tif", 0), ("b.tif", 9)])
    assert summary.total == 8
    scores = np.concatenate([a.score, b.score])
    assert summary.mean_score == pytest.approx(scores.mean(), rel=1e-6)
    classes = np.concatenate([a.class_index, b.class_index])
    assert summary.by_class() == {"metal": np.sum(classes == 0), "oxide": np.sum(classes == 1)}
    assert summary.counts["a.tif"].sum(axis=0).tolist() == [3, 0, 1, 0, 0, 1, 0]
    assert summary.counts["b.tif"].shape == (2, 2)
    np.testing.assert_allclose(summary.shown["a.tif", 0].positions, a.positions[:3], rtol=1e-6)
    assert len(summary.shown["b.tif", 9]) == 0 and summary.first_line == {("a.tif", 0): 0}
