"""A session of DigitalMicrograph: ``gms_session.py PORT TOKEN_FILE GATE``; prints JSON.

The server answers a slow frame when the file GATE is there.
"""

import json
import sys
import threading
import time

import DigitalMicrograph as DM
import numpy as np
import temnet_gms

PORT, TOKEN, GATE = int(sys.argv[1]), sys.argv[2], sys.argv[3]
SEEN = {"python": sys.version_info[:2], "numpy": np.__version__}


def wait(condition):
    end = time.time() + 60
    while not condition():
        assert time.time() < end, (DM.PROBLEMS, [image.names for image in DM.SHOWN])
        time.sleep(0.01)


def frame(view, command=0, **changes):
    """Changes the live view, and waits until its columns, or a message, are there."""
    result = DM.SHOWN[-1] if DM.SHOWN else None
    before = (len(DM.SHOWN), result and len(result.names))
    view.array = changes.get("array", view.array)
    view.array[0, 0] = command
    view.UpdateImage()
    wait(lambda: before != (len(DM.SHOWN), DM.SHOWN and len(DM.SHOWN[-1].names)))
    wait(lambda: DM.SHOWN[-1].names[-1])
    return DM.SHOWN[-1]


def ring(image, live):
    """Pixels that are brighter than in the live view."""
    return np.argwhere(image.array > live).tolist()


grey = np.zeros((64, 48), np.uint16) + np.arange(48, dtype=np.uint16)
view = DM.live_view(grey, (0.02, 0.04), "nm", "OneView live")
temnet_gms.start(PORT, TOKEN)
wait(lambda: DM.SHOWN and DM.SHOWN[0].name)
result = DM.SHOWN[0]
SEEN["first"] = {"name": result.name, "shape": result.array.shape, "ring": ring(result, grey)}
SEEN["calibration"] = result.calibrations
assert (view.array == grey).all()  # the live view itself is left alone

frame(view, 4)
SEEN["bad frame"] = result.name
listener = temnet_gms.RUNNING[0]
for number, command in enumerate([1] * 8 + [0]):
    view.array[0, 0] = command
    view.array[-1, -1] += 1
    view.UpdateImage()
    if number == 0:
        wait(lambda: listener.slot is None)  # this one has its turn
open(GATE, "w").close()
wait(lambda: result.array[-1, -1] == view.array[-1, -1] and result.updates >= 3)
SEEN["results"] = len(DM.SHOWN), result.updates

view.calibrations = [(0.0, 2e-5, b"\xb5m")] * 2
view.display.rois = [DM.Roi(None), DM.Roi((8, 4, 40, 36))]
view.array[8, 4] = 0
frame(view)
region = DM.SHOWN[-1]
inside = view.array[8:40, 4:36]
SEEN["region"] = {"shape": region.array.shape, "ring": ring(region, inside)}
SEEN["region"]["unit"] = region.calibrations
view.display.rois = [DM.Roi((8, 4, 12, 8))]
frame(view)
SEEN["small region"] = region.name
view.display.rois = []
view.calibrations = [(0.0, 1.0, "")] * 2
frame(view)
SEEN["no pixel size"] = region.name
frame(view, array=np.zeros((64, 48), np.complex64))
SEEN["complex"] = region.name
frame(view, array=np.zeros((64, 48, 3), np.uint8))
SEEN["colours"] = region.name

listener.port = 1
frame(view, array=grey)
SEEN["no server"] = region.name
listener.port, listener.token = PORT, TOKEN + ".gone"
frame(view, array=grey * 2)
SEEN["no token"] = region.name
DM.FRONT[-1].window.close()
wait(lambda: threading.active_count() == 1)
SEEN["listeners"] = len(view.listeners) + len(view.window.listeners)
SEEN["problems"] = DM.PROBLEMS
sys.stdout.write(json.dumps(SEEN))
