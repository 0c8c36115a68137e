# MIT License, Copyright (c) 2026 The temnet authors; see LICENSE of temnet.
"""temnet in Nion Swift: ``temnet live`` finds the columns of a camera or scan."""

import contextlib
import functools
import http.client
import json
import math
import os
import sys
import threading

PORT, TITLE = 8765, "temnet live"
RADIUS, SIDE = 0.55, 800  # of a ring [Å]; an image is shown with so many rows and columns or more
COLOURS = [(28, 157, 255), (255, 193, 63), (181, 111, 255), (61, 236, 245)]  # blue, green, red


def token_file(port):
    """The file into which ``temnet live`` writes its token."""
    folder = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_DATA_HOME")
    home = "~/Library/Application Support" if sys.platform == "darwin" else "~/.local/share"
    return os.path.join(folder or os.path.expanduser(home), "temnet", "live", f"token-{port}")


def ask(xdata, source, port, token):
    """Sends an image; returns the status and the values of the answer."""
    pixels, sizes = xdata.data, xdata.dimensional_calibrations
    pixels = pixels.astype(pixels.dtype.newbyteorder("<"))
    head = {"protocol": 1, "shape": pixels.shape, "dtype": pixels.dtype.str, "source": source}
    head.update(scale=[one.scale for one in sizes], units=[one.units for one in sizes])
    with open(token) as file:  # anew, since each start of the server has another one
        bearer = "Bearer " + file.read().strip()
    headers = {"X-Temnet-Frame": json.dumps(head), "Authorization": bearer}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as server:
        server.request("POST", "/v1/frames?wait=1", pixels.tobytes(), headers)
        answer = server.getresponse()
        return answer.status, json.loads(answer.read())


def ringed(pixels, answer):
    """An image in colours (blue, green, red) with a ring around each column."""
    times = max(1, SIDE // min(pixels.shape))
    sample = sorted(pixels[::4, ::4].flatten().tolist())
    low, high = (sample[int(share * (len(sample) - 1))] for share in (0.005, 0.995))
    grey = ((pixels - low) * (255 / ((high - low) or 1))).clip(0, 255).astype("u1")
    grey = grey.repeat(times, 0).repeat(times, 1)
    colours = grey.repeat(3).reshape(*grey.shape, 3)
    radius = max(3.0, RADIUS / answer["pixel_size_angstrom"][0] * times)
    ring = [(radius + k % 2 * 0.7, k / 28) for k in range(176)]
    ring = [(size * math.sin(turn), size * math.cos(turn)) for size, turn in ring]
    found, (height, width) = answer["columns"], grey.shape
    for row, col, number in zip(found["row"], found["col"], found["class"]):
        middle = (row + 0.5) * times - 0.5, (col + 0.5) * times - 0.5
        rows = [min(max(0, round(middle[0] + down)), height - 1) for down, _ in ring]
        cols = [min(max(0, round(middle[1] + right)), width - 1) for _, right in ring]
        colours[rows, cols] = COLOURS[number % 4]
    return colours


class Live:
    """Sends frames of a hardware source and shows them with their columns."""

    def __init__(self, api, window, source, report, port=PORT, token=None):
        self._api, self._window, self._source = api, window, f"Nion Swift {source}"
        self._hardware, self.ended = api.get_hardware_source_by_id(source, "1.0"), False
        self._report, self._port, self._token = report, port, token or token_file(port)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        """Sends frames until it is stopped; none of its errors reaches Nion Swift."""
        try:
            parameters = self._hardware.get_frame_parameters()  # those that the user has chosen
            with contextlib.closing(self._hardware.create_view_task(parameters)) as task:
                while not self.ended:
                    self._one(task)
        except Exception as error:
            self._tell(f"Stopped: {error}")

    def _one(self, task):
        try:
            xdata = task.grab_next_to_finish()[0]
            status, answer = ask(xdata, self._source, self._port, self._token)
        except (OSError, ValueError, http.client.HTTPException):
            self._tell(f"No answer on port {self._port}; is temnet live running?")
            return
        except Exception:  # no frame came in time
            self.ended = self.ended or not self._hardware.is_playing
            self._tell("The view has stopped." if self.ended else "Waiting for a frame …")
            return
        if status == 200:
            done, shown = threading.Event(), ringed(xdata.data, answer)
            self._window.queue_task(lambda: self._show(shown, answer, done))
            done.wait(10)  # no more frames than Nion Swift can show
        elif status != 503:  # that is: a newer frame took its place
            self._tell(answer.get("error", status))

    def _tell(self, text):
        self._window.queue_task(functools.partial(self._report, str(text)))

    def _show(self, colours, answer, done):
        try:  # in Nion Swift's own thread
            scales = zip(answer["pixel_size_angstrom"], answer["shape"], colours.shape)
            axes = [self._api.create_calibration(0.0, px * n / m / 10, "nm") for px, n, m in scales]
            xdata = self._api.create_data_and_metadata(colours, None, axes)
            create = self._window.library.create_data_item_from_data_and_metadata
            known = [one for one in self._window.library.data_items if one.title == TITLE]
            item = known[0] if known else create(xdata, TITLE)
            item.xdata = xdata
            counts = [f"{n} {name}" for n, name in zip(answer["counts"], answer["classes"])]
            self._report(", ".join(counts + [answer["verdict"]]))
        finally:
            done.set()


class Panel:
    """The panel: which camera or scan, a button, and what was found."""

    panel_id, panel_name, panel_position = "temnet-panel", "temnet live", "right"

    def __init__(self, api):
        self._api, self._live = api, None

    def create_panel_widget(self, ui, window):
        column = ui.create_column_widget()
        sources = ui.create_combo_box_widget(list(self._api.get_all_hardware_source_ids()))
        button, words = ui.create_push_button_widget("Start"), ui.create_label_widget("")
        report = functools.partial(setattr, words, "text")

        def clicked():
            running = self._live is not None and self._live.thread.is_alive()
            button.text = "Start" if running else "Stop"
            if running:
                self._live.ended = True
            else:
                self._live = Live(self._api, window, sources.current_item, report)

        button.on_clicked = clicked
        list(map(column.add, (sources, button, words)))
        return column


class TemnetExtension:
    """What Nion Swift loads."""

    extension_id = "temnet.live"

    def __init__(self, api_broker):
        api = api_broker.get_api(version="1.0", ui_version="1.0")
        api.create_panel(Panel(api))
