"""Stands in for the module of GMS: images, regions, windows, listeners.  Python 3.7 or later."""

import numpy as np

FRONT = []
"""The image in front."""

SHOWN = []
"""Images that were shown."""

PROBLEMS = []
"""Exceptions that reached DigitalMicrograph."""


class Py_ScriptObject:  # noqa: N801
    def __init__(self):
        self.listening = []

    def ImageHandleDataChangedEvent(self, image, plugin):
        return self._listen(image.listeners)

    def WindowHandleWindowClosedEvent(self, window, plugin):
        return self._listen(window.listeners)

    def _listen(self, listeners):
        listeners.append(self)
        self.listening.append(listeners)
        return len(self.listening)

    def UnregisterAllListeners(self):
        for listeners in self.listening:
            listeners.remove(self)
        self.listening = []


def _call(listeners, name, *values):
    for each in list(listeners):
        try:
            getattr(each, name)(*values)
        except Exception as error:
            PROBLEMS.append(repr(error))


class Roi:
    def __init__(self, rectangle):
        self.rectangle = rectangle

    def IsRectangle(self):
        return self.rectangle is not None

    def GetRectangle(self):
        return tuple(float(edge) for edge in self.rectangle)


class Display:
    def __init__(self):
        self.rois = []

    def CountROIs(self):
        return len(self.rois)

    def GetROI(self, number):
        return self.rois[number]


class Window:
    def __init__(self):
        self.listeners = []

    def close(self):
        _call(self.listeners, "HandleWindowClosedEvent", 0, self)


class Image:
    def __init__(self, array, name=""):
        assert array.flags.c_contiguous and array.dtype.kind in "uifc"
        self.array, self.name, self.names = array.copy(), name, [name]
        self.listeners, self.updates = [], 0
        self.display, self.window = Display(), Window()
        self.calibrations = [(0.0, 1.0, ""), (0.0, 1.0, "")]

    def GetNumArray(self):
        return self.array[:]  # a view on the image's memory

    def GetName(self):
        return self.name

    def SetName(self, name):
        self.name = name
        self.names.append(name)

    def GetImageDisplay(self, number):
        return self.display

    def GetDimensionCalibration(self, axis, style):
        return self.calibrations[axis]

    def SetDimensionCalibration(self, axis, origin, scale, unit, style):
        assert isinstance(unit, str)
        self.calibrations[axis] = (origin, scale, unit)

    def ShowImage(self):
        SHOWN.append(self)

    def UpdateImage(self):
        self.updates += 1
        _call(self.listeners, "HandleDataChangedEvent", 4, self)

    def GetWindow(self):  # of its document, which is the image itself here
        return self.window


def CreateImage(array):
    return Image(array)


def GetFrontImage():
    return FRONT[-1]


def GetFrontImageDocument():
    return FRONT[-1]


def live_view(array, scale, unit, name):
    """Brings an image to the front, calibrated by the size of its rows and columns."""
    image = Image(np.asarray(array), name)
    image.calibrations = [(0.0, scale[1], unit), (0.0, scale[0], unit)]  # x comes first
    FRONT.append(image)
    return image
