"""Rows of tables as dataclasses: header, documentation, and values that come back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from temnet.errors import InputError
from temnet.tables.csv_rows import column_help, header, per_name, read_rows, renamed, write_rows


@dataclass(frozen=True)
class Site:
    """A site.

    Attributes:
        site: Its number.
        class_: Kind of column.
        row_angstrom: Its row [Å], over
            two lines.
        region: Where it is; None where that is not known.
        usable: Whether it counts.
        found: Frames in which each class was found.
        neighbours: Number of neighbours; not in older tables.
    """

    site: int
    class_: str
    row_angstrom: float
    region: int | None
    usable: bool
    found: Mapping[str, int] = per_name("found_")
    neighbours: int = -1


ROWS = [
    Site(0, "12", 1.25, None, True, {"Mo": 3, "S2": 0}, 4),
    Site(1, "=Mo", math.nan, 7, False, {"Mo": 0, "S2": 5}, 6),
]


def test_the_fields_are_the_header():
    columns = ("site", "class", "row_angstrom", "region", "usable", "found_Mo", "found_S2")
    assert header(Site, ["Mo", "S2"]) == (*columns, "neighbours")


def test_rows_come_back_as_they_were_written(tmp_path):
    write_rows(tmp_path / "a.csv", ROWS, Site, ["Mo", "S2"])
    text = (tmp_path / "a.csv").read_text()
    assert text.splitlines()[1:] == ["0,12,1.25,,1,3,0,4", "1,'=Mo,,7,0,0,5,6"]
    first, second = read_rows(tmp_path / "a.csv", Site)
    assert first == ROWS[0]
    assert math.isnan(second.row_angstrom)
    assert (second.class_, second.region, second.usable) == ("=Mo", 7, False)
    assert second.found == {"Mo": 0, "S2": 5}


def test_a_column_that_older_tables_lack_takes_its_default(tmp_path):
    (tmp_path / "a.csv").write_text("more,site,class,row_angstrom,region,usable\n1,2,S,3,,1\n")
    assert read_rows(tmp_path / "a.csv", Site) == [Site(2, "S", 3.0, None, True, {})]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("site,class\n1,S\n", "row_angstrom, region, usable"),
        ("site,class,row_angstrom,region,usable\n1.5,S,3,,1\n", "line 2: the cell of site"),
        ("site,class,row_angstrom,region,usable\n1,S,far,,1\n", "line 2: the cell of row_angstrom"),
        ("site,class,row_angstrom,region,usable\n1,S\n", "line 2: expected 5 cells"),
        ("", "empty"),
    ],
)
def test_another_table_is_refused(tmp_path, text, named):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=named):
        read_rows(tmp_path / "a.csv", Site)


def test_columns_are_documented():
    documented = column_help(Site)
    assert documented["row_angstrom"] == "Its row [Å], over two lines."
    assert list(documented) == [
        "site", "class", "row_angstrom", "region", "usable", "found_<name>", "neighbours"
    ]  # fmt: skip


@dataclass(frozen=True)
class Bin:
    """A bin.

    Attributes:
        mean: Mean score.
    """

    mean: float = renamed("average")


def test_a_column_is_read_by_its_old_name_too(tmp_path):
    write_rows(tmp_path / "new.csv", [Bin(0.5)], Bin)
    assert (tmp_path / "new.csv").read_text() == "mean\n0.5\n"
    (tmp_path / "old.csv").write_text("average\n0.25\n")
    (tmp_path / "both.csv").write_text("average,mean\n0.25,0.5\n")
    (tmp_path / "none.csv").write_text("other\n1\n")
    assert [read_rows(tmp_path / f"{name}.csv", Bin) for name in ("new", "old", "both")] == [
        [Bin(0.5)], [Bin(0.25)], [Bin(0.5)],
    ]  # fmt: skip
    with pytest.raises(InputError, match="no column mean"):
        read_rows(tmp_path / "none.csv", Bin)


@dataclass(frozen=True)
class NamedBin(Bin):
    """A bin with a name.

    Attributes:
        name: Its name.
    """

    name: str = ""


def test_inherited_columns_are_documented_too():
    assert column_help(NamedBin) == {"mean": "Mean score.", "name": "Its name."}
    assert header(NamedBin) == ("mean", "name")
