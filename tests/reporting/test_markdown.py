"""Markdown and numbers in sentences, against literal text."""

import pytest

from temnet.reporting.markdown import picture, table
from temnet.reporting.wording import in_words, percent, rounded, shortened, span


def test_a_table_has_a_line_for_each_row():
    assert table(("dose", "F1"), [("1", "0.5"), ("2", "0.6")]).split("\n") == [
        "| dose | F1 |",
        "|---|---|",
        "| 1 | 0.5 |",
        "| 2 | 0.6 |",
    ]
    assert table(("a",), []) == "| a |\n|---|"


def test_a_bar_in_a_cell_opens_no_column():
    header, _, row = table(("a|b", "c"), [("|", "d")]).split("\n")
    assert (header, row) == (r"| a\|b | c |", r"| \| | d |")


def test_a_picture_has_a_caption():
    assert picture("net/a.png", "Dose", "F1 of it.") == "![Dose](net/a.png)\n\n*F1 of it.*"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.12345, "0.123"),
        (999.4, "999"),
        (999.5, "1,000"),
        (-1234.0, "-1,230"),
        (1e-5, "1e-05"),
        (float("nan"), "nan"),
    ],
)
def test_three_digits_are_left(value, text):
    assert rounded(value) == text


def test_a_range_of_one_number_is_that_number():
    assert span(5, 5.0) == "5" and span(5, 5.5) == "5 to 5.5"
    assert span(-2000, 2000) == "-2,000 to 2,000"


@pytest.mark.parametrize(
    ("fraction", "digits", "text"),
    [(0.0, 0, "0 %"), (1.0, 0, "100 %"), (0.996, 0, "100 %"), (0.996, 1, "99.6 %")],
)
def test_percentages(fraction, digits, text):
    assert percent(fraction, digits) == text


def test_names_are_counted_beyond_the_limit_only():
    names = [f"n{number}" for number in range(1205)]
    assert in_words([]) == ""
    assert shortened(names[:5]) == "n0, n1, n2, n3 and n4"
    assert shortened(names[:6]) == "n0, n1, n2, n3, n4 and 1 more"
    assert shortened(names, 1) == "n0 and 1,204 more"
