"""The state of the server: a comparison holds for frames of its kind alone."""

from dataclasses import replace

import numpy as np
import pytest
from live_stand_ins import JUDGEMENT, found

from temnet.live.columns_json import columns_json
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Judged
from temnet.live.session import LiveSession

LATER = replace(
    JUDGEMENT, verdict="out of distribution", findings=(("warning", "unlike"),), classes=("column",)
)
"""A comparison, by a network of one class."""


@pytest.fixture
def session():
    return LiveSession(None, LiveSettings("tiny"))


def of_source(frame, source):
    return replace(frame, head=replace(frame.head, source=source))


def with_settings(frame, **settings):
    return replace(frame, settings=replace(frame.settings, **settings))


def verdicts(session, *numbers):
    return [session.kept(number).judgement.verdict for number in numbers]


def test_a_comparison_holds_for_its_frame_and_those_after_it(session, make_frame):
    for number in range(1, 4):
        session._hear(found(make_frame(number)))
    session._hear(Judged(2, make_frame(2).kind, LATER))
    assert verdicts(session, 1, 2, 3) == ["in distribution"] + ["out of distribution"] * 2
    assert session.latest.judgement.findings == (("warning", "unlike"),)
    assert session.status()["verdict"] == "out of distribution"


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: with_settings(frame, network="/other/tiny"),
        lambda frame: with_settings(frame, invert=True),
        lambda frame: with_settings(frame, threshold=0.2),
        lambda frame: with_settings(frame, region=(0, 16, 0, 16)),
        lambda frame: of_source(frame, "another camera"),
        lambda frame: replace(frame, pixel_size=(0.1, 0.1)),
    ],
    ids=["network", "contrast", "threshold", "region", "source", "pixel size"],
)
def test_a_comparison_leaves_frames_of_another_kind_alone(session, make_frame, change):
    old, new = make_frame(1), change(make_frame(2))
    session._hear(found(old))
    session._hear(found(new))
    session._hear(Judged(1, old.kind, LATER))  # after the change
    assert verdicts(session, 1, 2) == ["out of distribution", "in distribution"]
    assert session.latest.judgement == JUDGEMENT
    session._hear(Judged(2, new.kind, replace(LATER, verdict="like the others")))
    assert verdicts(session, 1, 2) == ["out of distribution", "like the others"]


def test_every_column_keeps_a_class_that_has_a_name(session, make_frame):
    one = found(make_frame(1))
    session._hear(replace(one, columns=replace(one.columns, class_index=np.array([1, 1]))))
    session._hear(Judged(1, make_frame(1).kind, LATER))
    values = columns_json(session.kept(1), 0.0)
    assert values["classes"] == ["metal", "oxide"] and values["counts"] == [0, 1]
    assert [values["classes"][index] for index in values["columns"]["class"]] == ["oxide"]
