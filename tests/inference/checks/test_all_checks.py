"""All checks of a series, and how their findings are weighed together."""

import numpy as np
import pytest

from temnet.inference.checks.all_checks import checks_of, weighed
from temnet.inference.checks.finding import Finding
from temnet.inference.checks.lattice import LatticeCheck
from temnet.inference.column_finder import FoundFrame
from temnet.models.checkpoint import load_network
from temnet.records import ImageSeries, Peaks

NO_LATTICE = Finding("lattice", "note", "no lattice stands out")
NO_ROWS = Finding("lattice", "note", "the columns stand in no lattice")
NOISE = Finding("noise", "warning", "more noise")


@pytest.mark.parametrize(
    ("given", "severities"),
    [
        ([], []),
        ([NO_LATTICE], ["note"]),
        ([NO_LATTICE, NO_ROWS], ["warning", "note"]),
        # Another warning explains both, and a remark of another kind explains nothing.
        ([NO_LATTICE, NOISE, NO_ROWS], ["warning", "note", "note"]),
        ([Finding("technique", "note", "a"), NO_LATTICE], ["note", "note"]),
        ([Finding("technique", "note", "a"), NO_LATTICE, NO_ROWS], ["warning", "note", "note"]),
    ],
)
def test_two_signs_of_no_lattice_are_a_warning_where_nothing_else_is(given, severities):
    found = weighed(given)
    assert [one.severity for one in found] == severities
    assert sorted(one.sentence for one in found) == sorted(one.sentence for one in given)
    if severities[:1] == ["warning"]:
        assert found[0].kind == ("noise" if NOISE in given else "lattice")


def test_every_check_takes_the_frames_of_a_series(pretrained, dots):
    network = load_network(pretrained / "tiny")
    series = ImageSeries(dots[None, ..., None], 0.2)
    lattice = LatticeCheck(network, series)
    checks = checks_of(network, series, lattice)
    assert lattice in checks and len({type(one) for one in checks}) == len(checks) == 4
    before = [list(one.findings()) for one in checks]
    for one in checks:
        one.add(FoundFrame(0, series.images[0], Peaks.empty(2), np.ones((64, 48, 3)) / 3))
    assert all(isinstance(each, Finding) for one in checks for each in one.findings())
    assert before[0] == []  # no header, no technique
