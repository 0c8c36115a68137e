"""Records in JSON files: values that come back, and what is refused."""

import json
import math
from dataclasses import dataclass
from typing import Annotated

import pytest

from temnet.errors import InputError
from temnet.tables.json_records import (
    Number,
    as_values,
    from_values,
    read_record,
    read_records,
    renamed,
    write_record,
    write_records,
)


@dataclass(frozen=True)
class Score:
    """A score.

    Attributes:
        f1: The F1.
        low: Its lower end.
    """

    f1: float
    low: Number = math.nan


@dataclass(frozen=True)
class Summary:
    """Scores.

    Attributes:
        images: Number of images.
        classes: Scores by class.
        size: (rows, cols).
        note: A remark.
    """

    images: int
    classes: dict[str, Score]
    size: tuple[int, int]
    note: str | None = None


SUMMARY = Summary(3, {"Mo": Score(0.5, 0.25)}, (4, 5))


def test_a_record_comes_back(tmp_path):
    write_record(tmp_path / "a.json", SUMMARY)
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "images": 3, "classes": {"Mo": {"f1": 0.5, "low": 0.25}}, "size": [4, 5], "note": None,
    }  # fmt: skip
    assert read_record(tmp_path / "a.json", Summary) == SUMMARY


def test_files_of_other_versions_are_read(tmp_path):
    values = {"images": 3, "classes": {}, "size": [1, 2], "later": {"a": 1}}
    (tmp_path / "a.json").write_text(json.dumps(values))
    assert read_record(tmp_path / "a.json", Summary) == Summary(3, {}, (1, 2))


def test_no_number_is_null_and_back():
    assert as_values(Score(0.5)) == {"f1": 0.5, "low": None}
    assert math.isnan(from_values({"f1": 0.5, "low": None}, Score, "here").low)
    with pytest.raises(InputError, match="here: `f1`"):
        from_values({"f1": None}, Score, "here")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"images": 3, "size": [1, 2]}', "`classes`"),
        ('{"images": 3, "classes": {"Mo": {"f1": "high"}}, "size": [1, 2]}', "`classes.Mo.f1`"),
        ('{"images": 3, "classes": {}, "size": [1]}', "`size"),
        ("[]", "dictionary"),
        ("[" * 100000, "not JSON"),
        ('{"images"', "not JSON"),
    ],
)
def test_what_is_no_such_record_is_refused(tmp_path, text, named):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=named):
        read_record(tmp_path / "a.json", Summary)


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_record(tmp_path / "a.json", Summary)


def test_a_list_of_records_comes_back(tmp_path):
    write_records(tmp_path / "a.json", [SUMMARY, Summary(1, {}, (2, 3), "x")])
    assert read_records(tmp_path / "a.json", Summary) == [SUMMARY, Summary(1, {}, (2, 3), "x")]
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(InputError, match="a.json"):
        read_records(tmp_path / "a.json", Summary)


@dataclass(frozen=True)
class Renamed:
    """A record with a field that was once called ``title``."""

    name: Annotated[str, renamed("name", "title")]


@pytest.mark.parametrize("key", ["name", "title"])
def test_old_keys_are_read_and_new_ones_written(key):
    record = from_values({key: "a"}, Renamed, "here")
    assert record == Renamed("a") and as_values(record) == {"name": "a"}
