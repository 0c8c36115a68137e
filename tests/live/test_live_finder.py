"""Columns of single frames are those of the offline analysis."""

from dataclasses import replace

import numpy as np
import pytest

import temnet
from temnet.errors import InputError
from temnet.live.analysis import live_finder
from temnet.live.analysis.live_finder import LiveFinder
from temnet.live.analysis.screen_picture import screen_picture
from temnet.live.frame_format import FrameHead
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Frame


@pytest.fixture
def frame(pretrained, dots):
    pixels = (100 * dots).astype(np.uint16)
    head = FrameHead(pixels.shape, "<u2", (0.2, 0.2))
    return Frame(1, head, pixels, LiveSettings("tiny", 0.4), 0.0, (0.2, 0.2))


def changed(frame, **settings):
    return replace(frame, settings=replace(frame.settings, **settings))


def offline(pixels, threshold=0.4, **settings):
    given = {"sampling": 0.2, "threshold": threshold, **settings}
    return temnet.find_columns("tiny", pixels, **given)


def assert_same(live, columns):
    assert len(columns) > 5
    for name in ("positions", "score", "class_index", "flags", "probabilities"):
        np.testing.assert_array_equal(getattr(live, name), getattr(columns, name))


@pytest.mark.parametrize("threshold", [0.4, 0.55])
def test_columns_are_those_of_the_offline_analysis(frame, threshold):
    live = LiveFinder().find(changed(frame, threshold=threshold))
    assert_same(live.shown, offline(frame.pixels, threshold))
    assert (live.columns.score >= live.floor).all() and live.floor <= 0.1
    assert live.judgement.classes == ("metal", "oxide")


def test_frames_that_follow_have_the_same_columns(frame):
    finder = LiveFinder()
    first, second = finder.find(frame), finder.find(frame)
    assert_same(second.shown, first.shown)
    assert second.judgement is first.judgement


def test_dark_columns_are_found_as_offline(frame):
    dark = 20000 - frame.pixels
    for invert in (True, "auto"):
        finder = LiveFinder()
        for _ in range(2):
            found = finder.find(replace(changed(frame, invert=invert), pixels=dark))
            assert_same(found.shown, offline(dark, invert=invert))
    plain = LiveFinder().find(replace(frame, pixels=dark)).shown
    assert len(plain) != len(offline(dark, invert=True))


def test_a_region_has_its_columns_at_their_place_in_the_frame(frame):
    found = LiveFinder().find(changed(frame, region=(16, 64, 8, 48))).shown
    alone = offline(frame.pixels[16:64, 8:48])
    np.testing.assert_allclose(found.positions, alone.positions + (3.2, 1.6))
    with pytest.raises(InputError):
        LiveFinder().find(changed(frame, region=(100, 164, 0, 48)))


def test_a_frame_is_examined_again_after_a_change_or_some_time(frame, monkeypatch):
    monkeypatch.setattr(live_finder, "LEAST_BETWEEN", 2)
    finder = LiveFinder()

    def examined(times, given):
        due = []
        for _ in range(times):
            finder.find(given)
            due.append(finder.waiting is not None)
            if due[-1]:
                finder.examine()
        return due

    assert examined(4, frame) == [True, False, False, False]
    assert examined(1, changed(frame, invert=True)) == [True]
    monkeypatch.setattr(live_finder, "EVERY", 0.0)
    monkeypatch.setattr(live_finder, "LEAST_TIMES", 0.0)
    assert examined(3, changed(frame, invert=True)) == [False, False, True]
    monkeypatch.setattr(live_finder, "LEAST_TIMES", 1e9)
    assert examined(4, changed(frame, invert=True)) == [False] * 4


def test_the_verdict_is_that_of_the_offline_analysis(frame):
    finder = LiveFinder()
    for pixels in (frame.pixels, np.random.default_rng(0).poisson(9, (64, 48)).astype(np.uint16)):
        found = finder.find(replace(frame, pixels=pixels, head=replace(frame.head, source="a")))
        offline = temnet.analyse(pixels, "tiny", sampling=0.2, threshold=0.4).series
        assert found.judgement.verdict == "" or found.judgement.findings
        judged = finder.examine().judgement
        assert judged.verdict == offline.verdict
        expected = [(one.severity, one.text) for one in offline.findings]
        assert list(judged.findings) == expected
        assert finder.find(frame).judgement is not None
        finder = LiveFinder()


def test_a_comparison_does_not_hold_for_frames_of_another_kind(frame):
    finder, other = LiveFinder(), changed(frame, invert=True)
    finder.find(frame)
    examination = finder.examination()
    assert finder.find(other).judgement.verdict == ""
    judged = finder.take(examination())
    assert (judged.number, judged.kind) == (1, frame.kind) and judged.judgement.verdict
    assert finder.find(other).judgement.verdict == ""


def test_a_comparison_changes_no_classes(frame):
    """Those of the frames meanwhile may be others: the lattice is judged anew from time to time."""
    finder = LiveFinder()
    finder.find(frame)
    done = finder.examination()()
    foreign = replace(done.judgement, foreign=True, classes=("column",))
    finder.take(replace(done, judgement=foreign))
    found = finder.find(frame)
    assert found.judgement.verdict == done.judgement.verdict != ""
    assert found.judgement.classes == ("metal", "oxide") and not found.judgement.foreign


def test_pixels_that_are_not_square_have_positions_in_the_frame(frame):
    wide = replace(frame, pixels=frame.pixels[:, ::2], pixel_size=(0.2, 0.4))
    found = LiveFinder().find(wide).shown
    assert len(found) > 5 and found.positions[:, 1].max() > 0.2 * wide.pixels.shape[1]


def test_frames_of_no_image_are_refused(frame):
    pixels = np.full((64, 48), np.nan)
    with pytest.raises(InputError):
        LiveFinder().find(replace(frame, pixels=pixels))
    with pytest.raises(InputError, match="no network"):
        LiveFinder().find(changed(frame, network="other"))


def test_the_screen_shows_means_of_blocks():
    pixels = np.zeros((1500, 1100), np.uint16)
    pixels[750:, :] = 1000
    pixels[:, 0] = 60000  # few bright pixels do not make the others dark
    picture, block = screen_picture(pixels)
    assert block == 2 and picture.shape == (750, 550) and picture.dtype == np.uint8
    assert picture[0, 5] == 0 and picture[-1, 5] == 255
    assert not screen_picture(np.full((32, 32), 7))[0].any()
    assert not screen_picture(np.full((32, 32), np.nan))[0].any()
    assert screen_picture(np.array([[0.0, np.inf]] * 20))[0].any() == 0
