# SPDX-License-Identifier: MIT
"""temnet in DigitalMicrograph (GMS 3.4 and later): columns of the front image, live.

Start ``temnet live`` on this computer, bring the live view to the front, and run this script.  The
first rectangular ROI is the region; closing the live view, or ``stop()``, ends it.
"""

import http.client
import json
import os
import threading
import time

import DigitalMicrograph as DM
import numpy as np

RADIUS = 0.55  # of a ring [Å]
RUNNING = vars(DM).setdefault("temnet_running", [])  # outlives this script, which may start again


def start(port=8765, token=None, timeout=60.0):
    """Finds the columns of the front image whenever its data change."""
    stop()
    local = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_DATA_HOME")
    local = local or os.path.expanduser("~/.local/share")
    token = token or os.path.join(local, "temnet", "live", "token-%d" % port)
    RUNNING.append(Listener(DM.GetFrontImage(), port, token, timeout))


def stop():
    """Ends what `start` began."""
    while RUNNING:
        RUNNING.pop().HandleWindowClosedEvent()


class Listener(DM.Py_ScriptObject):
    """Sends frames and shows their columns."""

    def __init__(self, image, port, token, timeout):
        DM.Py_ScriptObject.__init__(self)
        self.image, self.port, self.token, self.timeout = image, port, token, timeout
        self.slot, self.changed, self.ended = None, threading.Condition(), False
        self.result, self.caption = None, ""
        self.HandleDataChangedEvent(0, image)
        self.ImageHandleDataChangedEvent(image, "pythonplugin")
        self.WindowHandleWindowClosedEvent(DM.GetFrontImageDocument().GetWindow(), "pythonplugin")
        threading.Thread(target=self.work, daemon=True).start()

    def HandleWindowClosedEvent(self, *event):
        """Ends the thread and takes the listeners away."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        getattr(self, "UnregisterAllListeners", int)()  # which GMS before 3.5.2 lacks

    def HandleDataChangedEvent(self, flags, image):
        """Called by DigitalMicrograph for each frame; only copies it."""
        try:
            with self.changed:
                self.slot = self.frame()  # the newest wins
                self.changed.notify_all()
            time.sleep(0.001)  # DigitalMicrograph may keep Python's lock between events
        except Exception as error:  # none ever reaches DigitalMicrograph
            print("temnet: %s" % error)

    def frame(self):
        """The pixels of the region, and what is known about them."""
        display, array = self.image.GetImageDisplay(0), self.image.GetNumArray()
        rois = [display.GetROI(number) for number in range(display.CountROIs())]
        for roi in [one for one in rois if one.IsRectangle()][:1]:
            top, left, bottom, right = (max(0, int(edge)) for edge in roi.GetRectangle())
            array = array[top:bottom, left:right]
        pixels = np.array(array, array.dtype.newbyteorder("<"), order="C")
        along = [self.image.GetDimensionCalibration(axis, 0) for axis in (1, 0)]  # rows, columns
        units = [u.decode("latin-1") if isinstance(u, bytes) else str(u) for _, _, u in along]
        known = {"scale": [float(one[1]) for one in along], "units": units, "protocol": 1}
        known.update(source="DigitalMicrograph", name=str(self.image.GetName())[:200])
        return pixels, dict(known, shape=pixels.shape, dtype=pixels.dtype.str)

    def work(self):
        """The thread: sends the newest frame, waits for its columns and shows them."""
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.ended or self.slot is not None)
                if self.ended:
                    return
                (pixels, head), self.slot = self.slot, None
            try:
                status, answer = self.ask(pixels, head)
                if status != 503:  # that is: a newer frame took its place
                    self.show(pixels, status, answer)
            except Exception as error:
                print("temnet: %s" % error)

    def ask(self, pixels, head):
        """Status and values of the server's answer; status 0 without one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            with open(self.token) as file:  # anew, since each start of the server has another one
                token = "Bearer " + file.read().strip()
            headers = {"Authorization": token, "X-Temnet-Frame": json.dumps(head)}
            connection.request("POST", "/v1/frames?wait=1", pixels.tobytes(), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read().decode())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {"error": "no answer on port %d; is temnet live running?" % self.port}
        finally:
            connection.close()

    def show(self, pixels, status, answer):
        """Shows the columns in the one image of results, or why there are none."""
        if status == 200:
            shown = ringed(pixels, answer["columns"], RADIUS / answer["pixel_size_angstrom"][0])
            if self.result is None or self.result.GetNumArray().shape != shown.shape:
                self.result = DM.CreateImage(shown)
                self.result.ShowImage()
            self.result.GetNumArray()[:] = shown
            for axis, size in enumerate(answer["pixel_size_angstrom"][::-1]):
                self.result.SetDimensionCalibration(axis, 0.0, size / 10, "nm", 0)
            self.result.UpdateImage()
            words = ["%d %s" % pair for pair in zip(answer["counts"], answer["classes"])]
            words += ["out of distribution"] * (answer["verdict"] == "out of distribution")
        else:
            words = [str(answer.get("error", status))]
        caption = "temnet: " + ", ".join(words)
        if self.result is not None:
            self.result.SetName(caption)
        elif caption != self.caption:
            print(caption)
        self.caption = caption


def ringed(pixels, columns, radius):
    """The pixels with a ring around each column; a square for every second class."""
    shown = np.where(np.isfinite(pixels), pixels, 0).astype(np.float32)
    low, high = np.percentile(shown[::2, ::2], (0.5, 99.5))
    down, right = np.sin(np.arange(0, 6.3, 0.03)), np.cos(np.arange(0, 6.3, 0.03))
    rows, cols, odd = (np.array(columns[key])[:, None] for key in ("row", "col", "class"))
    square = np.where(odd % 2 == 1, np.maximum(abs(down), abs(right)), 1.0)
    radius = min(max(3.0, radius), 30.0)
    for size, value in ((radius + 1, low), (radius, high)):
        row = np.rint(rows + size * down / square).astype(int)
        col = np.rint(cols + size * right / square).astype(int)
        inside = (row >= 0) & (row < shown.shape[0]) & (col >= 0) & (col < shown.shape[1])
        shown[row[inside], col[inside]] = value
    return shown


if __name__ == "__main__":
    start()
