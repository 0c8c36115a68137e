"""No cell of a table is a formula, and each is read back as it was."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from temnet.tables.csv_cells import escaped, unescaped

TEXTS = st.one_of(st.text(), st.builds(str.__add__, st.text("'=+-@\t\r\n", max_size=4), st.text()))


@given(TEXTS)
@example("")
@example("'")
@example("''=1")
@example("'name'")
@example("-")
def test_a_text_is_read_back_as_it_was(text):
    assert unescaped(escaped(text)) == text


@given(st.text("=+-@\t\r\n", min_size=1, max_size=1), st.text())
def test_no_text_begins_like_a_formula(start, rest):
    text = escaped(start + rest)
    if text == start + rest:
        float(text)  # the only text that is left alone is a number
    else:
        assert text[0] == "'"


@given(st.floats() | st.integers())
def test_a_number_is_left_alone(number):
    assert escaped(str(number)) == str(number)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' calc'!A0.tif", "'=cmd|' calc'!A0.tif"),
        ("+1+1", "'+1+1"),
        ("-2.tif", "'-2.tif"),
        ("-1-1", "'-1-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1", "'\uff1d1"),
        ("'=1", "''=1"),
        ("-1.5e-3", "-1.5e-3"),
        ("-inf", "-inf"),
        ("nan", "nan"),
        ("image.tif", "image.tif"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_known_cells(text, cell):
    assert escaped(text) == cell
    assert unescaped(cell) == text


def test_a_csv_with_such_names_is_read_back():
    names = ["=1+1", "-a,b.tif", "'quoted'", '"', "plain"]
    file = io.StringIO()
    csv.writer(file).writerows([[escaped(name)] for name in names])
    rows = list(csv.reader(io.StringIO(file.getvalue())))
    assert [unescaped(row[0]) for row in rows] == names
    assert not any(row[0][0] in "=+-@" for row in rows)


def test_a_table_written_before_keeps_its_apostrophes():
    assert unescaped("'gold' 1.tif") == "'gold' 1.tif"
