"""Analysis processes that stand in for the network: quick, slow, ending or silent."""

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from temnet.live.analysis.screen_picture import screen_picture
from temnet.live.messages import Failed, Found, Judged, Judgement, Ready, Seen
from temnet.records import Peaks

JUDGEMENT = Judgement(
    False, False, False, ("metal", "oxide"), "in distribution", (("note", "a remark"),), (2.3, 2.0)
)


def found(frame, seconds=0.0):
    """Two columns, of which the second has the mean of the frame as its score."""
    columns = Peaks(
        np.zeros(2, np.int64), np.array([[1.0, 2.0], [3.0, 4.5]]), np.array([0, 1]),
        np.array([0.9, 0.3]), np.array([[0.8, 0.1], [0.1, 0.2]]), np.full(2, np.nan),
    )  # fmt: skip
    pixels = frame.pixels
    picture, block = screen_picture(pixels if pixels.ndim == 2 else pixels[..., 0])
    return Found(frame, columns, 0.5, 0.1, JUDGEMENT, picture, block, "stand-in", seconds)


def answer(pipe, settings):
    """Answers until the pipe is closed; the first pixel of a frame is a command."""
    if settings.network == "missing":
        pipe.send(Failed(None, "There is no network missing."))
        return
    if settings.network == "silent":
        time.sleep(600)
    pipe.send(Ready("stand-in"))
    while True:
        try:
            frame = pipe.recv()
        except EOFError:
            return
        command = int(frame.pixels.flat[0])
        match command:
            case 1:
                wait_for_gate()
            case 2:
                os._exit(3)
            case 3:
                time.sleep(600)
            case 4:
                pipe.send(Failed(frame.number, "This frame is bad."))
                continue
            case 6 if frame.pixels.ndim == 2:
                pipe.send(Seen(frame, *screen_picture(frame.pixels)))
                continue
        pipe.send(found(frame))
        if command == 5:
            judgement = replace(JUDGEMENT, verdict="out of distribution")
            pipe.send(Judged(frame.number, frame.kind, judgement))


def wait_for_gate():
    """Waits until the file is there that the environment names; see the fixture `gate`."""
    gate, end = Path(os.environ["TEMNET_TEST_GATE"]), time.monotonic() + 120
    while not gate.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
