import time
from pathlib import Path

import numpy as np
import pytest

from temnet.live.frame_format import FrameHead
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Frame

STAND_INS = Path(__file__).parent / "stand_ins"


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """A file; the stand-in for the analysis answers a slow frame when it is there."""
    path = tmp_path / "gate"
    monkeypatch.setenv("TEMNET_TEST_GATE", str(path))
    return path


@pytest.fixture
def stand_in(monkeypatch, gate):
    """The analysis process that stands in for the network; spawned ones find it, too."""
    monkeypatch.syspath_prepend(str(STAND_INS))
    from live_stand_ins import answer

    return answer


@pytest.fixture
def make_frame():
    def make(number, command=0, network="tiny"):
        pixels = np.full((32, 24), command, np.uint16)
        head = FrameHead((32, 24), "<u2", (0.2, 0.2))
        settings = LiveSettings(network)
        return Frame(number, head, pixels, settings, time.monotonic(), (0.2, 0.2))

    return make


@pytest.fixture
def server(stand_in, monkeypatch):
    """A server on a free port; see `live_server.LiveServer`."""
    from live_server import LiveServer

    from temnet.live.analysis import analyst

    monkeypatch.setattr(analyst, "PAUSES", (0.0, 0.05, 0.1))
    with LiveServer(stand_in) as running:
        yield running
