"""The simulated camera: its truth is what the network finds, and its frames reach the page."""

import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from scipy.spatial import cKDTree

import temnet
from temnet.live.client import Client
from temnet.live.sources.demo_camera import NETWORK, demo_movie
from temnet.live.token_file import default_token_file


@pytest.mark.slow
def test_the_columns_of_the_movie_are_found():
    movie = demo_movie(3)
    assert movie.changing.any() and len(np.unique(movie.presence.sum(axis=0))) > 1
    for number in range(3):
        found = temnet.find_columns(NETWORK, movie.images[0, number], sampling=movie.sampling)
        true = movie.columns.positions[movie.presence[:, number]] + movie.drift[number]
        hits = (cKDTree(found.positions).query(true)[0] < 0.5).sum()
        assert 2 * hits / (len(true) + len(found)) > 0.95
        shifted = cKDTree(found.positions).query(true + 1.0)[0] < 0.5
        assert shifted.sum() < 0.3 * hits


@pytest.mark.slow
def test_the_command_plays_the_movie(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    command = [sys.executable, "-m", "temnet", "live", "--demo", "--port", "0"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r":(\d+)/", running.stdout.readline())[1])
        running.stdout.readline()
        client = Client(port, default_token_file(port))
        deadline = time.monotonic() + 240
        while client.status()["analysed"] < 3:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        columns = client.latest()
        assert 80 < len(columns) < 140 and columns.classes == ("metal", "oxide")
        assert columns.values["source"] == "simulated camera"
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=30)
        assert (running.returncode, "Traceback" in errors) == (0, False)
    finally:
        running.kill()
        running.communicate()
