"""One verdict by the findings of all checks."""

from typing import get_args

import pytest

from temnet.inference.checks.finding import Finding, Kind, ordered
from temnet.inference.checks.verdict import MOST_REASONS, verdict_line, verdict_of

KINDS = get_args(Kind)


def found(*severities):
    """A finding of each kind in turn, from the lightest kind on."""
    return [
        Finding(kind, severity, f"{kind} is odd", "7 of 8")
        for kind, severity in zip(reversed(KINDS), severities, strict=False)
    ]


@pytest.mark.parametrize(
    ("severities", "compared", "verdict"),
    [
        ([], ["power spectrum"], "in distribution"),
        (["note", "warning"], ["power spectrum"], "in distribution"),
        (["note", "out of distribution"], ["power spectrum"], "out of distribution"),
        ([], ["pixel size"], "not compared"),
        (["warning"], [], "not compared"),
        (["out of distribution"], [], "out of distribution"),
    ],
)
def test_the_severest_finding_decides(severities, compared, verdict):
    assert verdict_of(found(*severities), compared) == verdict


def test_reasons_stand_in_order_of_weight_and_numbers_are_left_to_the_log():
    findings = found("out of distribution", "warning", "out of distribution")
    line = verdict_line("a.tif", "out of distribution", findings)
    assert line == f"a.tif is out of distribution: {KINDS[-3]} is odd; {KINDS[-1]} is odd"
    assert [one.kind for one in ordered(findings)] == [KINDS[-3], KINDS[-1], KINDS[-2]]


def test_many_reasons_stay_one_line():
    findings = found(*["out of distribution"] * (MOST_REASONS + 2))
    line = verdict_line("a.tif", "out of distribution", findings)
    assert line.count("is odd") == MOST_REASONS and "2 more" in line and "\n" not in line


def test_warnings_are_named_and_notes_are_not():
    assert verdict_line("a", "in distribution", found("note")) == "a: in distribution"
    line = verdict_line("a", "in distribution", found("warning", "note"))
    assert line == f"a: in distribution, but {KINDS[-1]} is odd"
