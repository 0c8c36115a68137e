"""The process of the analysis: the newest frame wins, and a process that ends is started again."""

import multiprocessing
import os
import queue
import signal
import threading

import pytest
from live_server import wait_for

from temnet.live.analysis import analyst as module
from temnet.live.analysis.analyst import Analyst
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Condition, Failed, Found

QUICK, SLOW, ENDS, SILENT, BAD = range(5)
"""What the stand-in does with a frame, by its first pixel."""


class Events:
    """The events of an analyst."""

    def __init__(self):
        self.queue = queue.Queue()

    def until(self, wanted):
        """The first event from now on that is wanted."""
        while True:
            event = self.queue.get(timeout=30)
            if wanted(event):
                return event

    def state(self, state):
        return self.until(lambda event: isinstance(event, Condition) and event.state == state)

    def frame(self):
        return self.until(lambda event: isinstance(event, Found | Failed))


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def start(stand_in, events, monkeypatch):
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.05, 0.1))
    started = []

    def start(network="tiny", longest=60.0):
        one = Analyst(stand_in, LiveSettings(network), events.queue.put, longest)
        one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()


def test_columns_come_back(start, events, make_frame):
    analyst = start()
    assert events.state("ready").engine == "stand-in"
    analyst.offer(make_frame(7))
    found = events.frame()
    assert found.frame.number == 7 and found.columns.score.tolist() == [0.9, 0.3]
    assert found.shown.score.tolist() == [0.9]
    assert analyst.condition.analysed == 1 and analyst.condition.state == "ready"


def test_the_newest_frame_wins_and_the_others_are_counted(start, events, make_frame, gate):
    analyst = start()
    events.state("ready")
    analyst.offer(make_frame(1, SLOW))
    events.state("analysing")
    for number in range(2, 6):
        analyst.offer(make_frame(number))
    gate.touch()
    done = [events.frame() for _ in range(5)]
    assert [one.number for one in done if isinstance(one, Failed)] == [2, 3, 4]
    assert all(one.dropped for one in done if isinstance(one, Failed))
    assert [one.frame.number for one in done if isinstance(one, Found)] == [1, 5]
    assert (analyst.condition.analysed, analyst.condition.dropped) == (2, 3)


def test_a_bad_frame_fails_alone(start, events, make_frame):
    analyst = start()
    events.state("ready")
    analyst.offer(make_frame(1, BAD))
    assert events.frame() == Failed(1, "This frame is bad.")
    analyst.offer(make_frame(2))
    assert events.frame().frame.number == 2
    assert (analyst.condition.failed, analyst.condition.restarts) == (1, 0)


@pytest.mark.parametrize(("command", "words"), [(ENDS, "exit code 3"), (SILENT, "did not answer")])
def test_a_process_that_ends_or_is_silent_is_started_again(
    start, events, make_frame, command, words
):
    analyst = start(longest=60.0 if command == ENDS else 0.5)
    events.state("ready")
    before = analyst.condition.process
    analyst.offer(make_frame(1, command))
    failed = events.frame()
    assert failed.number == 1 and words in failed.sentence
    assert words in events.state("restarting").message
    events.state("ready")
    analyst._longest = 60.0  # a good frame has time on a busy machine
    analyst.offer(make_frame(2))
    assert events.frame().frame.number == 2
    assert analyst.condition.process != before and analyst.condition.restarts == 1


def test_the_start_of_a_process_has_a_limit_of_its_own(start, events, monkeypatch):
    start(longest=1e-4)  # no process starts within that
    assert events.until(lambda event: event.state in ("ready", "restarting")).state == "ready"
    monkeypatch.setattr(module, "LONGEST", 0.5)
    start("silent")
    words = "The analysis did not answer for 0.5 s and was ended."
    assert events.state("restarting").message == words


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signal")
def test_a_process_that_is_killed_again_and_again_loses_no_frame_that_waits(
    start, events, make_frame
):
    analyst = start()
    events.state("ready")
    for number in range(1, 6):
        os.kill(analyst.condition.process, signal.SIGKILL)
        assert "signal 9" in events.state("restarting").message
        analyst.offer(make_frame(number))
        assert events.frame().frame.number == number
    assert analyst.condition.restarts == 5


def test_a_network_that_is_missing_is_reported_until_it_is_there(start, events, make_frame):
    analyst = start("missing")
    assert events.state("restarting").message == "There is no network missing."
    analyst.offer(make_frame(1, network="tiny"))
    assert events.frame().frame.number == 1


def test_stopping_ends_the_process(start, events, make_frame):
    analyst = start()
    events.state("ready")
    analyst.offer(make_frame(1, SILENT))
    events.state("analysing")
    process = analyst.condition.process
    analyst.stop()
    assert events.state("stopped").process is None
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_stopping_ends_a_process_that_is_just_being_started(stand_in, events, monkeypatch):
    started, stopper = multiprocessing.context.SpawnProcess.start, []

    def start_and_stop(process):
        started(process)
        stopper.append(threading.Thread(target=analyst.stop, daemon=True))
        stopper[0].start()
        wait_for(lambda: analyst._is_stopping(0))

    monkeypatch.setattr(multiprocessing.context.SpawnProcess, "start", start_and_stop)
    analyst = Analyst(stand_in, LiveSettings("silent"), events.queue.put)
    analyst.start()
    assert events.state("stopped").process is None  # long before the process had to answer
    stopper[0].join(30)
    assert not stopper[0].is_alive()
