"""`temnet live` as users start it, in a process of its own, with its client."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil

from temnet.live import Client

NETWORK = "nanoparticle-unet"
SAMPLING = 0.2


class LiveCommand:
    """The command while it runs; ``client`` talks to it."""

    def __init__(self, folder, *arguments, network=NETWORK):
        self.folder, self.lines = Path(folder), []
        data = {"XDG_DATA_HOME": str(self.folder / "data"), "TEMNET_CACHE": str(self.folder)}
        self._environment = {**os.environ, **data}
        command = [sys.executable, "-m", "temnet", "live", "--network", network, "--port", "0"]
        self._command = [*command, *map(str, arguments)]

    def __enter__(self):
        self.process = subprocess.Popen(
            self._command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        first, second = self.process.stdout.readline(), self.process.stdout.readline()
        self.port, self.token = re.search(r":(\d+)/#(\S+)", first).groups()
        self._token_file = second.partition(" is in ")[2].strip()
        self.client = self.new_client()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()
        return self

    def new_client(self):
        """Another client, for another thread."""
        return Client(int(self.port), self._token_file)

    def _read(self, stream):
        for line in stream:
            self.lines.append(line)

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join(10)
        if kind is None:
            assert self.process.returncode == 0, "".join(self.lines)

    def until(self, condition, seconds=120):
        """Waits until the server's status fulfils a condition; returns it."""
        end = time.monotonic() + seconds
        while not condition(status := self.client.status()):
            assert time.monotonic() < end, (status, self.lines)
            time.sleep(0.05)
        return status

    def ready(self, seconds=120):
        return self.until(lambda status: status["state"] in ("ready", "analysing"), seconds)

    @property
    def family(self):
        """The server and its processes."""
        server = psutil.Process(self.process.pid)
        return [server, *server.children(recursive=True)]

    @property
    def analysis(self):
        """The process of the analysis; None while there is none."""
        for one in self.family[1:]:
            try:
                if any("spawn_main" in word for word in one.cmdline()):
                    return one
            except psutil.Error:
                continue
        return None

    def memory(self):
        """Memory that the server and the analysis hold for themselves [MB]."""
        return sum(one.memory_full_info().uss for one in self.family) / 1e6


def particle(number, side=128):
    """(row, col) uint16: a lattice that drifts, with noise."""
    rows, cols = np.mgrid[:side, :side] * SAMPLING
    rows = rows + 0.02 * number
    inside = np.hypot(rows - rows.mean(), cols - cols.mean()) < 0.4 * side * SAMPLING
    waves = np.cos(2 * np.pi * rows / 2.3) * np.cos(2 * np.pi * cols / 2.3)
    mean = 200 * (1 + 0.5 * inside * waves)
    return np.random.default_rng(number).poisson(mean).astype(np.uint16)
