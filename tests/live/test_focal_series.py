"""Focal series live: tagged, taken one by one, or in files; columns as of `temnet.find_columns`."""

import json
from dataclasses import replace

import numpy as np
import pytest
from live_server import HEAD, TOKEN, LiveServer, wait_for

import temnet
from temnet.analysis import read_analysis
from temnet.command_line.command import DONE
from temnet.errors import InputError
from temnet.live import Client
from temnet.live.analysis.analysis_process import run_analysis
from temnet.live.analysis.live_finder import LiveFinder
from temnet.live.frame_format import FrameHead, RefusedFrame
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Frame, Seen
from temnet.live.recording.recorder import Recorder
from temnet.live.sources.focal_series import MOST_SERIES, SeriesCollector
from temnet.run import main as run

FILE = "experiments/images/mos2_focal_series.tif"
NETWORK = "mos2-unet"


def head(series="", index=0, shape=(32, 24), size=(0.2, 0.2)):
    return FrameHead(shape, "<u2", size, series=series, index=index)


def image(value, shape=(32, 24)):
    return np.full(shape, value, np.uint16)


def values(stack):
    return stack[1][0, 0].tolist()


def test_tagged_images_are_put_together_in_any_order():
    collector = SeriesCollector()
    assert collector.add(head("a", 2), image(2), 3) == 2
    assert collector.add(head("b", 0), image(10), 3) == 2
    assert collector.add(head("a", 2), image(22), 3) == 2  # sent again
    assert collector.add(head("a", 0), image(0), 3) == 1
    stack = collector.add(head("a", 1), image(1), 3)
    assert values(stack) == [0, 1, 22] and stack[0].name == "a"
    assert collector.add(head("a", 0), image(5), 3) == 2  # the next one of that name
    for bad, words in ((head("b", 3), "index"), (head("b", 1, (32, 32)), "one size")):
        with pytest.raises(RefusedFrame, match=words):
            collector.add(bad, image(1, bad.shape), 3)


def test_series_that_are_never_complete_are_forgotten():
    collector = SeriesCollector()
    for number in range(MOST_SERIES + 1):
        assert collector.add(head(f"series {number}"), image(number), 3) == 2
    assert collector.add(head("series 0", 1), image(1), 3) == 2  # begun anew
    assert collector.add(head(f"series {MOST_SERIES}", 1), image(1), 3) == 1


def test_images_are_taken_one_by_one():
    collector = SeriesCollector()
    assert collector.take(1, (head(), image(1)), 2) is None and collector.taken == 1
    with pytest.raises(RefusedFrame, match="one size"):
        collector.take(2, (head(size=(0.1, 0.1)), image(1)), 2)
    assert values(collector.take(3, (head(), image(2)), 2)) == [1, 2] and collector.taken == 0
    collector.take(3, (head(), image(3)), 2)
    collector.clear()
    assert collector.take(3, (head(), image(4)), 2) is None


@pytest.fixture
def stack(shifted_foci):
    """(row, col, focus); the second focus lies 4 pixels down."""
    return np.moveaxis(shifted_foci, 0, 2)


def frame_of(stack, number=1, **settings):
    known = FrameHead(stack.shape[:2], stack.dtype.str, (0.2, 0.2))
    given = LiveSettings("tiny-series", **{"threshold": 0.4, **settings})
    return Frame(number, known, stack, given, 0.0, (0.2, 0.2))


def assert_same(live, columns):
    assert len(columns) > 5
    for name in ("positions", "score", "class_index", "flags", "probabilities"):
        np.testing.assert_array_equal(getattr(live, name), getattr(columns, name))


def test_each_series_is_aligned_and_has_the_columns_of_the_offline_analysis(pretrained, stack):
    finder = LiveFinder()
    for shift in (0, 2, 1):  # each one is aligned for itself
        shifted = np.stack([stack[..., 0], np.roll(stack[..., 1], shift, 1), stack[..., 2]], -1)
        offline = temnet.find_columns(
            "tiny-series", shifted, sampling=0.2, threshold=0.4, axes=("row", "col", "focus")
        )
        assert_same(finder.find(frame_of(shifted)).shown, offline)


def test_a_single_image_is_shown_and_not_analysed(pretrained, stack):
    seen = LiveFinder().find(frame_of(stack[..., 0]))
    assert isinstance(seen, Seen) and seen.picture.shape == (96, 96)
    wrong = frame_of(stack)
    wrong = replace(wrong, settings=LiveSettings("tiny"))
    with pytest.raises(InputError, match="expects single images"):
        LiveFinder().find(wrong)


def test_a_recording_has_the_same_columns_offline(pretrained, stack, tmp_path):
    finder, recorder = LiveFinder(), Recorder(tmp_path / "live")
    recorder.start()
    shown = []
    for number in (1, 2):
        frame = frame_of((1000 * np.roll(stack, number, 0)).astype(np.uint16), number)
        found = replace(finder.find(frame), frame=frame)
        shown.append(found.shown)
        recorder.take(found)
    recorder.stop()
    (folder,) = (tmp_path / "live").iterdir()
    assert run([str(folder / "recording.yaml"), "--output", str(tmp_path / "run")]) == DONE
    offline = read_analysis(tmp_path / "run").peaks
    for number, live in enumerate(shown):
        mine = offline.select(offline.frame == number)
        assert len(mine) > 5
        np.testing.assert_allclose(live.positions, mine.positions, atol=1e-6)
        np.testing.assert_array_equal(live.class_index, mine.class_index)


def test_the_server_answers_what_is_missing(stand_in, pretrained):
    with LiveServer(stand_in, "tiny-series") as server:
        assert server.request("GET", "/v1/status").values["series"] == {
            "foci": 3, "taken": 0, "steps_angstrom": [0, 50, 100],
        }  # fmt: skip
        answers = [server.post(head={**HEAD, "series": "a", "index": k}) for k in range(3)]
        assert [one.status for one in answers] == [202, 202, 200]
        assert [one.values.get("missing") for one in answers] == [2, 1, None]
        assert answers[2].values["columns"]["score"] == [0.9]
        assert server.post(head={**HEAD, "series": "a", "index": 3}).status == 422
        assert server.request("POST", "/v1/series").status == 409  # no image was shown
        single = server.post(path="/v1/frames").values
        assert single["missing"] == 3
    with LiveServer(stand_in, "tiny") as server:
        assert server.request("GET", "/v1/status").values["series"] is None
        assert server.post(head={**HEAD, "series": "a", "index": 7}).status == 200
        assert server.request("POST", "/v1/series").status == 409


def test_an_image_is_one_focus_of_a_series(stand_in, pretrained):
    with LiveServer(stand_in, "tiny-series") as server:

        def show():
            number = server.post(6, path="/v1/frames").values["frame"]
            wait_for(lambda: server.session.kept(number) is not None)

        def take():
            answer = server.request("POST", "/v1/series")
            return answer.status, answer.values.get("taken", answer.values.get("error"))

        refused = (409, "This image is in the focal series already.")
        for taken in (1, 2, 0):
            show()
            assert take() == (200, taken)
            if taken:
                assert take() == refused
        assert take() == (200, 1)  # of the next series
        assert take() == refused
        assert server.request("DELETE", "/v1/series").values["taken"] == 0
        assert take() == (200, 1)


@pytest.mark.slow
def test_a_real_network_finds_the_columns_of_find_columns_both_ways(tmp_path):
    series = temnet.read_images(FILE, axes="focus")
    foci = np.moveaxis(np.asarray(series.images[0]), 2, 0)
    offline = temnet.find_columns(NETWORK, np.moveaxis(foci, 0, 2), sampling=series.sampling,
                                  axes=("row", "col", "focus"))  # fmt: skip
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)

    def check(columns):
        assert len(columns) == len(offline) > 200
        np.testing.assert_allclose(columns.positions_angstrom, offline.positions, atol=1e-4)
        np.testing.assert_array_equal(columns.class_index, offline.class_index)

    with LiveServer(run_analysis, NETWORK) as server:
        client = Client(server.port, token)
        wait_for(lambda: client.status()["state"] == "ready")
        check(client.find_series(foci, series.sampling))
        with pytest.raises(InputError, match="takes 3 foci; got 2"):
            client.find_series(foci[:2], series.sampling)
        for number, one in enumerate(foci):
            sent = client.send(one, series.sampling, name=f"focus {number}")
            wait_for(lambda sent=sent: server.session.kept(sent) is not None)
            taken = json.loads(server.request("POST", "/v1/series").body)["taken"]
            assert taken == (number + 1) % 3
        last = sent + 1
        wait_for(lambda: server.session.kept(last) is not None)
        columns = client.latest()
        assert columns.frame == last
        check(columns)
        with pytest.raises(InputError, match="focal series"):
            client.find(foci[0], series.sampling)
