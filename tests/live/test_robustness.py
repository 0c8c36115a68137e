"""The whole command with a real network, when things go wrong around it."""

import ipaddress
import logging
import os
import random
import shutil
import socket
import subprocess
import threading
import time

import numpy as np
import psutil
import pytest
from live_command import SAMPLING, LiveCommand, particle

from temnet.analysis import read_analysis
from temnet.command_line.command import DONE
from temnet.errors import InputError
from temnet.live.recording.recording_folder import RecordedFrameRow
from temnet.run import main as run
from temnet.tables.csv_rows import read_rows

LOGGER = logging.getLogger(__name__)

SLACK = 0.2
"""Time that frames may spend on their way through the processes of a busy machine [s]."""


class Sender(threading.Thread):
    """Sends frames until it is stopped; keeps the columns of each frame."""

    def __init__(self, live):
        super().__init__(daemon=True)
        self.client = live.new_client()
        self.found, self.errors, self.ended = {}, [], False

    def run(self):
        number = 0
        while not self.ended:
            number += 1
            try:
                columns = self.client.find(particle(number), SAMPLING)
                self.found[columns.frame] = columns
            except InputError as error:
                self.errors.append(str(error))
                time.sleep(0.1)

    def stop(self):
        self.ended = True
        self.join()


def rows_of(folder):
    return read_rows(folder / "recorded_frames.csv", RecordedFrameRow)


def check_offline(folder, found, output):
    """A recording has all frames that were found, and offline the same columns."""
    recorded = {row.number: row.frame for row in rows_of(folder)}
    assert set(found) <= set(recorded)
    assert run([str(folder / "recording.yaml"), "--output", str(output)]) == DONE
    offline = read_analysis(output).peaks
    for number, columns in found.items():
        mine = offline.select(offline.frame == recorded[number])
        assert len(mine) == len(columns) > 10
        np.testing.assert_allclose(columns.positions_angstrom, mine.positions, atol=2e-4)
        np.testing.assert_allclose(columns.score, mine.score, atol=1e-4)
        np.testing.assert_array_equal(columns.class_index, mine.class_index)


def kill_at_random(kills, folder):
    """No frame is lost but those that the process had; all that were found are recorded."""
    chance = random.Random(0)
    with LiveCommand(folder, "--record", folder / "recordings") as live:
        live.ready()
        sender = Sender(live)
        sender.start()
        for number in range(1, kills + 1):
            if chance.random() < 0.8:  # else while it starts
                live.ready()
            time.sleep(chance.uniform(0.0, 1.5))
            while (process := live.analysis) is None:
                time.sleep(0.05)
            process.kill()
            live.until(lambda status, number=number: status["restarts"] >= number)
        live.ready()
        before = len(sender.found)
        live.until(lambda status: len(sender.found) > before)
        sender.stop()
        status = live.until(lambda status: status["recording"]["frames"] >= len(sender.found))
        assert status["restarts"] == kills and live.process.poll() is None
        assert status["failed"] == len(sender.errors) <= kills
        assert all("ended (signal 9)" in one for one in sender.errors)
    (recording,) = (folder / "recordings").iterdir()
    LOGGER.info("%d kills: %d frames found, %d failed", kills, len(sender.found), status["failed"])
    check_offline(recording, sender.found, folder / "offline")


@pytest.mark.slow
def test_a_killed_analysis_loses_no_recorded_frame(tmp_path):
    kill_at_random(2, tmp_path)


@pytest.mark.long
def test_twenty_kills_at_random(tmp_path):
    kill_at_random(20, tmp_path)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 500 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_ends_the_recording_and_loses_nothing_recorded(small_disk, tmp_path):
    with LiveCommand(tmp_path, "--record", small_disk) as live:
        live.ready()
        found = {}
        for number in range(1, 30):  # a frame has 33 kB
            columns = live.client.find(particle(number), SAMPLING)
            found[columns.frame] = columns
            if not live.client.status()["recording"]["on"]:
                break
        status = live.until(lambda status: not status["recording"]["on"])
        count = status["recording"]["frames"]
        assert 8 <= count < len(found) <= 29
        (remark,) = [one for one in status["remarks"] if "recording" in one]
        assert f"stopped after {count} frames" in remark and "No space left" in remark
        assert len(live.client.find(particle(0), SAMPLING)) > 10  # the analysis goes on
    (recording,) = small_disk.iterdir()
    assert [row.frame for row in rows_of(recording)] == list(range(count))
    copy = shutil.copytree(recording, tmp_path / "copy")
    settings = copy / "recording.yaml"
    settings.write_text(settings.read_text().replace(str(recording), str(copy)))
    first = {number: found[number] for number in sorted(found)[:count]}
    check_offline(copy, first, tmp_path / "offline")


def check_loopback(live):
    """No process of the command listens on an address that other computers reach."""
    listening = [
        (one.laddr.ip, one.laddr.port)
        for process in live.family
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN or one.type == socket.SOCK_DGRAM
    ]
    assert listening == [("127.0.0.1", int(live.port))]
    if shutil.which("ss"):
        table = subprocess.run(["ss", "-tlnH"], capture_output=True, text=True).stdout
        addresses = [line.split()[3].rpartition(":") for line in table.splitlines()]
        hosts = [host for host, _, port in addresses if port == live.port]
        assert hosts and all(ipaddress.ip_address(host).is_loopback for host in hosts)


@pytest.mark.slow
def test_a_watched_folder_that_disappears_and_comes_back_and_no_open_port(tmp_path):
    folder, away = tmp_path / "images", tmp_path / "away"
    folder.mkdir()
    np.save(folder / "old.npy", particle(0))
    with LiveCommand(tmp_path, "--watch", folder) as live:
        live.ready()
        live.client.change(sampling=SAMPLING)

        def shown(name):
            return lambda status: status["latest"] and live.client.latest().values["name"] == name

        np.save(folder / "first.npy", particle(1))
        live.until(shown("first.npy"))
        folder.rename(away)
        live.until(lambda status: any("cannot be read" in one for one in status["remarks"]))
        assert len(live.client.find(particle(2), SAMPLING)) > 10
        folder.mkdir()
        np.save(folder / "second.npy", particle(3))
        live.until(shown("second.npy"))
        (folder / "half.npy").write_bytes((away / "old.npy").read_bytes()[:2000])
        live.until(lambda status: any("half.npy is left out" in one for one in status["remarks"]))
        columns = live.client.latest()
        check_loopback(live)
        sent = live.client.find(particle(3), SAMPLING)
        np.testing.assert_array_equal(columns.positions, sent.positions)
        status = live.client.status()
        assert status["restarts"] == 0 and not any(
            one.startswith("The folder") for one in status["remarks"]
        )


def overload(live, seconds):
    """Three times the frames that it can follow; returns ages, memory, and what was counted.

    Each frame that is seen must be as new as those sent before the one seen before it was done.
    """
    alone = []
    for number in range(12):
        begin = time.monotonic()
        live.client.find(particle(number), SAMPLING)
        alone.append(time.monotonic() - begin)
    pause = np.median(alone[2:]) / 3
    frames = [particle(number) for number in range(20)]
    ages, durations, memory = [], [], []
    begin = last = time.monotonic()
    sent = seen = number = least = 0
    while (now := time.monotonic()) - begin < seconds:
        before, number = number, live.client.send(frames[sent % 20], SAMPLING)
        sent += 1
        found = live.client.latest()
        if found.frame != seen:
            assert found.frame >= least
            seen, least = found.frame, before  # which was there before this one was done
            ages.append(found.values["age_s"])
            durations.append(found.values["analysis_s"])
        if now - last > seconds / 40:
            last = now
            memory.append((now - begin, live.memory()))
        time.sleep(max(0.0, begin + sent * pause - time.monotonic()))
    live.until(lambda status: status["latest"] == number)  # the last one is never dropped
    return np.array(ages), np.array(durations), np.array(memory), sent, pause


def check_overload(folder, seconds):
    """How much older frames were, when seen, than two analyses; and the memory over time."""
    with LiveCommand(folder) as live:
        live.ready()
        ages, durations, memory, sent, pause = overload(live, seconds)
        status = live.client.status()
    # A frame waits for the one before it; it is seen when the sender asks, once in a pause.
    excess = ages[1:] - durations[1:] - durations[:-1] - pause
    waits = ages / np.median(durations)
    LOGGER.info(
        "%d frames sent in %g s, %d analysed, %d dropped; age when seen %.2f (median) %.2f (99 %%) "
        "%.2f (most) analyses of %.3f s, at most %.3f s more than two of them; memory %.0f to "
        "%.0f MB",
        sent, seconds, len(ages), status["dropped"], np.median(waits), np.quantile(waits, 0.99),
        waits.max(), np.median(durations), excess.max(), *memory[[0, -1], 1],
    )  # fmt: skip
    assert status["analysed"] + status["dropped"] == status["received"]
    assert len(ages) > 3 and status["dropped"] > 0 and status["restarts"] == 0
    return status["dropped"] / sent, excess, memory


@pytest.mark.slow
def test_a_stream_that_is_too_fast_is_followed_by_its_newest_frames(tmp_path):
    check_overload(tmp_path, 10)


@pytest.mark.long
def test_ten_minutes_at_three_times_the_rate(tmp_path):
    """A frame is at most two analyses old when it appears, and memory does not grow."""
    seconds = float(os.environ.get("TEMNET_TEST_SECONDS", 600))
    dropped, excess, memory = check_overload(tmp_path, seconds)
    assert dropped > 0.4
    settled = memory[memory[:, 0] > seconds / 10, 1]
    assert settled.max() <= 1.05 * settled[: max(1, len(settled) // 4)].max()
    assert excess.max() <= SLACK
