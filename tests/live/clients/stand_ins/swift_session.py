"""The real Nion Swift without a window: ``swift_session.py PORT TOKEN_FILE``; prints JSON."""

import json
import queue
import sys
import time

import numpy as np
from nion.instrumentation.test import AcquisitionTestContext
from nion.swift import Application, Facade
from nion.ui import TestUI
from nion.usim_device import DeviceConfiguration
from nionswift_plugin.temnet import Live, Panel, TemnetExtension, ringed

PORT, TOKEN = int(sys.argv[1]), sys.argv[2]
ANSWER = {"columns": {"row": [9.5], "col": [4.0], "class": [0]}}


class Session:
    """A plug-in at work, whose tasks for the window are done here."""

    def __init__(self, api, library, source, port=PORT, token=TOKEN):
        self.tasks, self.words, self.library = queue.Queue(), [], library
        self.queue_task = self.tasks.put
        self.live = Live(api, self, source, self.words.append, port, token)

    def until(self, condition):
        end = time.time() + 40
        while not condition():
            assert time.time() < end, self.words
            try:
                self.tasks.get(timeout=0.05)()
            except queue.Empty:
                pass

    def end(self):
        self.live.ended = True
        self.until(lambda: not self.live.thread.is_alive())

    @property
    def item(self):
        return next(one for one in self.library.data_items if one.title == "temnet live")


def ring(image):
    """Pixels that are orange (blue, green, red)."""
    return np.argwhere((image == (28, 157, 255)).all(-1)).tolist()


def main():
    Application.Application(TestUI.UserInterface(), set_global=False)
    Facade.initialize()
    configuration = DeviceConfiguration.AcquisitionContextConfiguration()
    seen = {}
    with AcquisitionTestContext.AcquisitionTestContext(configuration) as context:
        api = Facade.get_api("1.0", "1.0")
        library = Facade.Library(context.document_model)
        seen["sources"] = list(api.get_all_hardware_source_ids())
        session = Session(api, library, "usim_scan_device")
        session.until(lambda: sum("metal" in words for words in session.words) >= 3)
        session.end()
        item = session.item
        seen["words"] = session.words[-1]
        seen["shape"] = item.xdata.data_shape
        seen["pixel"] = [one.scale for one in item.xdata.dimensional_calibrations]
        seen["units"] = [one.units for one in item.xdata.dimensional_calibrations]
        seen["ring"] = ring(item.data)
        seen["colours"] = item.xdata.is_data_rgb
        made = ringed(np.eye(20), {**ANSWER, "pixel_size_angstrom": [0.2, 0.2]})
        seen["small"] = {"shape": made.shape, "ring": ring(made)}
        silent = Session(api, library, "usim_scan_device", port=1)
        silent.until(lambda: silent.words)
        silent.end()
        seen["silent"] = silent.words[0]
        seen["items"] = sum(one.title == "temnet live" for one in library.data_items)
        ronchigram = Session(api, library, "usim_ronchigram_camera")  # in radian: no pixel size
        ronchigram.until(lambda: ronchigram.words)
        ronchigram.end()
        seen["ronchigram"] = ronchigram.words[0]
        assert TemnetExtension.extension_id and Panel(api).panel_id
    sys.stdout.write("\n" + json.dumps(seen))
    sys.stdout.flush()


main()
