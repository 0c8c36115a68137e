"""The loop of the analysis process, with a pipe and a finder that stand in."""

import signal
import threading
from dataclasses import replace

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.live.analysis.analysis_process import IDLE, PATIENCE, run_analysis
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Failed, Ready


class Pipe:
    """Gives frames one after the other, then is closed; keeps what is sent."""

    def __init__(self, *frames):
        self.frames, self.sent, self.waited = list(frames), [], []

    def recv(self):
        if not self.frames:
            raise EOFError
        return self.frames.pop(0)

    def poll(self, seconds):
        self.waited.append(seconds)
        return bool(self.frames)

    def send(self, reply):
        self.sent.append(reply)


class Finder:
    """Answers with the number of each frame; some numbers are trouble."""

    engine = "stand-in"

    def __init__(self):
        self.waiting, self.seen, self.examined = None, [], 0

    def find(self, frame):
        self.seen.append(frame)
        if frame.number == 13:
            raise InputError("This frame is bad.")
        if frame.number == 99:
            raise ZeroDivisionError("secret")
        return self if frame.number == 0 else frame.number

    def examination(self):
        self.examined += 1
        self.waiting = None
        return lambda: "examined"

    def take(self, done):
        return done

    def pixel_size(self, settings):
        return 0.123

    def foci(self, settings):
        return 3 if settings.network == "tiny-series" else 1


@pytest.fixture
def finder(monkeypatch):
    made = Finder()
    monkeypatch.setattr("temnet.live.analysis.live_finder.LiveFinder", lambda: made)
    before = signal.getsignal(signal.SIGINT)
    yield made
    signal.signal(signal.SIGINT, before)


def run(pipe, settings=None):
    run_analysis(pipe, settings or LiveSettings("tiny"))
    return pipe.sent


def test_a_frame_of_noise_warms_it_up_then_frames_are_answered_until_the_end(finder, make_frame):
    assert run(Pipe(make_frame(1), make_frame(2))) == [Ready("stand-in"), 1, 2]
    warm, *frames = finder.seen
    assert warm.number == 0 and warm.pixels.std() > 0 and warm.pixel_size == (0.123, 0.123)
    assert [frame.number for frame in frames] == [1, 2]
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_the_pixel_size_of_the_settings_warms_it_up(finder):
    run(Pipe(), LiveSettings("tiny", sampling=0.3))
    assert finder.seen[0].pixel_size == (0.3, 0.3)


def test_three_foci_that_can_be_aligned_warm_up_a_network_of_focal_series(finder):
    run(Pipe(), LiveSettings("tiny-series"))
    first, second, third = np.moveaxis(finder.seen[0].pixels, 2, 0)
    assert 0 < np.abs(first - third).max() and np.corrcoef(first.flat, second.flat)[0, 1] > 0.9


def test_frames_in_files_are_read_here(finder, make_frame, tmp_path, monkeypatch):
    """Of a file that does not open, the server hears that it may be half-written."""
    monkeypatch.setattr(finder, "find", lambda frame: frame if frame.number else finder)
    nothing = np.zeros((0, 0), np.uint8)

    def in_file(name, sampling=0.2):
        settings = LiveSettings("tiny", sampling=sampling)
        return replace(make_frame(1), file=tmp_path / name, pixels=nothing, settings=settings)

    np.save(tmp_path / "a.npy", np.full((32, 24), 7.0))
    (tmp_path / "half.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:300])
    frames = [in_file("a.npy"), in_file("half.npy"), in_file("gone.npy"), in_file("a.npy", None)]
    _, read, half, gone, unknown = run(Pipe(*frames))
    assert read.pixels.shape == read.head.shape == (32, 24) and read.pixels.max() == 7
    assert read.pixel_size == (0.2, 0.2) and read.head.name == "a.npy"
    assert [one.file_problem for one in (half, gone)] == ["unreadable"] * 2
    assert unknown.file_problem == "unsuitable" and "no pixel size" in unknown.sentence


def test_a_bad_frame_fails_alone_and_an_error_gives_nothing_away(finder, make_frame):
    first, bad, failed, good = run(Pipe(make_frame(13), make_frame(99), make_frame(3)))
    assert bad == Failed(13, "This frame is bad.")
    assert failed.number == 99 and "ZeroDivisionError" in failed.sentence
    assert "secret" not in failed.sentence and good == 3


def test_a_network_that_is_missing_is_the_only_answer(finder, make_frame, monkeypatch):
    def missing(frame):
        raise InputError("There is no network tiny.")

    monkeypatch.setattr(finder, "find", missing)
    assert run(Pipe(make_frame(1))) == [Failed(None, "There is no network tiny.")]


@pytest.mark.parametrize(
    ("waited", "frames", "examined"),
    [
        (None, 0, 0),  # none is due
        (0.0, 1, 0),  # another frame comes first
        (0.0, 0, 1),  # idle
        (PATIENCE, 1, 1),  # it has waited long enough
    ],
)
def test_a_frame_is_examined_when_no_other_waits_or_it_has_waited_long(
    finder, make_frame, waited, frames, examined
):
    finder.waiting = waited
    pipe = Pipe(*[make_frame(1)] * frames)
    sent = run(pipe)
    assert sent[0] == Ready("stand-in") and sent.count(1) == frames
    if not frames:  # it waits for the end of the examination
        assert sent[1:] == ["examined"] * examined == ["examined"] * finder.examined
    elif examined:
        assert finder.examined == 1
    else:
        assert sent[1] == 1
    assert set(pipe.waited) <= {IDLE}


@pytest.mark.parametrize("error", [InputError("a"), ValueError("b")])
def test_an_examination_that_fails_ends_nothing(finder, make_frame, monkeypatch, error):
    def fails():
        finder.waiting = None

        def examination():
            raise error

        return examination

    finder.waiting = 0.0
    monkeypatch.setattr(finder, "examination", fails)
    assert run(Pipe()) == [Ready("stand-in")]
    finder.waiting = PATIENCE
    assert run(Pipe(make_frame(1))) == [Ready("stand-in"), 1]


def test_a_frame_does_not_wait_for_an_examination(finder, make_frame, monkeypatch):
    gate = threading.Event()

    def examination():
        finder.waiting = None
        return lambda: gate.wait(20) and "examined"

    finder.waiting = PATIENCE
    monkeypatch.setattr(finder, "examination", examination)
    pipe = Pipe(make_frame(1), make_frame(2))
    poll = pipe.poll

    def polled(seconds):
        if len(pipe.sent) == 3:  # both frames are answered
            gate.set()
        return poll(seconds)

    monkeypatch.setattr(pipe, "poll", polled)
    assert run(pipe) == [Ready("stand-in"), 1, 2, "examined"]


def test_a_server_that_ends_during_an_analysis_ends_it_quietly(finder, make_frame, monkeypatch):
    pipe = Pipe(make_frame(1), make_frame(2))
    sent = pipe.sent

    def send(reply):
        if sent:
            raise BrokenPipeError
        sent.append(reply)

    monkeypatch.setattr(pipe, "send", send)
    assert run(pipe) == [Ready("stand-in")] and [frame.number for frame in finder.seen] == [0, 1]
