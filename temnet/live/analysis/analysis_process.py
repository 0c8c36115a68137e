"""The analysis process: receives frames and sends their columns."""

from __future__ import annotations

import logging
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import numpy as np

from temnet.errors import InputError
from temnet.live.frame_format import FrameHead
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Failed, Frame, Ready, Reply, Seen
from temnet.live.sources.image_files import UnsuitableFile, read_frame

if TYPE_CHECKING:
    from temnet.live.analysis.live_finder import Examined, LiveFinder

LOGGER = logging.getLogger(__name__)

IDLE, PATIENCE = 0.1, 10.0
"""A frame is examined when no other has come for so long, or it has waited so long itself [s]."""

WARM_SIDE = 256
"""Rows and columns of the frame that warms the process up."""


def run_analysis(pipe: Connection, settings: LiveSettings) -> None:
    """Finds the columns of frames until the pipe is closed.

    Args:
        pipe: Gives frames (`Frame`) and takes replies, the first of them `Ready` or `Failed`.
        settings: Settings for the start.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, which ends this
    from temnet.live.analysis.live_finder import LiveFinder

    finder = LiveFinder()
    try:
        found = finder.find(_warm_frame(finder, settings))
    except InputError as error:
        pipe.send(Failed(None, str(error)))
        return
    pipe.send(Ready("" if isinstance(found, Seen) else found.engine))
    examiner = _Examiner(pipe, finder)
    while True:
        try:
            examiner.work()
            pipe.send(_reply(finder, pipe.recv()))
        except (EOFError, OSError):
            return


class _Examiner:
    """Examines frames in a thread of its own, so that no frame waits for it."""

    def __init__(self, pipe: Connection, finder: LiveFinder) -> None:
        self._pipe, self._finder = pipe, finder
        self._thread = ThreadPoolExecutor(1, "temnet-examiner")
        self._running: Future[Examined] | None = None

    def work(self) -> None:
        """Begins an examination that is due, and sends one that is done, until a frame comes."""
        if self._running is None:
            waited = self._finder.waiting
            if waited is None or (waited < PATIENCE and self._pipe.poll(IDLE)):
                return
            self._running = self._thread.submit(self._finder.examination())
        while not self._running.done() and not self._pipe.poll(IDLE):
            pass
        if self._running.done():
            done, self._running = self._running, None
            self._send(done)

    def _send(self, done: Future[Examined]) -> None:
        try:
            judged = self._finder.take(done.result())
        except InputError as error:
            LOGGER.warning("a frame was not compared with the training images: %s", error)
        except Exception:  # the columns are more important
            LOGGER.exception("a frame was not compared with the training images")
        else:
            self._pipe.send(judged)


def _reply(finder: LiveFinder, frame: Frame) -> Reply:
    """The columns of a frame, or why there are none."""
    if frame.in_file:
        try:
            frame = read_frame(frame, finder.foci(frame.settings))
        except UnsuitableFile as error:
            return Failed(frame.number, str(error), file_problem="unsuitable")
        except (InputError, OSError, MemoryError) as error:
            return Failed(frame.number, str(error), file_problem="unreadable")
    try:
        return finder.find(frame)
    except InputError as error:
        return Failed(frame.number, str(error))
    except Exception as error:  # one frame must not end the analysis of the others
        LOGGER.exception("frame %d", frame.number)
        return Failed(
            frame.number,
            f"The analysis of this frame failed ({type(error).__name__}); see the log.",
        )


def _warm_frame(finder: LiveFinder, settings: LiveSettings) -> Frame:
    """A frame of noise, which loads all that a frame needs."""
    rng, shape = np.random.default_rng(0), (WARM_SIDE, WARM_SIDE)
    pixels = rng.normal(1000, 30, shape).astype(np.float32)
    foci = finder.foci(settings)
    if foci > 1:  # which have to be similar to be aligned
        others = [pixels + rng.normal(0, 3, shape).astype(np.float32) for _ in range(foci)]
        pixels = np.stack(others, axis=-1)
    head = FrameHead((WARM_SIDE, WARM_SIDE), "<f4", name="noise")
    size = settings.sampling or finder.pixel_size(settings)
    plain = LiveSettings(settings.network)
    return Frame(0, head, pixels, plain, 0.0, (size, size))
