"""The page in a real browser; every error on its console is a failure."""

import errno
import json
import os
import shutil
import time

import pytest
from live_server import TOKEN, LiveServer, with_a_port_that_stays_free

from temnet.errors import InputError
from temnet.live.recording.recorder import Recorder

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

EXPECTED = ("WebSocket connection to", "Failed to load resource: the server responded")
"""Messages of the browser itself when a server refuses or is away."""


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture
def open_page(browser):
    """Opens the page of a server; fails at the end if its console had errors."""
    errors = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})

    def opened(server, token=TOKEN):
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                errors.append(message.text)
                if message.type in ("error", "warning") and not message.text.startswith(EXPECTED)
                else None
            ),
        )
        page.goto(f"http://127.0.0.1:{server.port}/#{token}")
        return page

    yield opened
    context.close()
    assert errors == []


def shows(page, **data):
    """Waits until the page has such data attributes."""
    page.wait_for_selector(
        "body" + "".join(f'[data-{key}="{value}"]' for key, value in data.items())
    )


def test_frames_are_painted_with_the_columns_above_the_threshold(server, open_page):
    page = open_page(server)
    shows(page, state="ready")
    assert page.url.endswith("/")  # the token is no longer to be seen
    server.post()
    shows(page, frame=1, columns=1)
    assert page.locator("#counts tr").all_inner_texts() == ["\tmetal\t1", "\toxide\t0"]
    page.locator("#threshold").fill("0.2")
    shows(page, frame=1, columns=2)  # at once, without another frame
    deadline = time.monotonic() + 10
    while server.session.settings.threshold != 0.2:
        page.wait_for_timeout(50)
        assert time.monotonic() < deadline
    assert "a remark" in page.inner_text("#warnings")
    page.reload()
    shows(page, frame=1, columns=2)


def test_settings_region_and_keys(server, open_page):
    page = open_page(server)
    server.post()
    shows(page, frame=1)
    box = page.locator("#image").bounding_box()
    page.keyboard.press("r")
    page.mouse.move(box["x"] + box["width"] / 2 - 200, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 200, box["y"] + box["height"] - 40, steps=4)
    page.mouse.up()
    wait_for(page, lambda: server.session.settings.region is not None)
    top, bottom, left, right = server.session.settings.region
    assert 0 <= top < 6 and 26 < bottom <= 32 and 0 <= left < 6 and 18 < right <= 24
    page.keyboard.press("a")
    wait_for(page, lambda: server.session.settings.region is None)
    page.select_option("#invert", "auto")
    wait_for(page, lambda: server.session.settings.invert == "auto")
    page.fill("#spacing-true", "4.6")  # twice what is shown
    page.click("#spacing-set")
    wait_for(page, lambda: server.session.settings.sampling == 0.4)
    page.click("#sampling-clear")
    wait_for(page, lambda: server.session.settings.sampling is None)
    for key in ("+", "-", "0", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    page.evaluate("document.activeElement.blur()")  # on a button, Space presses it
    page.keyboard.press("Space")
    page.wait_for_selector("#pause[aria-pressed=true]")
    server.post()
    assert page.get_attribute("body", "data-frame") == "1"  # held
    page.keyboard.press("Space")
    page.wait_for_selector("#pause[aria-pressed=false]")
    server.post()
    shows(page, frame=3)
    page.check("#show-occupancy")
    page.fill("#frames", "20")
    page.select_option("#strain", "e_xx")
    page.wait_for_selector("body[data-strain='3']")
    page.select_option("#strain", "")
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "columns_3.csv"


def wait_for(page, condition):
    deadline = time.monotonic() + 10
    while not condition():
        page.wait_for_timeout(50)
        assert time.monotonic() < deadline


def test_a_wrong_token_is_asked_for_again(server, open_page):
    page = open_page(server, "wrong")
    shows(page, state="no-token")
    page.fill("#token", TOKEN)
    page.keyboard.press("Enter")
    shows(page, state="ready")


def test_the_page_connects_again_after_a_restart(stand_in, open_page):
    def attempt():
        with LiveServer(stand_in) as server:
            page = open_page(server)
            server.post()
            shows(page, frame=1)
        shows(page, state="disconnected")
        try:
            again = LiveServer(stand_in, port=server.port)
        except InputError:
            page.close()
            raise
        with again as server:
            shows(page, state="ready")
            server.post()
            server.post()
            shows(page, frame=2)
            server.post(2)
            page.wait_for_selector("text=The analysis process ended (exit code 3)")
            server.post()
            shows(page, frame=4)

    with_a_port_that_stays_free(attempt)


def test_the_record_button_records(stand_in, open_page, tmp_path):
    with LiveServer(stand_in, recorder=Recorder(tmp_path)) as server:
        page = open_page(server)
        shows(page, state="ready")
        page.click("#record")
        page.wait_for_selector("#record[aria-pressed=true]")
        server.post()
        page.wait_for_selector("text=Recording: 1")
        page.click("#record")
        page.wait_for_selector("#record[aria-pressed=false]")
        server.post()
    assert len(list(tmp_path.glob("*/frames/*.tif"))) == 1


def test_a_full_disk_is_named(stand_in, open_page, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with LiveServer(stand_in, recorder=Recorder(tmp_path)) as server:
        page = open_page(server)
        shows(page, state="ready")
        page.click("#record")
        page.wait_for_selector("#record[aria-pressed=true]")
        server.post()
        page.wait_for_selector("text=Recording: 1")
        monkeypatch.setattr("temnet.live.recording.recording_folder.replace_file", full)
        server.post()
        page.wait_for_selector("#record[aria-pressed=false]")
        page.wait_for_selector("text=stopped after 1 frames: the disk refuses (No space left")
        server.post()
        shows(page, frame=3)


def test_foci_are_taken_one_by_one(stand_in, open_page, pretrained):
    with LiveServer(stand_in, "tiny-series") as server:
        page = open_page(server)
        shows(page, state="ready", taken=0)
        for number in range(3):
            server.post(6, path="/v1/frames")
            page.wait_for_selector(f"body[data-preview='{server.session.received}']")
            assert "Image" in page.inner_text("#series-text")
            if number == 1:
                page.keyboard.press("f")
            else:
                page.click("#take")
            if number < 2:
                shows(page, taken=number + 1)
        shows(page, frame=4, columns=1, taken=0)
        page.click("#take")
        shows(page, taken=1)
        page.click("#anew")
        shows(page, taken=0)


def test_a_double_click_or_a_key_that_is_held_takes_an_image_once(stand_in, open_page, pretrained):
    with LiveServer(stand_in, "tiny-series") as server:
        page = open_page(server)
        asked = []
        page.on("request", lambda one: asked.append(one.url) if one.method == "POST" else None)
        shows(page, state="ready", taken=0)

        def held(key):
            for _ in range(3):
                page.keyboard.down(key)
            page.keyboard.up(key)

        def pressed():
            page.focus("#take")
            held("Enter")

        for number, take in enumerate((pressed, lambda: held("f"), lambda: page.dblclick("#take"))):
            server.post(6, path="/v1/frames")
            page.wait_for_selector(f"body[data-preview='{server.session.received}']")
            take()
            shows(page, taken=(number + 1) % 3)
        shows(page, frame=4, columns=1)
        page.click("#take")  # a new series may begin with the same image
        shows(page, taken=1)
        assert len(asked) == 4
        page.click("#take")
        page.wait_for_selector("text=This image is in the focal series already")
        assert page.get_attribute("body", "data-taken") == "1"


def test_names_of_images_are_text_and_no_markup(server, open_page):
    page = open_page(server)
    name = "<img src=x onerror=alert(1)>"
    head = {"shape": [32, 24], "dtype": "<u2", "scale": [0.2], "units": ["Å"], "name": name}
    assert (
        server.request(
            "POST", "/v1/frames?wait=1", bytes(1536), X_Temnet_Frame=json.dumps(head)
        ).status
        == 200
    )
    shows(page, frame=1)
    assert name in page.inner_text("#about") and page.locator("#about img").count() == 0
