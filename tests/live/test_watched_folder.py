"""New files become frames; half-written, renamed, deleted and broken ones never stop the watch."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile

from temnet.errors import InputError
from temnet.live.analysis.analysis_process import _reply
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Frame
from temnet.live.session import LiveSession
from temnet.live.sources import watched_folder as module
from temnet.live.sources.image_files import UnsuitableFile, head_of_file, read_last_images
from temnet.live.sources.watched_folder import REMARK, WatchedFolder, open_watch

ENDINGS = frozenset({".tif", ".npy", ".dm4"})


class Session(LiveSession):
    """Keeps the frames, read by what the analysis process runs."""

    def __init__(self):
        super().__init__(None, LiveSettings("tiny", sampling=0.2))
        self.frames, self.read = [], {}

    def submit_file(self, path):
        nothing = np.zeros((0, 0), np.uint8)
        number = len(self.read) + 1
        frame = Frame(number, head_of_file(path), nothing, self.settings, 0.0, (0.2, 0.2), path)
        self.read[number] = _reply(Finder(), frame)
        return number

    async def result(self, number):
        found = self.read[number]
        if isinstance(found, Frame):
            self.frames.append((found.head, found.pixels))
        return found


class Finder:
    """Finds nothing: the frame comes back as it was read."""

    def foci(self, settings):
        return 1

    def find(self, frame):
        return frame


@pytest.fixture
def watched(tmp_path):
    return WatchedFolder(tmp_path, ENDINGS)


def names(watched):
    return [path.name for path in watched.complete()]


def test_a_file_counts_when_it_stands_still(watched, tmp_path):
    path = tmp_path / "a.dm4"
    for size in (0, 10, 20):
        path.write_bytes(b"x" * size)
        assert names(watched) == []
    assert names(watched) == ["a.dm4"]
    assert names(watched) == []
    path.write_bytes(b"y" * 30)  # saved again under the same name
    assert [names(watched) for _ in range(3)] == [[], ["a.dm4"], []]


def test_what_was_there_is_left_alone_and_other_files_too(watched, tmp_path):
    (tmp_path / "old.tif").write_bytes(b"x")
    watched.skip_present()
    for name in ("a.txt", ".b.tif", "~c.tif", "d.tif.part"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.tif").mkdir()
    assert [names(watched) for _ in range(3)] == [[], [], []]
    (tmp_path / "old.tif").rename(tmp_path / "older.tif")
    assert [names(watched) for _ in range(3)] == [[], [], []]
    (tmp_path / "d.tif.part").rename(tmp_path / "d.tif")
    assert [names(watched) for _ in range(3)] == [[], ["d.tif"], []]


def test_files_come_by_their_time_and_may_vanish(watched, tmp_path):
    for number, name in enumerate(("b.tif", "a.tif", "c.tif")):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (1000 + number, 1000 + number))
    assert names(watched) == []
    (tmp_path / "c.tif").unlink()
    assert names(watched) == ["b.tif", "a.tif"]


def test_a_file_is_tried_again_while_the_folder_is_read(watched, tmp_path):
    (tmp_path / "half.npy").write_bytes(b"x")
    with ThreadPoolExecutor(1) as thread:

        def read():
            return thread.submit(names, watched).result()

        class Identities(set):
            """The event loop goes through it while the thread reads the folder."""

            def __iter__(self):
                for one in super().__iter__():
                    if threading.current_thread() is threading.main_thread():
                        read()
                    yield one

        assert [read(), read()] == [[], ["half.npy"]]
        (tmp_path / "new.npy").write_bytes(b"y")
        assert read() == []
        watched._identities = Identities(watched._identities)
        watched.try_again(tmp_path / "half.npy")
        assert [read(), read(), read()] == [["new.npy"], ["half.npy"], []]


def look(watch, times=3):
    async def run():
        for _ in range(times):
            await watch.look_once()
            await watch.finish()

    asyncio.run(run())


def test_images_are_submitted_with_their_pixel_size(tmp_path):
    session = Session()
    session.settings = LiveSettings("tiny")
    watch = open_watch(session, tmp_path, with_present=False)
    movie = np.arange(3 * 32 * 24, dtype=np.uint16).reshape(3, 32, 24)
    per_cm = (1 / 2e-9, 1 / 2e-9)  # 0.2 Å
    tifffile.imwrite(
        tmp_path / "a.tif", movie[2], resolution=per_cm, resolutionunit=3, imagej=False
    )
    look(watch)
    ((head, pixels),) = session.frames
    assert head.pixel_size == pytest.approx((0.2, 0.2)) and head.name == "a.tif"
    assert (pixels == movie[2]).all()
    np.save(tmp_path / "b.npy", movie)
    look(watch)
    assert len(session.frames) == 1 and "no pixel size" in session.remarks[REMARK]
    session.settings = LiveSettings("tiny", sampling=0.1)
    np.save(tmp_path / "c.npy", movie)
    look(watch)
    assert (session.frames[1][1] == movie[2]).all() and REMARK not in session.remarks


def test_a_broken_file_is_tried_again_and_left_out(tmp_path):
    session = Session()
    watch = open_watch(session, tmp_path, with_present=False)
    whole = tmp_path / "whole.npy"
    np.save(whole, np.zeros((32, 24), np.float32))
    content = whole.read_bytes()
    whole.unlink()
    broken = tmp_path / "broken.npy"
    broken.write_bytes(content[:300])
    look(watch, 4)
    assert session.frames == [] and REMARK not in session.remarks
    look(watch, 2 * module.TRIES)
    assert "broken.npy is left out" in session.remarks[REMARK]
    broken.write_bytes(content)
    look(watch)
    assert len(session.frames) == 1 and REMARK not in session.remarks


def test_files_are_the_present_ones_if_asked(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((32, 24)))
    session = Session()
    look(open_watch(session, tmp_path, with_present=True))
    assert len(session.frames) == 1


def test_a_folder_may_disappear_and_come_back(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    session = Session()
    watch = open_watch(session, folder, with_present=False)
    folder.rename(tmp_path / "away")
    look(watch)
    assert session.remarks[REMARK].startswith("The folder images cannot be read")
    (tmp_path / "away").rename(folder)
    np.save(folder / "a.npy", np.zeros((32, 24)))
    look(watch)
    assert len(session.frames) == 1 and REMARK not in session.remarks
    with pytest.raises(InputError, match="cannot be read"):
        open_watch(session, tmp_path / "none", with_present=True)


def test_images_of_other_sizes_are_refused(tmp_path):
    path = tmp_path / "a.npy"
    for shape in ((8, 8), (16, 20000)):
        np.save(path, np.zeros(shape, np.uint8))
        with pytest.raises(UnsuitableFile, match="live analysis takes"):
            read_last_images(path)


def test_a_file_with_whole_focal_series_gives_the_last(tmp_path):
    path, stack = tmp_path / "a.npy", np.arange(6 * 32 * 24, dtype=np.uint16).reshape(6, 32, 24)
    np.save(path, stack)
    head, pixels = read_last_images(path, 3)
    assert (pixels == np.moveaxis(stack[3:], 0, 2)).all() and head.shape == (32, 24)
    for foci in (1, 4):
        assert (read_last_images(path, foci)[1] == stack[5]).all()
