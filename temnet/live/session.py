"""The state of the live analysis: settings, the newest columns, and who waits for what.

It belongs to the server's event loop; only `LiveSession.event` may be called in other threads.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from temnet.config.analysis.prediction import DEFAULT_NETWORK
from temnet.errors import InputError
from temnet.live.analysis.analyst import Analyst, Target
from temnet.live.columns_json import screen_json, seen_json
from temnet.live.frame_format import (
    CONFLICT,
    NO_PIXEL_SIZE,
    PROTOCOLS,
    FrameHead,
    RefusedFrame,
)
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Condition, Event, Failed, Found, Frame, Judged, Seen
from temnet.live.recording.recorder import Recorder
from temnet.live.sources.focal_series import SeriesCollector
from temnet.live.sources.image_files import head_of_file
from temnet.models.network_folders import find_network, network_names, read_card
from temnet.version import __version__

KEPT = 64
"""Frames whose columns can still be asked for."""

MOST_RECENT = 200
"""Most frames over which strain is averaged."""

RATE_OVER = 10.0
"""Frames per second are those of the last seconds."""

NO_PICTURE = np.zeros((0, 0), np.uint8)

Result = Found | Seen | Failed
"""What becomes of a frame."""

Listener = Callable[[Event], object]
"""Called with each event, in the event loop."""


@dataclass(frozen=True)
class Submitted:
    """A frame that was taken.

    Attributes:
        number: Its number.
        missing: Images that its focal series lacks; 0 if it is analysed.
    """

    number: int
    missing: int = 0


class LiveSession:
    """Frames in, columns out."""

    def __init__(
        self, target: Target, settings: LiveSettings, recorder: Recorder | None = None
    ) -> None:
        """A session that was not started yet.

        Args:
            target: What the analysis process runs.
            settings: Settings for the start.
            recorder: Records frames when it is asked to; None without recordings.
        """
        self.recorder = recorder
        self.settings, self._first = settings, settings.network
        self.listeners: set[Listener] = set()
        self.remarks: dict[str, str] = {}
        self.condition = Condition()
        self._analyst = Analyst(target, settings, self.event)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._received = 0
        self._kept: OrderedDict[int, Result] = OrderedDict()
        self._latest: Found | None = None
        self._seen: Seen | None = None
        self._series = SeriesCollector()
        self._recent: deque[Found] = deque(maxlen=MOST_RECENT)
        self._waiting: dict[int, asyncio.Future[Result]] = {}
        self._done: deque[float] = deque(maxlen=1000)

    def start(self) -> None:
        """Starts the analysis; called in the event loop."""
        self._loop = asyncio.get_running_loop()
        if self.recorder is not None:
            self.recorder.report = self._remark_on_recording
        self._analyst.start()

    def stop(self) -> None:
        """Ends the analysis process and the recording."""
        self._analyst.stop()
        if self.recorder is not None:
            self.recorder.stop()

    def _remark_on_recording(self, sentence: str) -> None:
        """Takes a remark of the recorder, in any thread."""
        self.remarks["recording"] = sentence

    def record(self, on: bool) -> Mapping[str, object]:
        """Starts or stops the recording; returns its condition.

        Raises:
            RefusedFrame: If there are no recordings.
        """
        if self.recorder is None:
            raise RefusedFrame(CONFLICT, "This server makes no recordings.")
        self.remarks.pop("recording", None)
        if on:
            self.recorder.start()
        else:
            self.recorder.stop()
        self._hear(self.condition)
        return self.recorder.status()

    def pixel_size(self, head: FrameHead) -> tuple[float, float]:
        """Height and width of a frame's pixels [Å].

        Raises:
            RefusedFrame: If they are not known.
        """
        own = self.settings.sampling
        size = head.pixel_size if own is None else (own, own)
        if size is None:
            self.remarks["pixel size"] = NO_PIXEL_SIZE
            raise RefusedFrame(CONFLICT, NO_PIXEL_SIZE)
        self.remarks.pop("pixel size", None)
        return size

    def submit(self, head: FrameHead, pixels: np.ndarray) -> Submitted:
        """Lets a frame be analysed; one of a focal series when the series is complete.

        Raises:
            RefusedFrame: If the pixel size is not known, or the frame does not fit its series.
        """
        size = self.pixel_size(head)
        foci = len(focus_steps(self.settings.network))
        missing = 0
        if foci > 1 and head.series:
            added = self._series.add(head, pixels, foci)
            if isinstance(added, int):
                self._received += 1
                return Submitted(self._received, added)
            head, pixels = added
        elif foci > 1:
            missing = foci - self._series.taken
        return Submitted(self._offer(head, pixels, size), missing)

    def submit_file(self, path: Path) -> int:
        """Lets the frame in a file be read and analysed; returns its number."""
        nothing = np.zeros((0, 0), np.uint8)
        return self._offer(head_of_file(path), nothing, (np.nan, np.nan), path)

    def _offer(
        self,
        head: FrameHead,
        pixels: np.ndarray,
        size: tuple[float, float],
        file: Path | None = None,
    ) -> int:
        self._received += 1
        now = time.monotonic()
        self._analyst.offer(Frame(self._received, head, pixels, self.settings, now, size, file))
        return self._received

    def take_focus(self) -> Mapping[str, object]:
        """Takes the single image that is shown as the next focus; returns the series' condition.

        Raises:
            RefusedFrame: If there is no such image, it was taken already, or it does not fit those
                taken before.
        """
        foci = len(focus_steps(self.settings.network))
        if foci == 1 or self._seen is None:
            raise RefusedFrame(CONFLICT, "There is no single image for a focal series.")
        frame = self._seen.frame
        stack = self._series.take(frame.number, (frame.head, frame.pixels), foci)
        if stack is not None:
            self._offer(*stack, frame.pixel_size)
        self._hear(self.condition)
        return self.series_status() or {}

    def clear_foci(self) -> Mapping[str, object]:
        """Forgets the foci that were taken; returns the series' condition."""
        self._series.clear()
        self._hear(self.condition)
        return self.series_status() or {}

    def series_status(self) -> Mapping[str, object] | None:
        """Foci that the network takes and those taken, for JSON; None for single images."""
        steps = focus_steps(self.settings.network)
        if len(steps) < 2:
            return None
        return {"foci": len(steps), "taken": self._series.taken, "steps_angstrom": list(steps)}

    async def result(self, number: int) -> Result:
        """What became of a frame that was submitted, when it is known."""
        known = self._kept.get(number)
        if known is not None:
            return known
        assert self._loop is not None
        waiting = self._waiting.setdefault(number, self._loop.create_future())
        return await asyncio.shield(waiting)

    def kept(self, number: int) -> Result | None:
        """What became of a frame; None if it is not known yet, or forgotten."""
        return self._kept.get(number)

    @property
    def latest(self) -> Found | None:
        """The newest columns."""
        return self._latest

    def recent(self, count: int) -> list[Found]:
        """The newest frames that belong together, at most so many, the newest last.

        Raises:
            RefusedFrame: If there are none.
        """

        def kind(one: Found) -> object:
            frame = one.frame
            return frame.head.shape, frame.pixel_size, frame.settings.network, frame.settings.region

        found: list[Found] = []
        for one in reversed(self._recent):
            if len(found) == count or kind(one) != kind(self._recent[-1]):
                break
            found.insert(0, one)
        if not found:
            raise RefusedFrame(CONFLICT, "There are no columns yet.")
        return found

    @property
    def received(self) -> int:
        """Number of frames so far."""
        return self._received

    def change(self, values: Mapping[str, object]) -> LiveSettings:
        """Changes settings; they hold for frames that come afterwards.

        Raises:
            RefusedFrame: If a value is not valid.
        """
        before, self.settings = self.settings, self.settings.changed(values, self.networks())
        if self.settings.network != before.network:
            self._series, self._seen = SeriesCollector(), None
        self._hear(self.condition)
        return self.settings

    def networks(self) -> tuple[str, ...]:
        """Names of the networks that can be chosen: those installed, and that of the start."""
        return tuple(dict.fromkeys([*network_names(), self._first]))

    def event(self, event: Event) -> None:
        """Takes an event of the analysis, in any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hear, event)

    def _hear(self, event: Event) -> None:
        match event:
            case Condition():
                self.condition = event
            case Found():
                if self.recorder is not None:
                    self.recorder.take(event)
                self._done.append(time.monotonic())
                self._latest = event.without_pixels
                kept = replace(self._latest, picture=NO_PICTURE)
                self._keep(event.frame.number, kept)
                self._recent.append(kept)
                self.remarks.pop("analysis", None)
            case Judged():
                self._judge(event)
            case Seen():
                self._seen = event
                nothing = replace(event.frame, pixels=np.zeros((0, 0), np.uint8))
                self._keep(event.frame.number, Seen(nothing, NO_PICTURE, event.block))
            case Failed():
                if event.number is not None:
                    self._keep(event.number, event)
                if not event.dropped and not event.file_problem:
                    self.remarks["analysis"] = event.sentence
        for listener in list(self.listeners):
            listener(event)

    def _judge(self, event: Judged) -> None:
        """Adds a comparison to the columns that it came after, of frames of its kind."""

        def compared(found: Found) -> Found:
            if found.frame.number < event.number or found.frame.kind != event.kind:
                return found
            return replace(found, judgement=found.judgement.compared(event.judgement))

        for number, kept in self._kept.items():
            if isinstance(kept, Found):
                self._kept[number] = compared(kept)
        if self._latest is not None:
            self._latest = compared(self._latest)

    def _keep(self, number: int, result: Result) -> None:
        self._kept[number] = result
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        waiting = self._waiting.pop(number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(result)

    def status(self) -> Mapping[str, object]:
        """The condition of the server, for JSON."""
        now = time.monotonic()
        recent = [when for when in self._done if now - when < RATE_OVER]
        latest = self._latest
        message = [self.condition.message] if self.condition.message else []
        return {
            "temnet": __version__,
            "protocols": list(PROTOCOLS),
            **{key: value for key, value in asdict(self.condition).items() if key != "process"},
            "received": self._received,
            "frames_per_s": round(len(recent) / RATE_OVER, 2),
            "latest": None if latest is None else latest.frame.number,
            "age_s": None if latest is None else round(now - latest.frame.received, 3),
            "verdict": "" if latest is None else latest.judgement.verdict,
            "findings": [] if latest is None else [list(one) for one in latest.judgement.findings],
            "settings": self.settings.as_values(),
            "series": self.series_status(),
            "recording": None if self.recorder is None else self.recorder.status(),
            "remarks": [*message, *self.remarks.values()],
        }

    def screen(self) -> tuple[Mapping[str, object], bytes] | None:
        """The newest frame for the page: its values for JSON, and the picture's bytes."""
        latest = self._latest
        if latest is None:
            return None
        age = time.monotonic() - latest.frame.received
        return screen_json(latest, age), latest.picture.tobytes()

    def preview(self) -> tuple[Mapping[str, object], bytes] | None:
        """The newest single image for a network of focal series, for the page; see `screen`."""
        seen = self._seen
        if seen is None:
            return None
        return seen_json(seen, time.monotonic() - seen.frame.received), seen.picture.tobytes()


@lru_cache(maxsize=32)
def focus_steps(network: str) -> tuple[float, ...]:
    """Defocus steps of a focal series as a network takes it [Å]; one for single images.

    Args:
        network: Its name or folder; it may be missing.
    """
    try:
        card = read_card(find_network(network))
    except InputError:
        return (0.0,)
    return tuple(card.focus_steps or (0.0,) * card.focus_count)


def first_settings(network: str | None) -> LiveSettings:
    """Settings for the start.

    Args:
        network: Name of the network; None for the one that finds the columns of any crystal.

    Raises:
        InputError: If there is no such network.
    """
    folder = find_network(network or DEFAULT_NETWORK)
    known = folder.name in network_names() and find_network(folder.name) == folder
    return LiveSettings(folder.name if known else str(folder))
