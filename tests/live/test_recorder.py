"""Recordings: offline they have the columns that were found live, and nothing recorded is lost."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from live_server import LiveServer
from live_stand_ins import found as stand_in_found

from temnet.analysis import read_analysis
from temnet.command_line.command import DONE
from temnet.live.analysis.live_finder import LiveFinder
from temnet.live.frame_format import FrameHead
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Frame
from temnet.live.recording import recorder as module
from temnet.live.recording.recorder import Recorder
from temnet.live.recording.recording_folder import RecordedFrameRow
from temnet.reporting.files.column_table import read_columns
from temnet.run import main as run
from temnet.tables.csv_rows import read_rows


def frame_of(pixels, number, **settings):
    head = FrameHead(pixels.shape, pixels.dtype.str, (0.2, 0.2), name=f"image {number}")
    return Frame(number, head, pixels, LiveSettings("tiny", **settings), 0.0, (0.2, 0.2))


def live(finder, pixels, number, **settings):
    frame = frame_of(pixels, number, **settings)
    return replace(finder.find(frame), frame=frame)


def folders(path):
    return sorted(one for one in path.iterdir() if one.is_dir())


@pytest.mark.parametrize(
    ("dtype", "settings"),
    [
        ("<u2", {"threshold": 0.4}),
        ("<f4", {"threshold": 0.4, "invert": True}),
        ("<i4", {"threshold": 0.4, "region": (8, 56, 4, 44)}),
    ],
)
def test_offline_the_columns_are_those_found_live(pretrained, dots, tmp_path, dtype, settings):
    finder, recorder = LiveFinder(), Recorder(tmp_path / "live")
    recorder.start()
    shown = []
    for number in range(1, 4):
        pixels = (100 * np.roll(dots, number, 0)).astype(dtype)
        found = live(finder, pixels, number, **settings)
        shown.append(found)
        recorder.take(found)
    recorder.stop()
    (folder,) = folders(tmp_path / "live")
    assert run([str(folder / "recording.yaml"), "--output", str(tmp_path / "run")]) == DONE
    offline = read_analysis(tmp_path / "run").peaks
    recorded = read_columns(folder / "columns.csv", ("metal", "oxide")).peaks
    assert len(offline) > 20
    for number, found in enumerate(shown):
        mine, theirs = (one.select(one.frame == number) for one in (recorded, offline))
        corner = np.zeros(2)
        if "region" in settings:
            corner = np.array([8, 4]) * 0.2
        np.testing.assert_allclose(found.shown.positions - corner, theirs.positions, atol=1e-6)
        np.testing.assert_allclose(found.shown.score, theirs.score, atol=1e-6)
        np.testing.assert_array_equal(found.shown.class_index, theirs.class_index)
        np.testing.assert_array_equal(found.shown.flags, theirs.flags)
        np.testing.assert_allclose(mine.positions, theirs.positions, rtol=1e-6, atol=1e-6)
    rows = read_rows(folder / "recorded_frames.csv", RecordedFrameRow)
    assert [(row.frame, row.number, row.name) for row in rows][2] == (2, 3, "image 3")


def take(recorder, *values, **settings):
    for value in values:
        frame = frame_of(np.full((32, 24), value, np.uint16), value, **settings)
        recorder.take(replace(stand_in_found(frame), threshold=0.5))


def test_a_change_of_settings_begins_another_folder(tmp_path):
    recorder = Recorder(tmp_path)
    take(recorder, 1)  # off
    recorder.start()
    take(recorder, 2, 3)
    take(recorder, 4, invert="auto")
    recorder.stop()
    take(recorder, 5)
    first, second = folders(tmp_path)
    assert [len(list((one / "frames").iterdir())) for one in (first, second)] == [2, 1]
    assert tifffile.imread(first / "frames" / "frame_000001.tif").tolist()[0][0] == 3
    assert recorder.status()["frames"] == 3 and not recorder.status()["on"]
    recorder.start()
    take(recorder, 6)
    recorder.stop()
    assert len(folders(tmp_path)) == 3 and recorder.status()["frames"] == 1


def test_it_stops_at_its_limit(tmp_path):
    reports = []
    recorder = Recorder(tmp_path, limit=4000)  # a frame has 1536 bytes
    recorder.report = reports.append
    recorder.start()
    take(recorder, 1, 2, 3, 4)
    recorder.stop()
    assert recorder.status()["frames"] == 2 and "limit" in recorder.status()["words"]
    assert len(reports) == 1 and "after 2 frames" in reports[0]


def test_an_infinite_limit_is_no_limit(tmp_path):
    recorder = Recorder(tmp_path, limit=np.inf)
    recorder.start()
    take(recorder, 1, 2, 3, 4)
    recorder.stop()
    assert recorder.status()["frames"] == 4


def test_a_full_disk_stops_it_and_keeps_what_was_recorded(tmp_path, monkeypatch):
    reports = []
    recorder = Recorder(tmp_path)
    recorder.report = reports.append
    recorder.start()
    take(recorder, 1, 2)
    recorder._writer.submit(lambda: None).result()

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("temnet.live.recording.recording_folder.replace_file", full)
    take(recorder, 3)
    recorder.stop()
    (folder,) = folders(tmp_path)
    assert "No space left" in reports[0]
    assert len(list((folder / "frames").iterdir())) == 2
    assert len(read_rows(folder / "recorded_frames.csv", RecordedFrameRow)) == 2
    assert len(read_columns(folder / "columns.csv", ("metal", "oxide")).peaks) == 2


def test_a_slow_disk_stops_it_clearly(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 0)
    reports = []
    recorder = Recorder(tmp_path)
    recorder.report = reports.append
    recorder.start()
    take(recorder, 1, 2)
    recorder.stop()
    assert len(reports) == 1 and "too slow" in reports[0]


def test_what_was_recorded_outlives_the_process(tmp_path):
    code = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from test_recorder import Recorder, take
recorder = Recorder(Path({str(tmp_path)!r}))
recorder.start()
take(recorder, 1, 2, 3)
recorder._writer.submit(lambda: None).result()
os._exit(1)
"""
    here = os.path.dirname(__file__)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.returncode == 1, done.stderr
    (folder,) = folders(tmp_path)
    assert len(read_rows(folder / "recorded_frames.csv", RecordedFrameRow)) == 3
    assert len(read_columns(folder / "columns.csv", ("metal", "oxide")).peaks) == 3
    assert len(list((folder / "frames").iterdir())) == 3


def test_the_server_starts_and_stops_it(stand_in, tmp_path):
    recorder = Recorder(tmp_path / "recordings")
    with LiveServer(stand_in, recorder=recorder) as server:
        assert server.request("GET", "/v1/status").values["recording"]["on"] is False
        assert server.request("POST", "/v1/record").values["on"] is True
        assert server.is_well() and server.is_well()
        answer = server.request("DELETE", "/v1/record").values
        assert (answer["on"], answer["frames"]) == (False, 2)
        assert server.is_well()
        assert json.loads(server.request("GET", "/v1/status").body)["recording"]["frames"] == 2
    (folder,) = folders(tmp_path / "recordings")
    assert len(list((folder / "frames").iterdir())) == 2
    with LiveServer(stand_in) as server:
        assert server.request("POST", "/v1/record").status == 409
