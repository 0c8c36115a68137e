"""How long a frame takes from its sender to the page, on two quiet cores; a table in the log.

``TEMNET_TEST_FRAMES`` is the number of frames of each size.
"""

import http.client
import json
import logging
import os
import shutil
import time

import numpy as np
import pytest
from live_command import SAMPLING, LiveCommand

from temnet.config.analysis.prediction import DEFAULT_NETWORK
from temnet.live.sources.demo_camera import demo_movie

LOGGER = logging.getLogger(__name__)

FRAMES = int(os.environ.get("TEMNET_TEST_FRAMES", 200))

SIDES = (256, 512, 1024, 2048)
"""Sides of the frames [pixels]."""

TRANSPORT = 0.1
"""Most seconds of the median that are not the analysis, up to 1024 pixels."""

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

WATCH = """() => {
  window.painted = {};
  new MutationObserver(() => {
    const frame = document.body.dataset.frame;
    if (frame && !(frame in window.painted)) {
      // After the next paint of the browser.
      requestAnimationFrame(() => setTimeout(() => { window.painted[frame] = Date.now() / 1000; }));
      window.painted[frame] = null;
    }
  }).observe(document.body, { attributes: true, attributeFilter: ["data-frame"] });
}"""


def frames(side, count=8):
    """(row, col) uint16: particles of a simulated movie, side by side."""
    movie = demo_movie(count).images[0]
    times = -(-side // movie.shape[1])
    return [np.tile(one, (times, times))[:side, :side].astype("<u2") for one in movie]


def words(seconds):
    """A distribution in milliseconds."""
    shares = np.quantile(seconds, (0.05, 0.5, 0.95, 1.0)) * 1000
    return "  ".join(f"{one:7.1f}" for one in shares)


class Sender:
    """Posts frames without waiting for their columns, on one connection."""

    def __init__(self, live):
        self.connection = http.client.HTTPConnection("127.0.0.1", int(live.port))
        self.token = live.token

    def post(self, pixels):
        """Number of the frame, when it was sent, and how long the answer took [s]."""
        head = {
            "shape": pixels.shape, "dtype": "<u2", "scale": [SAMPLING], "units": ["Å"],
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {self.token}", "X-Temnet-Frame": json.dumps(head)}
        body = pixels.tobytes()
        sent, begin = time.time(), time.perf_counter()
        self.connection.request("POST", "/v1/frames", body, headers)
        answer = self.connection.getresponse()
        number = json.loads(answer.read())["frame"]
        return number, sent, time.perf_counter() - begin


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_frame_is_painted_soon(tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    medians = {}
    with (
        LiveCommand(tmp_path, network=DEFAULT_NETWORK) as live,
        sync_api.sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.goto(f"http://127.0.0.1:{live.port}/#{live.token}")
        page.wait_for_selector("body[data-state=ready]", timeout=120_000)
        page.evaluate(WATCH)
        sender = Sender(live)
        for side in SIDES:
            medians[side] = measured(live, sender, page, side)
        browser.close()
    # How long the analysis takes depends on the network and the processor: it is in the table.
    for side, transport in medians.items():
        assert side > 1024 or transport <= TRANSPORT, (side, transport)


def measured(live, sender, page, side):
    """Median [s] of what is not the analysis, from the sender to the page."""
    images, posted, painted, analysed = frames(side), [], [], []
    for number in range(FRAMES + 2):
        frame, sent, answered = sender.post(images[number % len(images)])
        deadline = time.monotonic() + 300
        while not (seen := page.evaluate(f"window.painted['{frame}'] ?? null")):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        if number >= 2:  # the first one of a size is judged, too
            posted.append(answered)
            painted.append(seen - sent)
            analysed.append(live.client.latest().values["analysis_s"])
    transport = np.array(painted) - analysed
    for name, seconds in (
        ("answered", posted), ("analysed", analysed), ("painted", painted), ("rest", transport),
    ):  # fmt: skip
        LOGGER.info("%5d  %-9s %s ms (5 %%, median, 95 %%, most)", side, name, words(seconds))
    return np.median(transport)
