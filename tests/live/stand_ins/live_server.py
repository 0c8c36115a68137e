"""A live server in a thread, with an analysis that stands in for the network."""

import asyncio
import errno
import http.client
import json
import threading
import time
from dataclasses import dataclass

import numpy as np

from temnet.errors import InputError
from temnet.live.access import Access
from temnet.live.live_settings import LiveSettings
from temnet.live.server import application, listen, serve
from temnet.live.session import LiveSession

TOKEN = "t" * 43
HEAD = {
    "protocol": 1, "shape": [32, 24], "dtype": "<u2", "scale": [0.2, 0.2], "units": ["Å", "Å"],
}  # fmt: skip


def wait_for(condition, seconds=60):
    """Waits until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def with_a_port_that_stays_free(attempt, tries=5):
    """Calls what ends a server and starts one on its port; anew if the port was taken meanwhile."""
    for number in range(1, tries + 1):
        try:
            attempt()
            return
        except InputError as error:
            taken = getattr(error.__cause__, "errno", None) == errno.EADDRINUSE
            if not taken or number == tries:
                raise


@dataclass
class Answered:
    status: int
    headers: dict
    body: bytes

    @property
    def values(self):
        return json.loads(self.body)


class LiveServer:
    """The server; requests go to it as programs send them."""

    def __init__(self, target, network="tiny", port=0, recorder=None):
        self.session = LiveSession(target, LiveSettings(network), recorder)
        (self.socket,) = listen("127.0.0.1", port)
        self.address = self.socket.getsockname()
        self.port = self.address[1]
        self.access = Access.of(TOKEN, "127.0.0.1", self.port)
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._started.wait(30)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self.session.stop()

    async def _serve(self):
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self.session.start()
        server = serve(application(self.session, self.access), [self.socket])
        self._started.set()
        await self._ended.wait()
        server.stop()
        await server.close_all_connections()

    def request(self, method, path, body=b"", **headers):
        """An answer; headers by name with _ for -, None leaves one out."""
        plain = {"Authorization": f"Bearer {TOKEN}", "Host": f"127.0.0.1:{self.port}"}
        named = plain | {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if body or method in ("POST", "PUT"):
            named.setdefault("Content-Length", str(len(body)))
        for name, value in named.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        result = Answered(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return result

    def post(self, command=0, path="/v1/frames?wait=1", head=HEAD, **headers):
        """The answer to a frame, whose first pixel commands the analysis."""
        pixels = np.zeros((32, 24), "<u2")
        pixels[0, 0] = command
        headers.setdefault("X_Temnet_Frame", json.dumps(head))
        return self.request("POST", path, pixels.tobytes(), **headers)

    def is_well(self):
        """Whether a good frame is analysed."""
        answer = self.post()
        return answer.status == 200 and len(answer.values["columns"]["row"]) == 1
