# MIT License, Copyright (c) 2026 The temnet authors; see LICENSE of temnet.
"""temnet in Nion Swift: ``temnet live`` finds the columns of a camera or scan."""

import contextlib
import functools
import http.client
import json
import os
import sys
import threading

PORT, TIMEOUT, TITLE, ID = 8765, 60.0, "temnet live", "temnet"
MOST, DIAMETER = 1000, 1.1  # rings that are drawn, and their size [Å]
COLOURS = ["#ff9d1c", "#3fc1ff", "#ff6fb5", "#f5ec3d", "#1fd39b", "#ff5a3c", "#c3a5ff"]


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
        headers = {
            "X-Temnet-Frame": json.dumps(head),
            "Authorization": "Bearer " + file.read().strip(),
        }
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    with contextlib.closing(server):
        server.request("POST", "/v1/frames?wait=1", pixels.tobytes(), headers)
        answer = server.getresponse()
        return answer.status, json.loads(answer.read())


class Live:
    """Sends frames of a hardware source and shows them with their columns."""

    def __init__(self, library, hardware, source, queue_task, say, port=PORT, token=None):
        self._library, self._hardware, self._source = library, hardware, f"Nion Swift {source}"
        self._queue_task, self._say, self._port = queue_task, say, port
        self._token, self.ended = token or token_file(port), False
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
        except Exception:  # no frame came in time
            self.ended = self.ended or not self._hardware.is_playing
            self._tell("The view has stopped." if self.ended else "Waiting for a frame …")
            return
        try:
            status, answer = ask(xdata, self._source, self._port, self._token)
        except (OSError, ValueError, http.client.HTTPException):
            self._tell(f"No answer on port {self._port}; is temnet live running?")
            return
        if status == 200:
            done = threading.Event()  # no more frames than Nion Swift can draw
            self._queue_task(lambda: self._show(xdata, answer, done))
            done.wait(10)
        elif status != 503:  # that is: a newer frame took its place
            self._tell(answer.get("error", f"The server answered {status}."))

    def _tell(self, text):
        self._queue_task(lambda: self._say(text))

    def _show(self, xdata, answer, done):
        try:  # in Nion Swift's own thread
            create = self._library.create_data_item_from_data_and_metadata
            known = [one for one in self._library.data_items if one.title == TITLE]
            item = known[0] if known else create(xdata, TITLE)
            item.xdata = xdata
            self._draw(item, answer)
            counts = [f"{n} {name}" for n, name in zip(answer["counts"], answer["classes"])]
            self._say(", ".join(counts + [answer["verdict"]]))
        finally:
            done.set()

    def _draw(self, item, answer):
        found, shape = answer["columns"], answer["shape"]
        size = [DIAMETER / px / n for px, n in zip(answer["pixel_size_angstrom"], shape)]
        rings = [one for one in item.graphics if one.graphic_id == ID]
        columns = list(zip(found["row"], found["col"], found["class"]))[:MOST]
        for ring in rings[len(columns) :]:
            item.remove_region(ring)
        for k, (row, col, number) in enumerate(columns):
            at = [(place + 0.5) / n - s / 2 for place, n, s in zip((row, col), shape, size)]
            look = {"bounds": (tuple(at), tuple(size)), "stroke_color": COLOURS[number % 7]}
            if k < len(rings):
                for key in look:
                    rings[k].set_property(key, look[key])
            else:
                item.display.add_graphic({"type": "ellipse-graphic", "graphic_id": ID, **look})


class Panel:
    """The panel: which camera or scan, a button, and what was found."""

    panel_id, panel_name, panel_position = "temnet-panel", "temnet live", "right"

    def __init__(self, api):
        self._api, self._live = api, None

    def create_panel_widget(self, ui, document_window):
        """Builds the panel of a window."""
        column = ui.create_column_widget()
        sources = ui.create_combo_box_widget(list(self._api.get_all_hardware_source_ids()))
        button, words = ui.create_push_button_widget("Start"), ui.create_label_widget("")
        say = functools.partial(setattr, words, "text")

        def clicked():
            running = self._live is not None and self._live.thread.is_alive()
            button.text = "Start" if running else "Stop"
            if running:
                self._live.ended = True
                return
            name, window = sources.current_item, document_window
            hardware = self._api.get_hardware_source_by_id(name, "1.0")
            self._live = Live(window.library, hardware, name, window.queue_task, say)

        button.on_clicked = clicked
        list(map(column.add, (sources, button, words)))
        return column


class TemnetExtension:
    """What Nion Swift loads."""

    extension_id = "temnet.live"

    def __init__(self, api_broker):
        api = api_broker.get_api(version="1.0", ui_version="1.0")
        self.panel = api.create_panel(Panel(api))
