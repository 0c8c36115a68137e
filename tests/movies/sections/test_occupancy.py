"""Sentences and table of rates on the occupancy of a movie's sites."""

from dataclasses import fields, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from temnet.movies.drift import DriftRow
from temnet.movies.rates import Rate, RateRow
from temnet.movies.sections.occupancy import (
    _averaged,
    _bounded,
    _rate_table,
    _summary,
    _with_interval,
)
from temnet.reporting.files.kept_frames import FrameIndex
from temnet.reporting.page import UNKNOWN

NUMBERS = {one.name: 0.0 for one in fields(RateRow) if one.type == "float"}
ROW = RateRow(
    **NUMBERS | {
        "by": "region", "group": "edge", "class_": "metal", "sites": 7, "occupancy": 0.75,
        "appearance": 0.2, "appearance_low": 0.1, "appearance_high": 0.3,
        "appearance_per_s": 2.0, "appearance_low_per_s": 1.0, "appearance_high_per_s": 3.0,
        "disappearance": 0.4, "disappearance_low": 0.3, "disappearance_high": 0.5,
        "disappearance_per_s": 4.0, "disappearance_low_per_s": 3.0,
        "disappearance_high_per_s": 5.0, "mean_occupied_frames": 2.5,
    }
)  # fmt: skip


class Cells(HTMLParser):
    def __init__(self, part):
        super().__init__()
        self.found, self.inside = {"th": [], "td": []}, None
        self.feed(part.text)

    def handle_starttag(self, tag, attributes):
        self.inside = tag if tag in self.found else None

    def handle_data(self, data):
        if self.inside:
            self.found[self.inside].append(data)


def cells(rates, frame_time):
    found = Cells(_rate_table(rates, frame_time)).found
    return found["th"], found["td"]


def test_rates_per_second_only_with_a_frame_time():
    header, found = cells([ROW], None)
    assert header[3:] == ["appear per frame", "vanish per frame", "mean time occupied (frames)"]
    assert found == ["metal, edge", "7", "0.750", "0.2 (0.1 to 0.3)", "0.4 (0.3 to 0.5)", "2.5"]
    header, found = cells([ROW], 0.1)
    assert header[3:] == ["appear per second", "vanish per second", "mean time occupied (s)"]
    assert found[3:] == ["2 (1 to 3)", "4 (3 to 5)", "0.25"]  # 2.5 frames of 0.1 s


def test_only_regions_are_in_the_table_and_unknown_rates_are_dashes():
    unknown = replace(ROW, group="interior", appearance=np.nan, mean_occupied_frames=np.inf)
    _, found = cells([replace(ROW, by="layer"), unknown], None)
    assert found[0] == "metal, interior" and len(found) == 6
    assert found[3] == found[5] == UNKNOWN and found[4] == "0.4 (0.3 to 0.5)"
    assert _with_interval(Rate(np.nan, 0.1, 0.2)) == UNKNOWN


def test_parameters_at_their_bounds_are_named():
    assert list(_bounded([ROW])) == []
    (text,) = _bounded([ROW, replace(ROW, at_bound="appearance hit")])
    assert text.startswith(
        "metal, edge: how often columns appear and how often a column is missed cannot"
    )


@pytest.mark.parametrize(("model", "judged"), [("threshold", False), ("hidden_markov", True)])
def test_the_drift_is_the_longest_of_the_usable_frames(model, judged):
    drift = [
        DriftRow(0, 0.0, 0.0, usable=True), DriftRow(1, 3.0, -4.0, usable=True),
        DriftRow(2, 90.0, 90.0, usable=False),
    ]  # fmt: skip
    text = _summary(1200, 1, drift, model)
    assert text.startswith("1,200 sites were followed through 2 of 3 frames; they changed 1 time")
    assert "up to 5.0 Å" in text and text.endswith("frames 2.")
    assert ("likelier state" in text) == judged
    assert "drifted" not in _summary(0, 0, drift[2:], model)
    assert "Excluded" not in _summary(0, 0, drift[:2], model)


def test_kept_and_usable_frames_are_averaged():
    index = FrameIndex(("m",) * 3, np.array([0, 2, 4]), np.ones(3))
    assert _averaged(index, {1, 2, 3, 4}) == 2 and _averaged(index, set()) == 0
