"""Recordings: what was analysed, frame by frame, with its columns.

A recording is a folder with ``frames/``, one TIFF for each frame as it was received,
``columns.csv``, ``recorded_frames.csv`` and ``recording.yaml``, by which ``temnet run`` analyses
the same frames offline, with the same columns.  Each frame is on the disk before the next one is
written, so that a failure loses none.  Where a setting, or how frames are seen, changes, another
folder begins.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from temnet.live.messages import Found
from temnet.live.recording.recording_folder import RecordingFolder
from temnet.workflow.folder import RUNS

LOGGER = logging.getLogger(__name__)

RECORDINGS = RUNS / "live"
"""Folder of all recordings by default."""

LIMIT = 20 * 10**9
"""Most bytes of a recording by default."""

MOST_WAITING = 8
"""A recording stops when so many frames wait for a slow disk."""


@dataclass(frozen=True)
class RecordingStatus:
    """The condition of a recorder.

    Attributes:
        on: Whether frames are recorded.
        frames: Number of frames of this or the last recording.
        bytes: Their size [bytes].
        words: What happens, in words for the page.
    """

    on: bool = False
    frames: int = 0
    bytes: int = 0
    words: str = ""


class Recorder:
    """Writes frames and columns while it is on, in a thread of its own.

    Attributes:
        report: Takes a sentence when a recording stops by itself, in any thread.
    """

    def __init__(self, folder: Path, limit: float = LIMIT) -> None:
        """A recorder that is off.

        Args:
            folder: Folder of all recordings.
            limit: Most bytes of a recording; infinite for no limit.
        """
        self.report: Callable[[str], object] = LOGGER.warning
        self._folder, self._limit = folder, limit
        self._lock = threading.Lock()
        self._on, self._frames, self._bytes, self._waiting = False, 0, 0, 0
        self._failed = False
        self._words = f"Records into {folder.name}."
        self._part: RecordingFolder | None = None
        self._kind: Hashable = None
        self._writer = ThreadPoolExecutor(1, "temnet-recorder")

    def status(self) -> Mapping[str, object]:
        """The condition, for JSON."""
        with self._lock:
            return vars(RecordingStatus(self._on, self._frames, self._bytes, self._words))

    def start(self) -> None:
        """Begins a recording, if there is none."""
        with self._lock:
            if not self._on:
                self._on, self._failed, self._frames, self._bytes = True, False, 0, 0
                self._words = "Recording."

    def stop(self) -> None:
        """Ends the recording; frames that wait are still written."""
        with self._lock:
            self._on = False
        self._writer.submit(self._close).result()

    def take(self, found: Found) -> None:
        """Records a frame, if the recorder is on."""
        with self._lock:
            if not self._on:
                return
            if self._waiting < MOST_WAITING:
                self._waiting += 1
                self._writer.submit(self._write, found)
                return
        self._stop_because("the disk is too slow for the frames")

    def _write(self, found: Found) -> None:
        try:
            if self._failed:  # no gaps in a recording
                return
            pixels = recorded_pixels(found)
            if self._bytes + pixels.nbytes > self._limit:
                self._stop_because(f"it has reached its limit of {self._limit / 1e9:g} GB")
                return
            part = self._part_for(found, pixels)
            part.add(found, pixels)
            with self._lock:
                self._frames, self._bytes = self._frames + 1, self._bytes + pixels.nbytes
                self._words = f"Recording into {part.folder.name}."
        except OSError as error:
            self._stop_because(f"the disk refuses ({error.strerror or error})")
        except Exception as error:  # the analysis goes on
            LOGGER.exception("the recording failed")
            self._stop_because(f"of an error ({type(error).__name__}), see the log")
        finally:
            with self._lock:
                self._waiting -= 1

    def _part_for(self, found: Found, pixels: np.ndarray) -> RecordingFolder:
        """The folder for a frame: the present one, or a new one after a change."""
        judged, head = found.judgement, found.frame
        kind = (
            (head.settings, head.pixel_size, pixels.shape, pixels.dtype.str, found.threshold),
            (judged.inverted, judged.flatten, judged.foreign, judged.classes),
        )
        if self._part is None or self._kind != kind:
            self._close()
            self._part, self._kind = RecordingFolder(self._new_folder(), found), kind
        return self._part

    def _new_folder(self) -> Path:
        name = time.strftime("live_%Y%m%d_%H%M%S")
        for number in range(1, 10**6):
            folder = self._folder / (name if number == 1 else f"{name}_{number}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                if not self._folder.is_dir():
                    raise
                continue
            return folder
        raise OSError("there are too many recordings")

    def _stop_because(self, reason: str) -> None:
        with self._lock:
            first, self._failed, self._on = not self._failed, True, False
            self._words = f"The recording stopped: {reason}."
            frames = self._frames
        if first:
            self.report(f"The recording stopped after {frames} frames: {reason}.")
        self._writer.submit(self._close)

    def _close(self) -> None:
        part, self._part, self._kind = self._part, None, None
        if part is not None:
            try:
                part.close()
            except OSError as error:
                self.report(f"The end of the recording is lost ({error.strerror or error}).")


def recorded_pixels(found: Found) -> np.ndarray:
    """The part of a frame that was analysed."""
    region = found.frame.settings.region
    if region is None:
        return found.frame.pixels
    top, bottom, left, right = region
    return np.ascontiguousarray(found.frame.pixels[top:bottom, left:right])
