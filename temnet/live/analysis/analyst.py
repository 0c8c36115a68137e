"""The analysis process and its queue of one frame, as the server sees them.

A thread owns the process.  The newest frame waits; one that was waiting before is dropped and
counted.  A process that ends, or does not answer, is started again; the frame that it had is
reported as failed and is not tried again, because it may be the reason.
"""

from __future__ import annotations

import logging
import multiprocessing
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from temnet.live.live_settings import LiveSettings
from temnet.live.messages import (
    Condition,
    Event,
    Failed,
    Found,
    Frame,
    Judged,
    Ready,
    Reply,
    Seen,
)

LOGGER = logging.getLogger(__name__)

LONGEST = 300.0
"""A process that takes longer for a frame, or for its start, is ended [s]."""

PAUSES = (0.0, 1.0, 5.0, 15.0)
"""Pauses before a process is started again [s]; longer where it ended again without an answer."""

IDLE = 0.3
"""How often a process without a frame is checked [s]."""

NEWER = "A newer frame came before its turn."

Target = Callable[[Connection, LiveSettings], None]
"""What the process runs: it receives frames and sends replies, the first of them `Ready`."""


class _Ended(Exception):
    """The process has ended, or was ended; the text is the reason."""


class Analyst:
    """Has the columns of frames found in a process of its own."""

    def __init__(
        self,
        target: Target,
        settings: LiveSettings,
        publish: Callable[[Event], object],
        longest: float = LONGEST,
    ) -> None:
        """An analyst that was not started yet.

        Args:
            target: What the process runs; a function at the top of a module.
            settings: Settings for the start.
            publish: Called with each event, in the analyst's thread.
            longest: A process that takes longer for a frame is ended [s]; for its start it has
                `LONGEST`.
        """
        self._target, self._settings, self._publish = target, settings, publish
        self._longest = longest
        self._changed = threading.Condition()
        self._waiting: Frame | None = None
        self._stopping = False
        self._condition = Condition()
        self._process: BaseProcess | None = None
        self._thread = threading.Thread(target=self._run, name="temnet-analyst", daemon=True)

    @property
    def condition(self) -> Condition:
        """The present condition."""
        with self._changed:
            return self._condition

    def start(self) -> None:
        """Starts the process."""
        self._thread.start()

    def offer(self, frame: Frame) -> None:
        """Lets a frame wait for its turn; one that was waiting before is dropped."""
        with self._changed:
            older, self._waiting = self._waiting, frame
            self._settings = frame.settings
            if older is not None:
                self._condition = replace(self._condition, dropped=self._condition.dropped + 1)
            self._changed.notify_all()
        if older is not None:
            self._publish(Failed(older.number, NEWER, dropped=True))

    def stop(self) -> None:
        """Ends the process; frames that wait are forgotten."""
        with self._changed:
            self._stopping, self._waiting = True, None
            self._changed.notify_all()
            process = self._process
        if process is not None:
            process.kill()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        vain = 0
        while not self._is_stopping(PAUSES[min(vain, len(PAUSES) - 1)]):
            before = self._condition.analysed
            try:
                self._use_one_process()
            except _Ended as end:
                if self._stopping:
                    break
                vain = 0 if self._condition.analysed > before else vain + 1
                LOGGER.warning("%s It is started again.", end)
                restarts = self._condition.restarts + 1
                self._report(state="restarting", message=str(end), engine="", restarts=restarts)
        self._report(state="stopped", process=None)

    def _is_stopping(self, pause: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, pause)

    def _use_one_process(self) -> None:
        """Starts a process and gives it frames until it ends.

        Raises:
            _Ended: When it does.
        """
        context = multiprocessing.get_context("spawn")  # as on Windows; a fork of threads hangs
        ours, theirs = context.Pipe()
        process = context.Process(
            target=self._target, args=(theirs, self._settings), name="temnet-analysis", daemon=True
        )
        process.start()
        theirs.close()
        with self._changed:
            self._process = process
            if self._stopping:  # `stop` came while it was being started, and has not seen it
                process.kill()
        try:
            self._report(state=self._condition.state, process=process.pid)
            self._serve(process, ours)
        finally:
            with self._changed:
                self._process = None
            ours.close()
            process.kill()
            process.join()

    def _serve(self, process: BaseProcess, pipe: Connection) -> None:
        first = self._receive(process, pipe, LONGEST)
        if isinstance(first, Failed):
            raise _Ended(first.sentence)
        assert isinstance(first, Ready)
        self._report(state="ready", message="", engine=first.engine)
        while (frame := self._next(process, pipe)) is not None:
            self._report(state="analysing")
            self._analyse(process, pipe, frame)
        raise _Ended("The analysis was stopped.")

    def _next(self, process: BaseProcess, pipe: Connection) -> Frame | None:
        """The frame whose turn it is; None when the analysis stops.

        Raises:
            _Ended: If the process ends while it has nothing to do; no frame is lost then.
        """
        while not self._has_news():
            self._take_judgements(pipe)
            if not process.is_alive():
                raise _Ended(_end_of(process))
        with self._changed:
            frame, self._waiting = self._waiting, None
            return frame

    def _has_news(self) -> bool:
        """Waits a little; whether there is a frame, or the analysis stops."""
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting is not None or self._stopping, IDLE)

    def _take_judgements(self, pipe: Connection) -> None:
        """Publishes what the process has found out while it had no frame."""
        with suppress(EOFError, OSError):
            while pipe.poll():
                reply = pipe.recv()
                if isinstance(reply, Judged):
                    self._publish(reply)

    def _analyse(self, process: BaseProcess, pipe: Connection, frame: Frame) -> None:
        try:
            try:
                pipe.send(frame)
            except OSError as error:
                raise _Ended(_end_of(process)) from error
            reply = self._receive(process, pipe, self._longest)
        except _Ended as end:
            self._count(Failed(frame.number, f"{end} It is started again; send the frame again."))
            raise
        assert not isinstance(reply, Ready | Judged)
        if isinstance(reply, Found | Seen) and not frame.in_file:
            reply = replace(reply, frame=frame)  # the process leaves the pixels out, which are here
        self._count(reply)

    def _count(self, reply: Found | Seen | Failed) -> None:
        """Counts a frame that is done, and publishes its columns."""
        now = self._condition
        if isinstance(reply, Found):
            self._report(state="ready", analysed=now.analysed + 1, engine=reply.engine)
        elif isinstance(reply, Seen):
            self._report(state="ready")
        else:
            self._report(state="ready", failed=now.failed + 1)
        self._publish(reply)

    def _receive(self, process: BaseProcess, pipe: Connection, longest: float) -> Reply:
        """The next reply, within so many seconds.

        Raises:
            _Ended: If the process ends before, or takes too long.
        """
        if not wait([pipe, process.sentinel], longest):
            raise _Ended(f"The analysis did not answer for {longest:g} s and was ended.")
        reply: Reply | None = None
        with suppress(EOFError, OSError):
            if pipe.poll():
                reply = pipe.recv()
        if reply is None:
            raise _Ended(_end_of(process))
        if isinstance(reply, Judged):
            self._publish(reply)
            return self._receive(process, pipe, longest)
        return reply

    def _report(self, **changes: object) -> None:
        with self._changed:
            self._condition = replace(self._condition, **changes)  # type: ignore[arg-type]
            now = self._condition
        self._publish(now)


def _end_of(process: BaseProcess) -> str:
    """How a process ended, in a sentence."""
    process.join(5)
    code = process.exitcode
    how = "" if code is None else f" (signal {-code})" if code < 0 else f" (exit code {code})"
    return f"The analysis process ended{how}."
